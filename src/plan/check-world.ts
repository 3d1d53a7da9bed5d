// Layout rules about the number of ranks. The first three messages begin as those of the Nemotron step do: people search for them.
import { worldSize, type Finding, type LayoutFacts, type LayoutName } from './layout-facts.ts';

/** Product of the values; with `onlyGiven`, of those that a person gave. */
function product({ layout }: LayoutFacts, names: readonly LayoutName[], onlyGiven: boolean): number {
  return names.reduce((size, name) => {
    const { value, given } = layout[name];
    return size * (onlyGiven && !given ? 1 : (value ?? 1));
  }, 1);
}

const isParallelLaunch = (facts: LayoutFacts): boolean => facts.distributed && worldSize(facts) > 1;

/** What else a person could do. */
const withoutLayout = ({ engine }: LayoutFacts): string =>
  engine === 'stream'
    ? 'engine stream needs no layout: leaving tp, pp, ep and etp out is enough'
    : 'tp, pp, ep and etp may be auto, where a table knows the model';

export function checkUnsharded(facts: LayoutFacts): Finding[] {
  const names: LayoutName[] = ['tp', 'pp', 'ep', 'etp'];
  if (!isParallelLaunch(facts) || product(facts, names, false) > 1) return [];
  return [
    {
      given: names.some((name) => facts.layout[name].given),
      message:
        'distributed=true is launching multiple ranks, but no model or expert parallelism was configured. ' +
        'Set at least one of tp, pp, cp, ep, or etp above 1 so conversion actually shards the model ' +
        '(for Nemotron MoE checkpoints the common default is tp=1 pp=1 ep=8 etp=1). ' +
        `Or set distributed=false; ${withoutLayout(facts)}.`,
    },
  ];
}

export function checkDenseWorld(facts: LayoutFacts): Finding[] {
  return checkProduct(
    facts,
    ['tp', 'pp'],
    (world, size) =>
      `distributed conversion world size (${world}) must be divisible by tp*pp*cp (${size}). ` +
      'Set the conversion rank count and checkpoint parallelism to compatible values: ' +
      `torchrun.nproc_per_node to a multiple of ${size}, or distributed=false; ${withoutLayout(facts)}.`,
  );
}

export function checkExpertWorld(facts: LayoutFacts): Finding[] {
  // Without expert parallelism this is a part of the rule for dense layers.
  if (product(facts, ['etp', 'ep'], false) === 1) return [];
  return checkProduct(
    facts,
    ['etp', 'ep', 'pp'],
    (world, size) =>
      `distributed conversion world size (${world}) must be divisible by etp*ep*pp (${size}) ` +
      'for expert-parallel checkpoints. ' +
      `Set torchrun.nproc_per_node to a multiple of ${size}, or distributed=false; ${withoutLayout(facts)}.`,
  );
}

/** A product of given values that fails is a person's; one that fails only with defaults in it is not. */
function checkProduct(
  facts: LayoutFacts,
  names: readonly LayoutName[],
  message: (world: number, size: number) => string,
): Finding[] {
  if (!isParallelLaunch(facts)) return [];
  const world = worldSize(facts);
  const given = product(facts, names, true);
  if (world % given !== 0) return [{ given: true, message: message(world, given) }];
  const all = product(facts, names, false);
  return world % all === 0 ? [] : [{ given: false, message: message(world, all) }];
}

export function checkNodes({ nnodes, isElsewhere }: LayoutFacts): Finding[] {
  if (isElsewhere === true || (nnodes.value ?? 1) <= 1) return [];
  return [
    {
      given: nnodes.given,
      message:
        `torchrun.nnodes=${nnodes.value}, but this worker starts ranks on its own machine only. ` +
        'Set torchrun.nnodes=1, or name a profile that has more nodes: the speed of an export is that of the disk, not of the ranks.',
    },
  ];
}

export function checkFiles(facts: LayoutFacts): Finding[] {
  const world = worldSize(facts);
  if (facts.files === null || !facts.distributed || world <= facts.files) return [];
  return [
    {
      given: facts.nproc.given,
      message:
        `${world} ranks share ${facts.files} output file(s), so ${world - facts.files} of them will have nothing to do. ` +
        'Set torchrun.nproc_per_node lower, or max_shard_size smaller.',
    },
  ];
}
