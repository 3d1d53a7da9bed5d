// One attempt of a converter: its folder, its ranks wherever they run, and its progress from the files that it writes.
import { copyFile, mkdir, readdir, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { findPackageRoot } from '../../config/package-root.ts';
import type { BridgePolicy } from '../../contract/bridge.ts';
import { toSeconds, type ConversionInput } from '../../contract/index.ts';
import type { Surroundings } from '../../contract/surroundings.ts';
import { endLeftJob } from '../../executors/end-left-job.ts';
import { runJob } from '../../executors/run-job.ts';
import { errorCode, isMissing } from '../../files/error-code.ts';
import { openAttempt } from '../convert-attempt.ts';
import type { ConvertProgress } from '../convert-progress.ts';
import { fruitlessIsFinal, isSchedulers } from '../convert-failures.ts';
import type { SourceBasis } from '../build-plan.ts';
import {
  argumentsOf,
  attemptFolder,
  converterEnvironment,
  converterProgram,
  type AttemptFolder,
} from './converter-program.ts';
import { explainFailure, readEnd } from './explain-failure.ts';
import type { BridgePlan } from './plan-bridge.ts';
import { writeReferenceFolder } from './reference-folder.ts';

/** Our programs: they travel in staging, so that a container needs nothing of this package. */
const PROGRAMS = ['bridge_rank.py', 'bridge_first_owner.py', 'bridge_export.py'];
const LONGEST_MESSAGE = 120;

export interface ConverterRun {
  readonly attempt: number;
  readonly arguments: readonly string[];
}

/** @throws the signal's reason; ConversionError of `runJob`, with what the logs of the ranks say. */
export async function runConverter(
  { reference }: Pick<SourceBasis, 'reference'>,
  plan: BridgePlan,
  staging: string,
  input: ConversionInput,
  bridge: BridgePolicy,
  progress: ConvertProgress,
  surroundings: Surroundings,
): Promise<ConverterRun> {
  const { policy, signal, isHandedOver, crew } = surroundings;
  const { expectation, world, byteDigest } = plan;
  let current: number | null = null;
  const open = async (): Promise<number> => {
    current = await openAttempt(staging, { byteDigest, files: [] });
    await fillFolder(attemptFolder(staging, current));
    const { reference: folder } = attemptFolder(staging, current);
    await writeReferenceFolder(folder, reference, expectation.weightMap, policy.allowedRoots);
    return current;
  };
  try {
    if (crew) {
      await endLeftJob({ staging, policy, report: (message) => progress.report(message) });
      const attempt = await open();
      const watch = (): Promise<string> => look(attemptFolder(staging, attempt), progress);
      await crew.run({ engine: 'bridge', byteDigest, attempt, signal, watch });
      return { attempt, arguments: argumentsOf(plan, staging, attempt, input) };
    }
    const finished = await runJob({
      profile: input.profile,
      policy,
      staging,
      world,
      openAttempt: open,
      program: (number) => converterProgram(plan, staging, number, input, bridge),
      environment: converterEnvironment(bridge),
      mark: ['--staging', staging],
      stallSeconds: toSeconds(input.retry.stall),
      signal,
      ...(isHandedOver === undefined ? {} : { isHandedOver }),
      watch: (number) => {
        current = number;
        return look(attemptFolder(staging, number), progress);
      },
      onReattach: () => progress.forgive(),
      report: (message) => progress.report(message),
    });
    return { attempt: finished.attempt, arguments: argumentsOf(plan, staging, finished.attempt, input) };
  } catch (error) {
    signal.throwIfAborted();
    if (isSchedulers(error)) progress.forgive();
    const explained = current === null ? error : await explainFailure(error, attemptFolder(staging, current).logs);
    throw fruitlessIsFinal(explained, progress.fruitless, input.retry.fruitless_attempts);
  }
}

async function fillFolder({ logs, programs, output }: AttemptFolder): Promise<void> {
  for (const folder of [logs, programs, output]) await mkdir(folder, { recursive: true });
  const source = join(findPackageRoot(), 'python');
  for (const name of PROGRAMS) await copyFile(join(source, name), join(programs, name));
}

/** Sizes of the files on disk, as progress and as signs of life; what rank 0 said last, as message. */
async function look({ output, logs }: AttemptFolder, progress: ConvertProgress): Promise<string> {
  const written = await sizes(output);
  for (const [file, bytes] of written) {
    if (file.endsWith('.safetensors')) progress.take({ event: 'progress', rank: 0, file, bytes });
  }
  const said = await lastLine(join(logs, 'rank-0.log'));
  if (said !== null) progress.report(said.slice(0, LONGEST_MESSAGE));
  return JSON.stringify([...written, ...(await sizes(logs)), ...(await readLife(logs))]);
}

async function sizes(folder: string): Promise<[string, number][]> {
  const names = await readdir(folder).catch(missing<string[]>([]));
  const found: [string, number][] = [];
  for (const name of names.sort()) {
    const file = await stat(join(folder, name)).catch(missing(null));
    if (file?.isFile()) found.push([name, file.size]);
  }
  return found;
}

/** Bytes that each rank has read and written: it may load for a long time before it says or writes anything. */
async function readLife(logs: string): Promise<string[]> {
  const names = (await readdir(logs).catch(missing<string[]>([]))).filter((name) => name.endsWith('.alive'));
  return Promise.all(names.sort().map((name) => readFile(join(logs, name), 'utf8').catch(missing(''))));
}

async function lastLine(path: string): Promise<string | null> {
  const text = await readEnd(path, 4096).catch(missing(''));
  const line = text.split('\n').findLast((candidate) => candidate.trim() !== '');
  return line?.trim() ?? null;
}

/** A file may be renamed or removed between two calls. */
function missing<T>(absent: T): (error: unknown) => T {
  return (error) => {
    if (isMissing(error)) return absent;
    throw errorCode(error) === null
      ? error
      : new Error(`the folder of the attempt cannot be read: ${String(error)}`, { cause: error });
  };
}
