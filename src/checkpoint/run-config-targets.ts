// What `run_config.yaml` would have called by somebody who loads it: every `_target_` and `_builder_`, read as text.
import { join } from 'node:path';
import { isAlias, isMap, isScalar, isSeq, parseDocument, visit, type Node } from 'yaml';
import { ConversionError } from '../contract/failures.ts';
import { readSmallFile } from './read-small-file.ts';
import { MAX_YAML_BYTES } from './training-config.ts';

export interface RunConfigTargets {
  /** Names as they stand there, each once. */
  readonly targets: readonly string[];
  /** What a loader could make names of that are not written out: interpolations, targets that are no text. A sentence each. */
  readonly hidden: readonly string[];
}

/** Keys whose value is the name of something to call (Megatron-Bridge: utils/instantiate_utils.py; models/common/base.py `get_builder_cls`). */
const CALLED = new Set<unknown>(['_target_', '_builder_']);
/** Other words of Hydra and Megatron-Bridge: they change how a target is called, never which. */
const HOW = new Set<unknown>(['_partial_', '_call_', '_args_', '_name_', '_recursive_', '_convert_']);
/** Any way to write a character of a quoted text otherwise. */
const ESCAPE = /\\(?:x([\da-fA-F]{2})|u([\da-fA-F]{4})|U([\da-fA-F]{8})|(?:\r\n|[\n\r\u0085\u2028\u2029])[ \t]*)/g;
const SPELLED = /(?<!\w)(?:_target_|_builder_)(?!\w)/g;

/**
 * All of the file is looked at, equal keys and unused anchors included. Null where there is no such file.
 *
 * PyYAML reads some texts otherwise than the YAML 1.2 of this parser: its lines also end at U+0085, U+2028 and U+2029, so what is a comment
 * here is a key there, and so is `{?_target_: ...}`. Hence each place of the text that spells such a key must be a key here too.
 *
 * @throws ConversionError CheckpointDamaged for what is no YAML mapping.
 */
export async function readRunConfigTargets(path: string): Promise<RunConfigTargets | null> {
  const bytes = await readSmallFile(join(path, 'run_config.yaml'), MAX_YAML_BYTES);
  if (bytes === null) return null;
  const text = bytes.toString('utf8');
  const document = parseDocument(text, { uniqueKeys: false, prettyErrors: false });
  const [problem] = document.errors;
  if (problem !== undefined || !isMap(document.contents)) {
    const why = problem === undefined ? 'it is no mapping' : `${problem.code} at character ${problem.pos[0]}`;
    throw new ConversionError('CheckpointDamaged', `${path}/run_config.yaml cannot be read: ${why}`, {
      problems: [why],
    });
  }
  const targets = new Set<string>();
  const hidden = new Set<string>();
  const judged = { keys: 0, interpolations: 0 };
  visit(document, {
    Pair(_, { key, value }) {
      if (!isScalar(key)) hidden.add('a key that is no plain text');
      else if (CALLED.has(key.value)) {
        judged.keys += 1;
        takeTarget(String(key.value), value as Node | null, targets, hidden);
      } else if (/^_\w+_$/.test(String(key.value)) && !HOW.has(key.value)) {
        hidden.add(`the key ${shorten(String(key.value))}`);
      }
    },
    Scalar(_, { value }) {
      // OmegaConf resolves these while it loads, and some of them make mappings out of text.
      if (typeof value !== 'string' || !value.includes('${')) return;
      judged.interpolations += 1;
      hidden.add(`the interpolation ${shorten(value)}`);
    },
  });
  const plain = text.replaceAll(ESCAPE, (_, ...codes: (string | undefined)[]) => unescape(codes.slice(0, 3)));
  const spelled = [...plain.matchAll(SPELLED)].length;
  if (spelled !== judged.keys) hidden.add('text that another reader could take for a _target_');
  if (plain.includes('${') && judged.interpolations === 0)
    hidden.add('text that another reader could take for an interpolation');
  return { targets: [...targets].sort(), hidden: [...hidden].sort() };
}

/** An escaped line end is nothing. */
function unescape(codes: readonly (string | undefined)[]): string {
  const code = Number.parseInt(codes.find((digits) => digits !== undefined) ?? '', 16);
  return code <= 0x10ffff ? String.fromCodePoint(code) : '';
}

function takeTarget(key: string, value: Node | null, targets: Set<string>, hidden: Set<string>): void {
  if (isScalar(value) && typeof value.value === 'string') targets.add(value.value);
  else if (isAlias(value) || isMap(value) || isSeq(value)) hidden.add(`a ${key} that is no plain text`);
  else hidden.add(`the ${key} ${shorten(String(isScalar(value) ? value.value : value))}`);
}

function shorten(text: string): string {
  return JSON.stringify(text.length > 80 ? `${text.slice(0, 80)}...` : text);
}
