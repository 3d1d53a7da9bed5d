// What a converter wrote becomes the export: digests, the plan that later phases check against, then the files, each with its record.
import { chmod, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { ConversionError } from '../../contract/failures.ts';
import { stagingPaths } from '../../files/staging.ts';
import { readPlan, writePlanSummary } from '../../plan/plan-files.ts';
import type { PlanSummary } from '../../plan/types.ts';
import { finishFile } from '../../rank/finish-file.ts';
import { findFinished } from '../../rank/done-record.ts';
import type { DoneRecord } from '../../rank/types.ts';
import { errorCode } from '../../files/error-code.ts';
import { formatBytes } from '../../contract/units.ts';
import type { ConvertProgress } from '../convert-progress.ts';
import { forgetEnd } from './ended-attempt.ts';
import { hashWeights } from './hash-weights.ts';
import type { OutputVerdict } from './judge-output.ts';
import type { BridgePlan } from './plan-bridge.ts';
import type { ConverterOutput } from './read-output.ts';
import { attemptFolder } from './converter-program.ts';

const SINGLE_FILE = 'model.safetensors';

export interface FinishRequest {
  readonly plan: BridgePlan;
  readonly checkpoint: string;
  readonly staging: string;
  readonly attempt: number;
  readonly output: ConverterOutput;
  readonly verdict: OutputVerdict;
  readonly progress: ConvertProgress;
  readonly signal: AbortSignal;
}

/**
 * All digests are taken before the first file moves: what is in `export/` then is whole, or goes back to its attempt (`ended-attempt.ts`).
 * @throws ConversionError VerificationFailed for a file that somebody wrote to after the converter had ended
 */
export async function finishOutput(request: FinishRequest): Promise<PlanSummary> {
  const { plan, staging, attempt, output, verdict, progress, signal } = request;
  const folder = attemptFolder(staging, attempt).output;
  const records: DoneRecord[] = [];
  const stamps = new Map<string, string>();
  for (const [name, header] of output.headers) {
    stamps.set(name, await stampOf(join(folder, name)));
    const stamp = { name, byteDigest: plan.byteDigest, attempt };
    const tell = (bytes: number): void => progress.report(`checksums of ${name}: ${formatBytes(bytes)}`);
    records.push(await hashWeights(join(folder, name), header, stamp, signal, tell));
  }
  const bytesOf = new Map(records.map(({ name, bytes }) => [name, bytes]));
  const headers = [...output.headers].map(([name, header]) => ({ name, bytes: bytesOf.get(name) ?? 0, header }));
  const summary: PlanSummary = {
    format: 1,
    byteDigest: plan.byteDigest,
    checkpoint: request.checkpoint,
    family: plan.expectation.family,
    files: headers.map(({ name, bytes, header }) => ({ name, bytes, header: header.text })),
    index: indexOf(output, verdict),
    books: verdict.books,
    tensors: verdict.tensors,
    parameters: verdict.parameters,
    bytes: verdict.bytes,
  };
  const changed = (await Promise.all([...stamps].map(([name, stamp]) => isChanged(join(folder, name), stamp)))).some(
    Boolean,
  );
  if (changed) {
    await forgetEnd(staging, attempt);
    throw written(folder);
  }
  await writePlanSummary(summary, staging);
  // The library behind converters keeps its files from everybody else; ours have the usual mode of this process.
  const { mode } = await stat(stagingPaths(staging).plan);
  for (const record of records) {
    await chmod(join(folder, record.name), mode & 0o777);
    finishFile(staging, join(folder, record.name), record);
    const { name, bytes, seconds } = record;
    progress.take({ event: 'file', rank: 0, file: name, bytes, bytesRead: 0, seconds });
  }
  return summary;
}

async function stampOf(path: string): Promise<string> {
  const { ino, size, mtimeNs } = await stat(path, { bigint: true });
  return `${ino} ${size} ${mtimeNs}`;
}

const isChanged = async (path: string, stamp: string): Promise<boolean> => (await stampOf(path)) !== stamp;

function written(folder: string): ConversionError {
  const message = `Files in ${folder} were written to after the converter had ended: a process of it is left somewhere. End it, then run again.`;
  return new ConversionError('VerificationFailed', message, { problems: [message], facts: { folder } });
}

/** The plan of an earlier attempt that got to its end, or null. */
export async function findFinishedPlan(staging: string, byteDigest: string): Promise<PlanSummary | null> {
  const exists = await readFile(stagingPaths(staging).plan).catch((error: unknown) => {
    if (errorCode(error) === 'ENOENT') return null;
    throw error;
  });
  if (exists === null) return null;
  const plan = await readPlan(staging);
  const finished = plan.files.every(({ name, bytes }) => findFinished(staging, name, byteDigest, bytes) !== null);
  return plan.byteDigest === byteDigest && finished ? plan : null;
}

/** Ours is written anew: converters copy the figures of their reference's. */
function indexOf({ headers }: ConverterOutput, verdict: OutputVerdict): PlanSummary['index'] {
  if (headers.size === 1 && headers.has(SINGLE_FILE)) return null;
  const entries = [...headers].flatMap(([file, { tensors }]) =>
    [...tensors.keys()].map((name) => [name, file] as const),
  );
  entries.sort(([a], [b]) => (a < b ? -1 : 1));
  return {
    metadata: { total_parameters: verdict.parameters, total_size: verdict.bytes },
    weight_map: Object.fromEntries(entries),
  };
}
