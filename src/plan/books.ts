// The books of a plan: every source entry is mapped or dropped by name, every expected tensor is filled exactly once.
import { DTYPE_BYTES, type Checkpoint } from '../checkpoint/types.ts';
import { ConversionError } from '../contract/failures.ts';
import { findDrop } from '../models/drops.ts';
import type { Family, OptionalPart } from '../models/types.ts';
import type { ExpectedKeys } from './expect-keys.ts';
import type { Gathered } from './gather-targets.ts';
import { describeMissing, describeUnmapped } from './open-items.ts';
import { volume } from './strides.ts';
import type { BookLine, Books } from './types.ts';

const EXAMPLES = 20;

interface Line {
  tensors: number;
  bytes: number;
  examples: string[];
}

export interface BooksInput {
  readonly checkpoint: Checkpoint;
  readonly prefix: string;
  readonly family: Family;
  readonly optional: readonly OptionalPart[];
  readonly keys: ExpectedKeys;
  readonly gathered: Gathered;
  readonly strict: boolean;
}

/**
 * Pure. That chunks tile their tensors and rows are split without remainder was checked while gathering; here volumes are summed
 * over the copies themselves, and names are compared.
 *
 * @throws ConversionError BooksNotClosed: always where a tensor is filled in part or twice; with `strict` where anything is left over.
 */
export function closeBooks(input: BooksInput): Books {
  const { checkpoint, prefix, family, keys, gathered, strict } = input;
  const { expected } = keys;
  const { targets, mapped: taken } = gathered;
  const mapped: Line = { tensors: 0, bytes: 0, examples: [] };
  const padding = { rows: gathered.paddingRows, bytes: 0 };
  const done = new Set<string>();
  for (const { source, padding: elements } of taken) {
    const { key, dtype, shape } = source.entry;
    // A tensor that is copied into several targets is one tensor of the checkpoint.
    if (done.has(key)) continue;
    add(mapped, key, volume(shape) * DTYPE_BYTES[dtype]);
    padding.bytes += elements * DTYPE_BYTES[dtype];
    done.add(key);
  }
  const drops = new Map<string, Line>();
  const unmapped: string[] = [];
  for (const { key, dtype, shape } of checkpoint.tensors.values()) {
    if (done.has(key)) continue;
    const rule = ruleFor(key, input);
    if (rule === null) unmapped.push(key);
    else add(lineOf(drops, rule), key, volume(shape) * DTYPE_BYTES[dtype]);
  }
  // Byte entries hold no weights, so an unknown one is named but never fails a run.
  for (const { key, length } of checkpoint.objects.values()) {
    add(lineOf(drops, findDrop(key)?.name ?? 'other byte entry'), key, length);
  }
  const missing = [...expected.keys()].filter((name) => !targets.has(name));
  const problems = [
    ...wrongVolumes(gathered),
    ...(strict ? describeUnmapped(unmapped, checkpoint, prefix, family) : []),
    ...(strict ? describeMissing(missing, expected, family) : []),
  ];
  if (problems.length > 0) throw new ConversionError('BooksNotClosed', message(problems), { problems });
  return {
    mapped: { rule: family.name, ...mapped },
    dropped: [...drops].map(([rule, line]): BookLine => ({ rule, ...line })),
    vocabularyPadding: padding,
    produced: targets.size,
    excused: keys.excused,
    unmapped,
    missing,
  };
}

/** The rule that leaves a tensor out, or null. Of a part that the reference has, nothing is left out. */
function ruleFor(key: string, { prefix, optional, keys: { dropped } }: BooksInput): string | null {
  const bare = key.startsWith(prefix) ? key.slice(prefix.length) : key;
  const part = optional.find(({ sources }) => sources?.test(bare));
  const rule = findDrop(key);
  if (part && rule?.name === part.name && !dropped.includes(part)) return null;
  return rule?.name ?? (part && dropped.includes(part) ? part.name : null);
}

/** Targets whose copies do not add up to their shape, and a final sum over all sources. */
function wrongVolumes({ targets, mapped }: Gathered): string[] {
  const problems: string[] = [];
  let filled = 0;
  for (const { name, shape, copies } of targets.values()) {
    const elements = copies.reduce((sum, copy) => sum + volume(copy.shape), 0);
    filled += elements;
    if (elements !== volume(shape)) {
      problems.push(`${name} [${shape.join(', ')}] needs ${volume(shape)} elements, the copies bring ${elements}`);
    }
  }
  const read = mapped.reduce((sum, { source, padding }) => sum + volume(source.entry.shape) - padding, 0);
  if (problems.length === 0 && read !== filled) {
    problems.push(`the mapped tensors have ${read} elements without padding, the copies take ${filled}`);
  }
  return problems;
}

function lineOf(lines: Map<string, Line>, rule: string): Line {
  const line = lines.get(rule) ?? { tensors: 0, bytes: 0, examples: [] };
  lines.set(rule, line);
  return line;
}

function add(line: Line, name: string, bytes: number): void {
  line.tensors += 1;
  line.bytes += bytes;
  if (line.examples.length < EXAMPLES) line.examples.push(name);
}

function message(problems: readonly string[]): string {
  const list = problems.map((problem) => `\n  - ${problem}`).join('');
  return (
    `The books do not close, so nothing was converted:${list}\n` +
    'Use the reference that this checkpoint was trained from; set strict=false only if you accept the loss of what is listed.'
  );
}
