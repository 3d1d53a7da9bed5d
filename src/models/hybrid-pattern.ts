// Which block each layer of a hybrid stack is, from a reference config.
// Facts: transformers `configuration_nemotron_h.py`; megatron-core `models/hybrid/hybrid_layer_allocation.py` `Symbols`.
import type { ConfigReader } from './read-config.ts';
import type { ModelConfig } from './types.ts';

export type Block = 'mamba' | 'attention' | 'mlp' | 'moe';

/** Symbols of Megatron's patterns that Hugging Face knows. */
const SYMBOLS: Readonly<Record<string, Block>> = { M: 'mamba', '*': 'attention', '-': 'mlp', E: 'moe' };
/** Names in lists, those before transformers 5.5 included. */
const NAMES: Readonly<Record<string, Block>> = {
  mamba: 'mamba',
  linear_attention: 'mamba',
  attention: 'attention',
  full_attention: 'attention',
  mlp: 'mlp',
  moe: 'moe',
};
const MOST_LAYERS = 10_000;

/** Where the blocks of the decoder stand. */
export const DECODER_PATTERN: PatternFields = { list: 'layers_block_type', text: 'hybrid_override_pattern' };

/** Spellings of one pattern in `config.json`: a list of names, and a text with one symbol a layer. */
export interface PatternFields {
  readonly list: string;
  readonly text: string;
}

/** The blocks in their order, or null where neither field is there. Complains about unknown blocks and about two that disagree. */
export function readPattern(config: ModelConfig, read: ConfigReader, fields: PatternFields): readonly Block[] | null {
  const listed = readList(read, fields.list);
  const written = config[fields.text] == null ? null : readText(read, fields.text);
  const blocks = listed ?? written;
  if (listed && written && listed.join() !== written.join()) {
    const [one, two] = [listed, written].map(describeBlocks);
    read.complain(`${fields.list} (${one}) and ${fields.text} (${two}) name different layers`);
  }
  if (blocks?.length === 0) read.complain(`${listed ? fields.list : fields.text} must name at least one layer`);
  return blocks;
}

/** What the decoder's field says, one symbol a layer; null where it says nothing or has words of no block, which `readPattern` tells. */
export function spellPattern(config: ModelConfig): string | null {
  const { [DECODER_PATTERN.list]: list, [DECODER_PATTERN.text]: text } = config;
  const words: readonly unknown[] | null = Array.isArray(list)
    ? list
    : typeof text === 'string'
      ? text.split('')
      : null;
  const known = Array.isArray(list) ? NAMES : SYMBOLS;
  const blocks = words?.map((word) =>
    typeof word === 'string' && Object.hasOwn(known, word) ? known[word] : undefined,
  );
  return blocks?.every((block) => block !== undefined) === true ? describeBlocks(blocks) : null;
}

function readList(read: ConfigReader, field: string): readonly Block[] | null {
  const names = read.texts(field);
  return names && translate(read, field, names, NAMES);
}

function readText(read: ConfigReader, field: string): readonly Block[] {
  return translate(read, field, read.text(field).split(''), SYMBOLS);
}

function translate(
  read: ConfigReader,
  field: string,
  words: readonly string[],
  known: Readonly<Record<string, Block>>,
): readonly Block[] {
  if (words.length > MOST_LAYERS) {
    read.complain(`${field} must name at most ${MOST_LAYERS} layers, found ${words.length}`);
    return [];
  }
  const unknown = new Set(words.filter((word) => !Object.hasOwn(known, word)));
  if (unknown.size > 0) {
    const found = [...unknown].slice(0, 5).join(', ');
    read.complain(`${field} must be made of ${Object.keys(known).join(', ')}, found ${found}`);
  }
  return words.map((word) => known[word] ?? 'mlp');
}

function describeBlocks(blocks: readonly Block[]): string {
  return blocks.map((block) => Object.keys(SYMBOLS).find((symbol) => SYMBOLS[symbol] === block)).join('');
}
