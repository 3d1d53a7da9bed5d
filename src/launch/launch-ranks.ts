// Starts the ranks, follows their events, and sees to it that none is left.
import { setTimeout as sleep } from 'node:timers/promises';
import { ConversionError } from '../contract/failures.ts';
import type { RankEvent } from '../rank/types.ts';
import { endProcesses, markOf } from './find-processes.ts';
import { judgeRanks, type RankError, stalled } from './judge-ranks.ts';
import { type Programs, rankCommand } from './rank-command.ts';
import { parseRankEvent } from './rank-events.ts';
import { runProcess } from './run-process.ts';

export interface LaunchRequest {
  /** Node and its arguments: what each rank executes. */
  readonly program: readonly [string, ...string[]];
  /** Consecutive arguments of `program` that no other launch on this machine has: what is left of its ranks is found by them. */
  readonly mark: readonly string[];
  readonly ranks: number;
  /** False: no torchrun. */
  readonly distributed: boolean;
  readonly policy: Programs;
  readonly signal: AbortSignal;
  /** Seconds without a sign of life after which the ranks are ended. */
  readonly stallSeconds: number;
  readonly onEvent: (event: RankEvent) => void;
  /** Lines that are no events. Where this is given, each is a sign of life too. */
  readonly onLine?: (line: string) => void;
  /** Variables of the ranks on top of the allow-list. */
  readonly environment?: Readonly<Record<string, string>>;
  /** Called every few seconds; another answer than before is a sign of life. */
  readonly watch?: () => Promise<string>;
}

export interface LaunchResult {
  readonly seconds: number;
  /** Highest resident memory of a rank, in bytes. */
  readonly peakMemory: number;
}

/** SIGTERM to torchrun, which passes it on; SIGKILL after this many seconds. */
const KILL_AFTER_SECONDS = 15;
const LEFTOVER_SECONDS = 10;
/** Milliseconds between two looks of `watch`. */
const WATCH_PACE = 2000;

/**
 * Runs the ranks to their end. Ranks of an earlier launch with the same mark are ended first.
 * @throws the reason of `signal` when it was aborted; ConversionError of a rank, RankFailed, ConversionStalled. In every case no rank
 * of this launch lives any more on this machine.
 */
export async function launchRanks(request: LaunchRequest): Promise<LaunchResult> {
  request.signal.throwIfAborted();
  await endLeftovers(request.mark);
  const errors: RankError[] = [];
  let peakMemory = 0;
  const stall = watchStall(request.stallSeconds);
  const looking = new AbortController();
  const blind = new AbortController();
  const watching = lookRegularly(request.watch, looking.signal, stall.alive).catch((error: unknown) => {
    blind.abort(error);
  });
  const result = await runProcess({
    command: await rankCommand(request.program, request.ranks, request.distributed, request.policy),
    env: { OMP_NUM_THREADS: '1', ...request.environment, ...markOf(request.mark) },
    signal: AbortSignal.any([request.signal, stall.signal, blind.signal]),
    killAfterSeconds: KILL_AFTER_SECONDS,
    parentDeathSignal: request.distributed && request.ranks > 1 ? 'TERM' : 'KILL',
    lifeline: true,
    onLine: (line, stream) => {
      const event = stream === 'stdout' ? parseRankEvent(line) : null;
      if (event === null) {
        if (request.onLine === undefined) return;
        stall.alive();
        request.onLine(line);
        return;
      }
      stall.alive();
      if (event.event === 'error') errors.push(event);
      if (event.event === 'end') peakMemory = Math.max(peakMemory, event.peakMemory);
      request.onEvent(event);
    },
  }).finally(() => {
    stall.stop();
    looking.abort();
  });
  await watching;
  await endLeftovers(request.mark);
  request.signal.throwIfAborted();
  blind.signal.throwIfAborted();
  const failure = judgeRanks(result, errors);
  if (stall.signal.aborted) throw stalled(request.stallSeconds, result);
  if (failure !== null) throw failure;
  return { seconds: result.seconds, peakMemory };
}

/** Aborts when nobody called `alive` for `seconds`. */
function watchStall(seconds: number): { signal: AbortSignal; alive: () => void; stop: () => void } {
  const controller = new AbortController();
  const start = (): NodeJS.Timeout =>
    setTimeout(() => {
      controller.abort();
    }, seconds * 1000);
  let timer = start();
  return {
    signal: controller.signal,
    alive: () => {
      clearTimeout(timer);
      if (!controller.signal.aborted) timer = start();
    },
    stop: () => {
      clearTimeout(timer);
    },
  };
}

/** Calls `watch` until `signal`, and `alive` when its answer is another one. The last call is after the end: nothing is missed. */
async function lookRegularly(
  watch: (() => Promise<string>) | undefined,
  signal: AbortSignal,
  alive: () => void,
): Promise<void> {
  if (watch === undefined) return;
  let last: string | null = null;
  for (;;) {
    const sign = await watch();
    if (signal.aborted) return;
    if (last !== null && sign !== last) alive();
    last = sign;
    await sleep(WATCH_PACE, undefined, { signal }).catch(() => undefined);
  }
}

async function endLeftovers(mark: readonly string[]): Promise<void> {
  try {
    await endProcesses(mark, LEFTOVER_SECONDS);
  } catch (error) {
    throw new ConversionError('RankFailed', `Ranks are left on this machine: ${String(error)}.`, { cause: error });
  }
}
