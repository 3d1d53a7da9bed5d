// The share of this rank in an attempt: one process, as torchrun would start it, that ends with this one.
import { setTimeout as sleep } from 'node:timers/promises';
import { ConversionError } from '../contract/failures.ts';
import { formatSeconds, toSeconds } from '../contract/units.ts';
import { rankProgram } from '../engines/rank-program.ts';
import { pendingFile, stagingPath } from '../files/staging.ts';
import { launchRanks } from '../launch/launch-ranks.ts';
import { readPending } from '../rank/pending.ts';
import type { Task } from './messages.ts';
import type { ShareOwner } from './share-owner.ts';
import { planConverter, type SharedProgram } from './share-bridge.ts';

const PAUSE_MS = 200;
const HERE = { node: [process.execPath], isHere: true, inPackage: (path: string) => path } as const;

/**
 * Paths and programs come from this rank's own request and worker configuration, never from the meeting.
 * @throws the signal's reason; ConversionError of the rank program, RankFailed, ConversionStalled
 */
export async function runShare(owner: ShareOwner, task: Task, signal: AbortSignal): Promise<void> {
  const { input, surroundings } = owner;
  const { attempt } = task;
  const staging = stagingPath(input.hf_path, task.byteDigest);
  const stallSeconds = toSeconds(input.retry.stall);
  await waitForAttempt(staging, attempt, stallSeconds, signal);
  const { program, environment, mark } = await prepare(owner, task, staging, signal);
  await launchRanks({
    program,
    mark,
    ranks: 1,
    distributed: false,
    // Whoever started this world has put its ranks where they belong.
    policy: { torchrun: surroundings.policy.torchrun, launchPrefix: [] },
    environment,
    signal,
    stallSeconds,
    onEvent: () => undefined,
  });
}

interface Share extends SharedProgram {
  readonly mark: readonly string[];
}

async function prepare(owner: ShareOwner, task: Task, staging: string, signal: AbortSignal): Promise<Share> {
  const { rank, ranks, localRanks, input } = owner;
  const mark = ['--mark', `rank ${rank} in ${staging}`];
  if (task.engine === 'bridge') return { ...(await planConverter(owner, task, signal, mark, process.env)), mark };
  const work = { staging, checkpoint: input.megatron_path, attempt: task.attempt, allWrite: input.distributed_save };
  return {
    program: [...rankProgram(work, HERE), ...mark],
    environment: { RANK: String(rank), WORLD_SIZE: String(ranks), LOCAL_WORLD_SIZE: String(localRanks) },
    mark,
  };
}

/** A network file system may show the staging directory of another machine a little later. @throws ConversionError RankFailed */
async function waitForAttempt(staging: string, attempt: number, limit: number, signal: AbortSignal): Promise<void> {
  const deadline = performance.now() + limit * 1000;
  for (;;) {
    signal.throwIfAborted();
    try {
      await readPending(staging, attempt);
      return;
    } catch (error) {
      if (!(error instanceof ConversionError)) throw error;
      if (performance.now() > deadline) {
        const message = `${pendingFile(staging, attempt)} was not seen within ${formatSeconds(limit)}: this machine sees the meeting of the ranks, and not the staging directory beside it.`;
        throw new ConversionError('RankFailed', message, { problems: [message], cause: error });
      }
    }
    await sleep(PAUSE_MS, undefined, { signal }).catch(() => signal.throwIfAborted());
  }
}
