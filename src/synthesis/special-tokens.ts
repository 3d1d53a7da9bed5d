// The ids of special tokens in a `config.json`, from the tokenizer that the training run stored beside its weights.
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { CheckpointTokenizer } from '../reference/checkpoint-tokenizer.ts';
import { parseJsonObject } from '../reference/json-text.ts';
import type { Assumption } from '../models/read-record.ts';

const TOKENS = ['bos', 'eos', 'pad'] as const;

/** What is not found is null in the config: transformers' own defaults are ids of other tokenizers. */
export async function readSpecialTokens(tokenizer: Pick<CheckpointTokenizer, 'path' | 'files'>): Promise<Assumption[]> {
  const settings = await readObject(tokenizer, 'tokenizer_config.json');
  const map = await readObject(tokenizer, 'special_tokens_map.json');
  const ids = await readIds(tokenizer, settings);
  return TOKENS.map((token) => {
    const content = contentOf(settings[`${token}_token`]) ?? contentOf(map[`${token}_token`]);
    const id = content === null ? undefined : ids.get(content);
    const why =
      id !== undefined
        ? `${content} in the tokenizer of the checkpoint`
        : content === null
          ? 'no tokenizer in the checkpoint names such a token'
          : `the tokenizer of the checkpoint names ${content}, but its files do not say which id it has`;
    return { field: `${token}_token_id`, value: id ?? null, why };
  });
}

/** A token is a text, or an object around one. */
function contentOf(token: unknown): string | null {
  if (typeof token === 'string') return token;
  return isObject(token) && typeof token['content'] === 'string' ? token['content'] : null;
}

/** `tokenizer.json` lists added tokens and, for most models, the vocabulary; older tokenizers list theirs in `tokenizer_config.json`. */
async function readIds(
  tokenizer: Pick<CheckpointTokenizer, 'path' | 'files'>,
  settings: Readonly<Record<string, unknown>>,
): Promise<Map<string, number>> {
  const ids = new Map<string, number>();
  const note = (content: unknown, id: unknown): void => {
    if (typeof content === 'string' && typeof id === 'number') ids.set(content, id);
  };
  const { model, added_tokens: added } = await readObject(tokenizer, 'tokenizer.json');
  const vocabulary = isObject(model) ? model['vocab'] : null;
  // A unigram model lists its tokens with their scores, in the order of their ids.
  if (Array.isArray(vocabulary)) vocabulary.forEach((entry, id) => note(Array.isArray(entry) ? entry[0] : null, id));
  else if (isObject(vocabulary)) for (const [content, id] of Object.entries(vocabulary)) note(content, id);
  for (const [content, id] of Object.entries(await readObject(tokenizer, 'added_tokens.json'))) note(content, id);
  const decoder = settings['added_tokens_decoder'];
  for (const [id, token] of Object.entries(isObject(decoder) ? decoder : {})) note(contentOf(token), Number(id));
  for (const token of Array.isArray(added) ? added : []) if (isObject(token)) note(token['content'], token['id']);
  return ids;
}

async function readObject(
  { path, files }: Pick<CheckpointTokenizer, 'path' | 'files'>,
  name: string,
): Promise<Readonly<Record<string, unknown>>> {
  if (!files.includes(name)) return {};
  try {
    return parseJsonObject(await readFile(join(path, name), 'utf8'));
  } catch (error) {
    // A file that does not parse is for the smoke generation to judge, which loads the whole tokenizer.
    if (error instanceof SyntaxError) return {};
    throw error;
  }
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
