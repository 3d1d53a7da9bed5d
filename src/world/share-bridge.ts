// A rank of the world becomes the converter of engine `bridge`: its program, and the variables by which the ranks find each other.
import { ConversionError } from '../contract/failures.ts';
import { converterEnvironment, converterProgram } from '../engines/bridge/converter-program.ts';
import { planBridge } from '../engines/bridge/plan-bridge.ts';
import { requireBridge } from '../engines/bridge/require-bridge.ts';
import { readSources } from '../engines/build-plan.ts';
import { chooseEngine } from '../engines/choose-engine.ts';
import { stagingPath } from '../files/staging.ts';
import type { Task } from './messages.ts';
import type { ShareOwner } from './share-owner.ts';

export interface SharedProgram {
  readonly program: readonly [string, ...string[]];
  readonly environment: Readonly<Record<string, string>>;
}

/** Of torchrun, for `torch.distributed`: what it has for this rank is what the converter needs. */
const OF_TORCHRUN = [
  'LOCAL_RANK',
  'LOCAL_WORLD_SIZE',
  'GROUP_RANK',
  'GROUP_WORLD_SIZE',
  'ROLE_RANK',
  'ROLE_WORLD_SIZE',
  'ROLE_NAME',
  'MASTER_ADDR',
  'MASTER_PORT',
  'TORCHELASTIC_USE_AGENT_STORE',
  'TORCHELASTIC_MAX_RESTARTS',
  'TORCHELASTIC_RUN_ID',
];
/** More than a launcher restarts ranks: attempts in one world must not share keys of its store. */
const ATTEMPTS = 1000;

/**
 * Each rank plans for itself, from its own request and worker configuration.
 * @throws ConversionError RankFailed, final, where this comes to another plan than rank 0's
 */
export async function planConverter(
  owner: ShareOwner,
  task: Task,
  signal: AbortSignal,
  mark: readonly string[],
  launched: Readonly<Record<string, string | undefined>>,
): Promise<SharedProgram> {
  const { input, surroundings } = owner;
  const { policy } = surroundings;
  const bridge = requireBridge(policy.bridge);
  const sources = await readSources(input, { ...surroundings, signal });
  const { family } = chooseEngine({ engine: 'bridge' }, sources.reference, policy);
  const plan = await planBridge({ ...sources, family }, input, policy, bridge);
  if (plan.byteDigest !== task.byteDigest) throw differs(owner);
  const staging = stagingPath(input.hf_path, task.byteDigest);
  return {
    program: converterProgram(plan, staging, task.attempt, input, bridge, mark),
    environment: { ...converterEnvironment(bridge), ...findEachOther(owner, task, launched) },
  };
}

/** For `torch.distributed` with `init_method="env://"`. Under Slurm nobody has agreed on a port: rank 0 has chosen one for the task. */
function findEachOther(
  { rank, ranks, localRank, localRanks }: ShareOwner,
  { task, rendezvous: { host, port } }: Task,
  launched: Readonly<Record<string, string | undefined>>,
): Record<string, string> {
  const world = { RANK: String(rank), WORLD_SIZE: String(ranks) };
  if (launched['MASTER_ADDR'] && launched['MASTER_PORT']) {
    const given = OF_TORCHRUN.flatMap((name) => {
      const value = launched[name];
      return value === undefined ? [] : [[name, value] as const];
    });
    const restart = Number(launched['TORCHELASTIC_RESTART_COUNT'] ?? 0) * ATTEMPTS + task;
    const local = { LOCAL_RANK: String(localRank), LOCAL_WORLD_SIZE: String(localRanks) };
    return { ...local, ...Object.fromEntries(given), TORCHELASTIC_RESTART_COUNT: String(restart), ...world };
  }
  return {
    ...world,
    LOCAL_RANK: String(localRank),
    LOCAL_WORLD_SIZE: String(localRanks),
    MASTER_ADDR: host,
    MASTER_PORT: String(port),
  };
}

function differs({ rank }: ShareOwner): ConversionError {
  const message =
    `rank ${rank} plans another conversion than rank 0: its files of the checkpoint or of the reference, its converter or its section ` +
    'bridge are others. Let all ranks see the same files, and give them the same worker configuration.';
  return new ConversionError('RankFailed', message, { problems: [message], facts: { final: true, rank } });
}
