// Exit code 0 proves nothing: what a converter wrote, against what it had to write. Pure.
import { DTYPE_BYTES, type DType } from '../../checkpoint/types.ts';
import { ConversionError } from '../../contract/failures.ts';
import type { Books } from '../../plan/types.ts';
import { isFloat } from '../../plan/output-dtype.ts';
import { volume } from '../../plan/strides.ts';
import { INDEX_FILE } from '../../safetensors/read-index.ts';
import type { TensorInfo } from '../../safetensors/types.ts';
import { SAFETENSORS, type TorchDtype } from './converter-arguments.ts';
import type { ConverterOutput } from './read-output.ts';
import type { Expectation } from './types.ts';

export interface OutputVerdict {
  /** Those of the expectation, with what strict=false let pass. */
  readonly books: Books;
  readonly tensors: number;
  readonly parameters: number;
  /** Of all tensors. */
  readonly bytes: number;
  readonly warnings: readonly string[];
}

interface FoundTensor extends TensorInfo {
  readonly file: string;
}

const MOST_NAMED = 20;

/**
 * @throws ConversionError VerificationFailed for files that contradict themselves or the index; BooksNotClosed for tensors that are missing,
 * are not expected, or have another shape; all problems at once.
 */
export function judgeOutput(
  expectation: Expectation,
  output: ConverterOutput,
  {
    strict,
    torchDtype,
    folder,
  }: { readonly strict: boolean; readonly torchDtype: TorchDtype; readonly folder: string },
): OutputVerdict {
  const damage = [...output.problems];
  const found = collectTensors(output, damage);
  if (found.size === 0) damage.push(`${folder} holds no tensors, although the converter ended with code 0`);
  damage.push(...indexDamage(output, found));
  const missing = [...expectation.tensors.keys()].filter((name) => !found.has(name));
  const extra = [...found.keys()].filter((name) => !expectation.tensors.has(name));
  const gaps = found.size === 0 ? [] : [...describeMissing(missing), ...describeExtra(extra)];
  const wrong = wrongTensors(expectation, found, SAFETENSORS[torchDtype]);
  const problems = [...damage, ...(strict ? gaps : []), ...wrong];
  if (problems.length > 0) throw refuse(damage.length > 0, problems, folder);
  const parameters = sum(found, ({ shape }) => volume(shape));
  return {
    books: { ...expectation.books, produced: found.size, missing },
    tensors: found.size,
    parameters,
    bytes: sum(found, ({ begin, end }) => end - begin),
    warnings: [
      ...gaps.map((gap) => `strict=false: ${gap}`),
      ...roundings(expectation, found),
      ...countDifference(expectation, parameters),
    ],
  };
}

/** A name may be in one file only. */
function collectTensors({ headers }: ConverterOutput, damage: string[]): Map<string, FoundTensor> {
  const found = new Map<string, FoundTensor>();
  for (const [file, { tensors }] of headers) {
    for (const [name, info] of tensors) {
      const known = found.get(name);
      if (known) damage.push(`${name} is in ${known.file} and in ${file}`);
      else found.set(name, { ...info, file });
    }
  }
  return found;
}

/** The converter's own index must agree with its files: one that knows a part of them tells of ranks that did not write theirs. */
function indexDamage({ weightMap }: ConverterOutput, found: ReadonlyMap<string, FoundTensor>): string[] {
  if (weightMap === null) return [];
  const named = Object.entries(weightMap).filter(([name, file]) => found.get(name)?.file !== file);
  const unnamed = [...found].filter(([name]) => weightMap[name] === undefined);
  return [
    ...few(named, ([name, file]) => `${INDEX_FILE} has ${name} in ${file}, where it is not`),
    ...few(unnamed, ([name, { file }]) => `${name} is in ${file}, but ${INDEX_FILE} does not know it`),
  ];
}

function describeMissing(names: readonly string[]): string[] {
  return few(names, (name) => `${name} was not written`);
}

function describeExtra(names: readonly string[]): string[] {
  return few(names, (name) => `${name} was written, but the model has no such tensor`);
}

function wrongTensors(expectation: Expectation, found: ReadonlyMap<string, FoundTensor>, asked: DType): string[] {
  const { vocabulary } = expectation;
  const problems = [...found].flatMap(([name, { shape, dtype }]) => {
    const expected = expectation.tensors.get(name);
    if (expected?.shape != null && String(expected.shape) !== String(shape)) {
      return [`${name} has the shape [${shape.join(', ')}], expected [${expected.shape.join(', ')}]`];
    }
    if (
      expected?.shape == null &&
      vocabulary !== null &&
      vocabulary.padded !== vocabulary.wanted &&
      shape[0] === vocabulary.padded &&
      shape.length === 2
    ) {
      return [
        `${name} has ${shape[0]} rows: the padding of the vocabulary was not cut, which has ${vocabulary.wanted}`,
      ];
    }
    // Where no table knows it, a number that was asked for as `asked` must be that; of other kinds of tensors nothing was asked.
    const wanted = expected?.dtype ?? (isFloat(dtype) ? asked : dtype);
    if (dtype !== asked && !keeps(dtype, wanted)) return [`${name} has the dtype ${dtype}, expected ${wanted}`];
    return [];
  });
  return few(problems, (problem) => problem);
}

/** Every number of the one dtype is one of the other too. */
function keeps(found: DType, wanted: DType): boolean {
  return found === wanted || (isFloat(found) && isFloat(wanted) && DTYPE_BYTES[found] > DTYPE_BYTES[wanted]);
}

/** The converter has one dtype for all; what a model keeps in float32 may have lost half of its bits. */
function roundings(expectation: Expectation, found: ReadonlyMap<string, FoundTensor>): string[] {
  const names = [...found].flatMap(([name, { dtype }]) => {
    const wanted = expectation.tensors.get(name)?.dtype;
    return wanted != null && DTYPE_BYTES[dtype] < DTYPE_BYTES[wanted] ? [name] : [];
  });
  if (names.length === 0) return [];
  return [
    `${names.length} tensor(s) are stored with fewer bits than in the checkpoint: ${names.slice(0, 5).join(', ')}`,
  ];
}

/** Only told: tied and repeated weights make a difference too. */
function countDifference({ isComplete, parameters: planned }: Expectation, parameters: number): string[] {
  if (isComplete || planned === parameters) return [];
  return [
    `the export holds ${parameters} parameters; ${planned} were expected from the names of the reference and the checkpoint. ` +
      'No table knows this model, so the difference cannot be explained here.',
  ];
}

function refuse(isDamaged: boolean, problems: readonly string[], folder: string): ConversionError {
  const list = problems.map((problem) => `\n  - ${problem}`).join('');
  const advice = isDamaged
    ? 'The converter reported success. Read its log, then run again.'
    : 'The converter reported success. Use the reference that this checkpoint was trained from; set strict=false only if you accept the loss of what is listed.';
  return new ConversionError(
    isDamaged ? 'VerificationFailed' : 'BooksNotClosed',
    `What Megatron-Bridge's converter wrote is not what this model has, so nothing of it is used:${list}\n${advice}`,
    { problems, facts: { folder } },
  );
}

function few<T>(items: readonly T[], describe: (item: T) => string): string[] {
  const told = items.slice(0, MOST_NAMED).map((item) => describe(item));
  return items.length > MOST_NAMED ? [...told, `... and ${items.length - MOST_NAMED} more of this kind`] : told;
}

function sum(found: ReadonlyMap<string, FoundTensor>, measure: (tensor: FoundTensor) => number): number {
  return [...found.values()].reduce((total, tensor) => total + measure(tensor), 0);
}
