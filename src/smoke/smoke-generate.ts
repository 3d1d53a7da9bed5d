// Run the smoke program on a directory, follow its events, and let `judge.ts` decide.
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { findPackageRoot } from '../config/package-root.ts';
import { ConversionError } from '../contract/failures.ts';
import type { ConversionInput } from '../contract/input.ts';
import type { SmokeResult } from '../contract/results.ts';
import { toBytes, toSeconds } from '../contract/units.ts';
import type { Surroundings } from '../contract/surroundings.ts';
import { type ProcessResult, runProcess } from '../launch/run-process.ts';
import { parseSmokeEvent, type SmokeEvent } from './events.ts';
import { judgeSmoke } from './judge.ts';
import { DEFAULT_PASSAGES, DEFAULT_PROMPTS, type Passage } from './passages.ts';

export interface SmokeSettings {
  /** Passages to read; the King James Version by default. */
  readonly passages?: readonly Passage[];
  /** The request and the worker's policy both allow the reference's code to run. @default false */
  readonly remoteCodeAllowed?: boolean;
}

/** Orders of the shuffled tokens, each passage; near context of the context gain, in tokens. */
const MEASUREMENT = { shuffles: 4, window: 4, seed: 1611 } as const;
/** No tokens, no network. Passive waiting keeps a busy machine from spinning. */
const ENVIRONMENT = {
  HF_HUB_OFFLINE: '1',
  TRANSFORMERS_OFFLINE: '1',
  HF_HUB_DISABLE_IMPLICIT_TOKEN: '1',
  HF_HUB_DISABLE_TELEMETRY: '1',
  HF_HUB_DISABLE_PROGRESS_BARS: '1',
  TOKENIZERS_PARALLELISM: 'false',
  OMP_WAIT_POLICY: 'PASSIVE',
  PYTHONUNBUFFERED: '1',
  PYTHONDONTWRITEBYTECODE: '1',
  PYTHONNOUSERSITE: '1',
};
const LAST_LINES = 15;

/**
 * Load `directory` with transformers, generate and measure, in a subprocess without network.
 * @throws ConversionError SmokeFailed with every reason (final); SmokeCrashed with the last lines (another attempt may help);
 * LayoutInvalid where the request spreads the model and this worker's Python has no accelerate.
 */
export async function smokeGenerate(
  input: Pick<ConversionInput, 'smoke'>,
  directory: string,
  surroundings: Pick<Surroundings, 'signal' | 'onProgress' | 'policy'>,
  settings: SmokeSettings = {},
): Promise<SmokeResult> {
  const { events, ended } = await runSmokeProgram(input, directory, surroundings, settings);
  surroundings.signal.throwIfAborted();
  refuseCrash(events, ended, directory);
  const { reasons, result } = judgeSmoke(events, input.smoke);
  if (reasons.length === 0) return result;
  const text = result.samples.map((sample) => `  ${JSON.stringify(sample.prompt)} -> ${JSON.stringify(sample.text)}`);
  const message = [
    `The exported model does not work:`,
    ...reasons.map((reason) => `  - ${reason}`),
    'It wrote:',
    ...text,
  ];
  throw new ConversionError('SmokeFailed', message.join('\n'), { problems: reasons, facts: { directory, ...result } });
}

async function runSmokeProgram(
  input: Pick<ConversionInput, 'smoke'>,
  directory: string,
  { policy, signal, onProgress }: Pick<Surroundings, 'signal' | 'onProgress' | 'policy'>,
  settings: SmokeSettings,
): Promise<{ events: SmokeEvent[]; ended: ProcessResult }> {
  const [python = 'python3', ...args] = policy.python;
  const folder = await mkdtemp(join(tmpdir(), 'megatron-to-hf-smoke-'));
  const events: SmokeEvent[] = [];
  try {
    const request = join(folder, 'request.json');
    await writeFile(request, JSON.stringify(composeRequest(input, directory, policy.smokeMemory, settings)));
    const ended = await runProcess({
      command: [python, ...args, join(findPackageRoot(), 'python', 'smoke_generate.py'), request],
      signal,
      env: ENVIRONMENT,
      timeoutSeconds: toSeconds(input.smoke.timeout),
      onLine: (line, stream) => {
        const event = stream === 'stdout' ? parseSmokeEvent(line) : null;
        if (!event) return;
        if (event.event !== 'step') events.push(event);
        onProgress({ phase: 'smokeGenerate', message: describeEvent(event) });
      },
    });
    return { events, ended };
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

function composeRequest(
  { smoke }: Pick<ConversionInput, 'smoke'>,
  directory: string,
  workerMemory: number | null,
  settings: SmokeSettings,
): Record<string, unknown> {
  return {
    directory,
    device: smoke.device,
    dtype: smoke.dtype,
    max_memory: smoke.max_memory ? toBytes(smoke.max_memory) : workerMemory,
    offload_folder: smoke.offload_folder ?? null,
    // Asked for by name; the worker's own limit is a bound that a smaller model keeps without any spreading.
    spread_by: [smoke.max_memory && 'smoke.max_memory', smoke.offload_folder && 'smoke.offload_folder'].filter(Boolean),
    trust_remote_code: settings.remoteCodeAllowed ?? false,
    prompts: smoke.prompts ?? DEFAULT_PROMPTS,
    max_new_tokens: smoke.max_new_tokens,
    repetition_penalty: smoke.repetition_penalty,
    passages: settings.passages ?? DEFAULT_PASSAGES,
    ...MEASUREMENT,
  };
}

function refuseCrash(events: readonly SmokeEvent[], ended: ProcessResult, directory: string): void {
  if (ended.exitCode === 0 && events.some((event) => event.event === 'end')) return;
  const error = events.find((event) => event.event === 'error');
  if (error?.type === 'AccelerateMissing') {
    const problem = `${error.message}.`;
    throw new ConversionError('LayoutInvalid', problem, { problems: [problem], facts: { directory } });
  }
  const message = `${describeEnd(ended, error ?? null)} The model was ${directory}. Last lines:\n${ended.tail.slice(-LAST_LINES).join('\n')}`;
  throw new ConversionError('SmokeCrashed', message, {
    facts: { directory, exit_code: ended.exitCode, signal: ended.signalName, error: error?.message ?? null },
  });
}

function describeEnd(ended: ProcessResult, error: Extract<SmokeEvent, { event: 'error' }> | null): string {
  if (ended.startError !== null) return `Python could not be started: ${ended.startError}.`;
  if (ended.timedOut)
    return `The smoke program ran longer than smoke.timeout (${Math.round(ended.seconds)} s) and was ended.`;
  if (error) return `The smoke program failed with ${error.type}: ${error.message}.`;
  if (ended.signalName !== null) {
    const hint = ended.signalName === 'SIGKILL' ? ', perhaps for want of memory' : '';
    return `The smoke program was ended by ${ended.signalName}${hint}.`;
  }
  return `The smoke program ended with exit code ${ended.exitCode ?? 'unknown'} before its last event.`;
}

function describeEvent(event: SmokeEvent): string {
  switch (event.event) {
    case 'load':
      return `loaded on ${event.device} in ${event.dtype}`;
    case 'step':
      return event.tokens === undefined ? event.message : `${event.message}, ${event.tokens} tokens`;
    case 'perplexity':
      return `${event.passage}: perplexity ${event.perplexity?.toPrecision(3) ?? 'not finite'}`;
    case 'sample':
      return `${event.prompt}${event.text.slice(0, 60)}`;
    case 'end':
      return `measured in ${Math.round(event.seconds)} s`;
    default:
      return `${event.type}: ${event.message.slice(0, 200)}`;
  }
}
