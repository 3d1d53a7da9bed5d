// `convert` on one of several nodes: torchrun starts the ranks of this node, each the same command again, which then finds itself in a world.
import { availableParallelism } from 'node:os';
import { execa } from 'execa';
import type { NodeLaunch } from '../config/node-launch.ts';
import { ConversionError, type ConversionInput } from '../contract/index.ts';
import type { WorkerPolicy } from '../contract/surroundings.ts';
import { dyingWithParent } from '../launch/die-with-parent.ts';
import { EXIT_CODES } from './exit-codes.ts';

/** torchrun's own default. */
const DEFAULT_PORT = 29_500;
/** Milliseconds that torchrun has to end its ranks after a signal. */
const GRACE = 30_000;

/**
 * Whether torchrun is to be started for this node: several are asked for, and it is said which one this is.
 * @throws ConversionError InvalidInput where only half of that is said
 */
export function isNodeOfSeveral(input: ConversionInput, node: NodeLaunch): boolean {
  const { node_rank, master_addr, master_port } = node;
  const nodes = input.torchrun.nnodes ?? 1;
  const problems: string[] = [];
  if (input.distributed === false || (node_rank === null && master_addr === null && master_port === null)) return false;
  if (nodes > 1 && node_rank === null) problems.push(`torchrun.nnodes=${nodes}: give torchrun.node_rank, from 0`);
  if (nodes > 1 && master_addr === null)
    problems.push(`torchrun.nnodes=${nodes}: give torchrun.master_addr, the host of node 0 as the others reach it`);
  if (node_rank !== null && node_rank >= nodes)
    problems.push(`torchrun.node_rank=${node_rank} is not below torchrun.nnodes=${nodes}: nodes count from 0`);
  if (problems.length > 0) throw new ConversionError('InvalidInput', problems.join('\n'), { problems });
  return nodes > 1;
}

/** @returns torchrun's exit code: 0, or 1 whatever a rank ended with; 130 after a signal */
export async function startNode(
  input: ConversionInput,
  node: NodeLaunch,
  policy: Pick<WorkerPolicy, 'torchrun' | 'launchPrefix'>,
  signal: AbortSignal,
): Promise<number> {
  const again = await dyingWithParent([process.execPath, ...process.execArgv, ...process.argv.slice(1)], 'KILL');
  const options = [
    `--nnodes=${input.torchrun.nnodes ?? 1}`,
    `--node-rank=${node.node_rank ?? 0}`,
    `--master-addr=${node.master_addr ?? ''}`,
    `--master-port=${node.master_port ?? DEFAULT_PORT}`,
    `--nproc-per-node=${ranksPerNode(input)}`,
    '--no-python',
  ];
  const words = [...policy.launchPrefix, ...policy.torchrun, ...options, ...again];
  const [file, ...args] = await dyingWithParent([words[0] ?? '', ...words.slice(1)], 'TERM');
  const ended = await execa(file, args, {
    stdio: 'inherit',
    reject: false,
    cancelSignal: signal,
    forceKillAfterDelay: GRACE,
    env: { OMP_NUM_THREADS: process.env['OMP_NUM_THREADS'] ?? '1' },
  });
  if (signal.aborted) return EXIT_CODES.interrupted.code;
  if (ended.exitCode !== undefined) return ended.exitCode;
  const message = `torchrun could not be started, or was killed: ${ended.message ?? words.join(' ')}`;
  throw new ConversionError('RankFailed', message, { problems: [message] });
}

/** The default is limited to what this machine can run; the same machines are expected to have the same number. */
function ranksPerNode({ torchrun, defaulted }: ConversionInput): number {
  const asked = torchrun.nproc_per_node ?? availableParallelism();
  return defaulted.includes('torchrun.nproc_per_node') ? Math.min(asked, availableParallelism()) : asked;
}
