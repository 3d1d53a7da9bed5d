// Where the converter runs, and with how many ranks.
import type { ConversionInput } from '../../contract/input.ts';
import { LOCAL_PROFILE } from '../../contract/profiles.ts';
import type { WorkerPolicy } from '../../contract/surroundings.ts';
import { findProfile } from '../../executors/find-profile.ts';
import { profileWorld, type World } from '../../executors/world.ts';

/** The Nemotron step's default (`NEMOTRON_CONVERT_NPROC_PER_NODE`). */
const DEFAULT_RANKS = 8;

export interface BridgeWorld extends World {
  /** Whether the ranks see the files of this machine outside the shared directories. */
  readonly isHere: boolean;
}

/**
 * Unlike for engine `stream` no rank is taken away: the layout needs them all. `distributed: auto` means several ranks where several are
 * asked for or a layout is given, as in the Nemotron step.
 *
 * @throws ConversionError PolicyRefused for an unknown profile
 */
export function bridgeWorld(input: ConversionInput, policy: Pick<WorkerPolicy, 'profiles'>): BridgeWorld {
  const profile = findProfile(input.profile ?? LOCAL_PROFILE, policy);
  const isHere = profile.executor === 'local';
  const { nodes, ranksPerNode } = isHere
    ? { nodes: input.torchrun.nnodes ?? 1, ranksPerNode: input.torchrun.nproc_per_node ?? DEFAULT_RANKS }
    : profileWorld(profile, { ...input, distributed: true });
  if (!isDistributed(input, nodes * ranksPerNode)) return { nodes: 1, ranksPerNode: 1, distributed: false, isHere };
  return { nodes, ranksPerNode, distributed: true, isHere };
}

function isDistributed({ distributed, tp, pp, ep, etp }: ConversionInput, ranks: number): boolean {
  if (distributed !== 'auto') return distributed;
  return ranks > 1 || [tp, pp, ep, etp].some((size) => size === 'auto' || (size ?? 1) > 1);
}
