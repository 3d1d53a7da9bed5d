// How many ranks convert.
import type { ConversionInput } from '../contract/input.ts';
import type { Profile, RemoteProfile } from '../contract/profiles.ts';
import { profileWorld } from '../executors/world.ts';
import { type LayoutFacts, readLayout } from '../plan/layout-facts.ts';

/** The Nemotron step's default (`NEMOTRON_CONVERT_NPROC_PER_NODE`). */
const DEFAULT_RANKS = 8;

type RankInput = Pick<
  ConversionInput,
  'distributed' | 'distributed_save' | 'torchrun' | 'strict' | 'defaulted' | 'tp' | 'pp' | 'ep' | 'etp'
>;

interface RankChoice {
  readonly ranks: number;
  readonly notes: string[];
}

/** What a person asks for is done; a default is limited to what can be of use here, or at the place of a profile. */
export function chooseRanks(input: RankInput, cpus: number, files: number, profile: Profile | null = null): RankChoice {
  if (input.distributed === false) return { ranks: 1, notes: [] };
  if (profile !== null && profile.executor !== 'local') return chooseRemoteRanks(input, files, profile);
  const { nproc } = readLayout(input);
  const wanted = nproc.value ?? DEFAULT_RANKS;
  const isAsked = nproc.given && nproc.value !== null;
  const ranks = isAsked ? wanted : Math.max(1, Math.min(wanted, cpus, files));
  const notes: string[] = [];
  if (ranks !== wanted) {
    const why = `at most one a CPU (${cpus}) and one a file (${files}) are of use`;
    notes.push(`${ranks} rank(s) instead of the default ${wanted}: ${why}. Set torchrun.nproc_per_node to choose.`);
  }
  if (!input.distributed_save && ranks > 1) {
    notes.push(`distributed_save=false: rank 0 writes every file, the other ${ranks - 1} have nothing to do.`);
  }
  return { ranks, notes };
}

function chooseRemoteRanks(input: RankInput, files: number, profile: RemoteProfile): RankChoice {
  const { nodes, ranksPerNode, isAsked } = profileWorld(profile, input);
  const wanted = nodes * ranksPerNode;
  if (isAsked || wanted <= files) return { ranks: wanted, notes: [] };
  const usedNodes = Math.max(1, Math.min(nodes, files));
  const ranks = usedNodes * Math.ceil(files / usedNodes);
  if (ranks >= wanted) return { ranks: wanted, notes: [] };
  const note = `${ranks} rank(s) instead of the profile's ${wanted}: at most one a file (${files}) is of use. Set torchrun.nproc_per_node to choose.`;
  return { ranks, notes: [note] };
}

/** The requested layout, with the profile's nodes and ranks on each where nobody asks for others. */
export function readLayoutAt(
  profile: Profile | null,
  input: RankInput,
): ReturnType<typeof readLayout> & Pick<LayoutFacts, 'isElsewhere'> {
  const layout = readLayout(input);
  if (profile === null || profile.executor === 'local') return layout;
  const { nodes, ranksPerNode } = profileWorld(profile, input);
  return {
    ...layout,
    isElsewhere: true,
    nproc: { value: ranksPerNode, given: layout.nproc.given },
    nnodes: { value: nodes, given: layout.nnodes.given },
  };
}
