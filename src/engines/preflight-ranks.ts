// How many ranks convert.
import type { ConversionInput } from '../contract/input.ts';
import { readLayout } from '../plan/layout-facts.ts';

/** The Nemotron step's default (`NEMOTRON_CONVERT_NPROC_PER_NODE`). */
const DEFAULT_RANKS = 8;

type RankInput = Pick<
  ConversionInput,
  'distributed' | 'distributed_save' | 'torchrun' | 'strict' | 'defaulted' | 'tp' | 'pp' | 'ep' | 'etp'
>;

/** What a person asks for is done; a default is limited to what can be of use here. */
export function chooseRanks(input: RankInput, cpus: number, files: number): { ranks: number; notes: string[] } {
  if (input.distributed === false) return { ranks: 1, notes: [] };
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
