// Which tensors an export must have: those of the family's formula, held against the names that the reference's own weights have.
import type { OptionalPart } from '../models/types.ts';
import type { ReferenceWeights } from '../reference/types.ts';
import { describeExtra, describeLacking, describeShape, tellProblems } from './key-problems.ts';
import { quantizedBase } from './quantized-names.ts';
import type { BookLine } from './types.ts';

type Keys = ReadonlyMap<string, readonly number[]>;

export interface KeysRequest {
  /** Name and shape of every key that the config calls for, in the order of the model in transformers. */
  readonly formula: Keys;
  /** Null: nothing is known of the reference's weights, and the formula decides alone. */
  readonly weights: ReferenceWeights | null;
  readonly optional: readonly OptionalPart[];
  /** Whether any source tensor of the checkpoint belongs to the part. */
  readonly checkpointHas: (part: OptionalPart) => boolean;
}

export interface ExpectedKeys {
  /** Part of the formula, in its order. */
  readonly expected: Keys;
  /** Parts that the reference lacks entirely: source tensors of theirs are left out under the name of the part. */
  readonly dropped: readonly OptionalPart[];
  /** Parts that the checkpoint lacks entirely, with the keys that are not produced for that reason. `bytes` is 0: nothing is read for them. */
  readonly excused: readonly BookLine[];
  /** Where formula and weights disagree: a sentence for each pattern of names. */
  readonly problems: readonly string[];
}

/** For people; the count is in `tensors`. */
const EXAMPLES = 20;

/** Names that say nothing about the model, where the formula does not have them. */
const NOISE: readonly RegExp[] = [
  // A buffer that old versions of transformers saved; it is computed from the config.
  /(?:^|\.)rotary_emb\.inv_freq$/,
  // Without an output layer in the formula the model is tied, and this is a second copy of the embedding.
  /(?:^|\.)lm_head\.weight$/,
  // Scales of a quantized cache.
  /\.[kv]_scale$/,
];

/** Pure. Of an optional part all or nothing is left out: one that is there in part stays expected, and what it lacks is missing. */
export function expectKeys({ formula, weights, optional, checkpointHas }: KeysRequest): ExpectedKeys {
  const dropped = optional.filter((part) => isLacking(part, formula, weights));
  const absent = optional.filter((part) => !dropped.includes(part) && !checkpointHas(part));
  const excused = new Map<OptionalPart, string[]>(absent.map((part) => [part, []]));
  const expected = new Map<string, readonly number[]>();
  const wanted = new Map<string, readonly number[]>();
  for (const [name, shape] of formula) {
    if (dropped.some((part) => part.keys.test(name))) continue;
    wanted.set(name, shape);
    const part = absent.find(({ keys }) => keys.test(name));
    if (part) excused.get(part)?.push(name);
    else expected.set(name, shape);
  }
  const extra: string[] = [];
  for (const name of weights ? extraNames(formula, weights) : []) {
    // The config does not tell of this part, and the checkpoint has none of it: nothing of what was trained is lost.
    const part = absent.find(({ keys }) => keys.test(name));
    if (part) excused.get(part)?.push(name);
    else extra.push(name);
  }
  return {
    expected,
    dropped,
    excused: [...excused].filter(([, names]) => names.length > 0).map(([part, names]) => bookLine(part, names)),
    problems: weights ? compareKeys(formula, wanted, weights, extra) : [],
  };
}

/** Whether the reference has nothing of a part: by its weights where they are known, else by its config. */
function isLacking({ keys }: OptionalPart, formula: Keys, weights: ReferenceWeights | null): boolean {
  const names = [...(weights ? weights.tensors.keys() : formula.keys())];
  return !names.some((name) => keys.test(name));
}

/** Names of the weights that the formula does not have, and that are no tensors of the model in full precision. */
function extraNames(formula: Keys, { tensors }: ReferenceWeights): string[] {
  return [...tensors.keys()].filter((name) => !formula.has(name) && !isNoise(name, formula));
}

function isNoise(name: string, formula: Keys): boolean {
  if (NOISE.some((pattern) => pattern.test(name))) return true;
  const base = quantizedBase(name);
  return base !== null && formula.has(base);
}

/** @param wanted the formula without what the weights lack entirely */
function compareKeys(formula: Keys, wanted: Keys, weights: ReferenceWeights, extra: readonly string[]): string[] {
  const { tensors, source } = weights;
  const quantized = new Set([...tensors.keys()].map((name) => quantizedBase(name)));
  const lacking = [...wanted.keys()].filter((name) => !tensors.has(name) && !quantized.has(name));
  const shapes = [...wanted].flatMap(([name, shape]) => {
    const stored = tensors.get(name);
    if (!stored || quantized.has(name) || String(stored.shape) === String(shape)) return [];
    return [{ name, shape, stored: stored.shape }];
  });
  return tellProblems([
    ...describeExtra(extra, weights, formula),
    ...describeLacking(lacking, wanted, source),
    ...describeShape(shapes, source),
  ]);
}

function bookLine({ name }: OptionalPart, keys: readonly string[]): BookLine {
  return { rule: name, tensors: keys.length, bytes: 0, examples: keys.slice(0, EXAMPLES) };
}
