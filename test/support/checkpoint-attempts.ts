// Attempts of `checkCompleteness` one after another, with the carry going from heartbeat to heartbeat.
import { examineCheckpoint, type ExamineOptions } from '../../src/checkpoint/completeness/examine.ts';
import { ConversionInput, type ConversionRequest } from '../../src/contract/input.ts';
import { ConversionError, type FailureType } from '../../src/contract/failures.ts';
import type { CompletenessResult, Progress } from '../../src/contract/results.ts';
import { READER_POLICY } from '../../src/cli/reader-surroundings.ts';

export interface Attempt {
  readonly outcome: 'complete' | FailureType;
  readonly message: string;
  readonly result: CompletenessResult | null;
  readonly error: ConversionError | null;
  /** Last heartbeat, as the server would return it. */
  readonly heartbeat: unknown;
}

export interface AttemptOptions extends ExamineOptions {
  readonly request?: Partial<ConversionRequest>;
  readonly allowedRoots?: readonly string[];
}

/** One attempt; anything but a ConversionError is thrown on. */
export async function attempt(
  path: string,
  previous: Attempt | null = null,
  options: AttemptOptions = {},
): Promise<Attempt> {
  const input = ConversionInput.parse({
    megatron_path: path,
    hf_model_id: 'a/b',
    hf_path: '/target',
    ...options.request,
  });
  let heartbeat: Progress | null = null;
  const surroundings = {
    signal: new AbortController().signal,
    onProgress: (progress: Progress): void => {
      heartbeat = progress;
    },
    policy: { ...READER_POLICY, allowedRoots: options.allowedRoots ?? ['/'] },
    previous: previous?.heartbeat ?? null,
  };
  const details = (): unknown => JSON.parse(JSON.stringify(heartbeat));
  try {
    const result = await examineCheckpoint(path, input, surroundings, { pause: 0.01, ...options });
    return { outcome: 'complete', message: '', result, error: null, heartbeat: details() };
  } catch (error) {
    if (!(error instanceof ConversionError)) throw error;
    return { outcome: error.type, message: error.message, result: null, error, heartbeat: details() };
  }
}

/** Two attempts that see the same: what a quiet moment of the length of one backoff gives. */
export async function twice(path: string, options: AttemptOptions = {}): Promise<Attempt> {
  return attempt(path, await attempt(path, null, options), options);
}
