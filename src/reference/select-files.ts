// Which files of a Hugging Face repository an export takes over: the small ones beside the weights.

/** Bytes that one file may have; the largest tokenizers of today have about 35 MB. */
export const MAX_FILE_BYTES = 50_000_000;

const SUFFIXES = ['.json', '.jinja', '.txt', '.model', '.tiktoken'];
const LEGAL = /^(LICENSE|LICENCE|NOTICE|USE_POLICY)(\.[a-z]+)?$/i;
const CHAT_TEMPLATES = /^additional_chat_templates\/[^/]+\.jinja$/;

/** Files that describe the reference's own weights, their quantization or their training, and would be wrong beside ours. */
const ABOUT_OTHER_WEIGHTS = [
  /\.index\.json$/,
  /^(export_manifest|adapter_config|trainer_state|params|hf_quant_config|quantize_config|quant_config)\.json$/,
  /^(all|train|eval|predict|test)_results\.json$/,
  /^modules\.json$/,
  /^requirements.*\.txt$/,
];

/** Whether `name`, relative to the repository, is one of the small files. `.py` files are found by `pythonFiles` instead. */
export function isSmallFile(name: string): boolean {
  if (CHAT_TEMPLATES.test(name)) return true;
  if (name.includes('/') || name.startsWith('.') || ABOUT_OTHER_WEIGHTS.some((pattern) => pattern.test(name)))
    return false;
  return LEGAL.test(name) || SUFFIXES.some((suffix) => name.endsWith(suffix));
}

const TOKENIZER_FILES = [
  /^(tokenizer|special_tokens_map|added_tokens|tokenizer_config|vocab|chat_template)\.json$/,
  /^(vocab|merges)\.txt$/,
  /\.(model|tiktoken|jinja)$/,
];

/** Whether a small file belongs to the tokenizer. */
export function isTokenizerFile(name: string): boolean {
  return TOKENIZER_FILES.some((pattern) => pattern.test(name));
}

/** Whether these files are enough for transformers to build a tokenizer. */
export function hasTokenizer(names: readonly string[]): boolean {
  const has = (name: string): boolean => names.includes(name);
  return (
    has('tokenizer.json') ||
    names.some((name) => /\.(model|tiktoken)$/.test(name)) ||
    (has('vocab.json') && has('merges.txt')) ||
    has('vocab.txt')
  );
}
