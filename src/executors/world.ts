// How many nodes, and ranks on each, a profile gives. Pure.
import type { ConversionInput } from '../contract/input.ts';
import type { Profile, RemoteProfile } from '../contract/profiles.ts';

export interface World {
  readonly nodes: number;
  readonly ranksPerNode: number;
  /** False: one process without torchrun (`distributed: false`). */
  readonly distributed: boolean;
}

export interface ProfileWorld extends World {
  /** Whether a person chose the ranks on a node, or the nodes: then nothing is taken away. */
  readonly isAsked: boolean;
}

type WorldInput = Pick<ConversionInput, 'distributed' | 'torchrun' | 'defaulted'>;

/** What a person asks for, else what the profile says, else what a configuration file has as default, else one. */
export function profileWorld(profile: RemoteProfile, input: WorldInput): ProfileWorld {
  if (input.distributed === false) return { nodes: 1, ranksPerNode: 1, distributed: false, isAsked: true };
  const { nproc_per_node: nproc, nnodes } = input.torchrun;
  const asksRanks = nproc != null && !input.defaulted.includes('torchrun.nproc_per_node');
  const asksNodes = nnodes != null && !input.defaulted.includes('torchrun.nnodes');
  return {
    nodes: asksNodes ? nnodes : profile.nodes,
    ranksPerNode: asksRanks ? nproc : (profile.nproc_per_node ?? profile.gpus_per_node ?? nproc ?? 1),
    distributed: true,
    isAsked: asksRanks || asksNodes,
  };
}

/** The world of `ranks` that the preflight chose: on one machine, or on the nodes of the profile. */
export function shareRanks(profile: Profile, input: WorldInput, ranks: number): World {
  const distributed = input.distributed !== false;
  const nodes = profile.executor === 'local' ? 1 : Math.min(profileWorld(profile, input).nodes, ranks);
  return { nodes, ranksPerNode: Math.max(1, Math.ceil(ranks / nodes)), distributed };
}
