// The requested layout against the one that the training run recorded.
import type { Finding, LayoutFacts, LayoutName } from './layout-facts.ts';

/** What else a person could do. */
const withoutIt = (engine: LayoutFacts['engine'], name: LayoutName): string =>
  engine === 'stream'
    ? 'leave it out: torch_dist holds global tensors, so the layout is not needed'
    : `${name}=auto: torch_dist holds global tensors, so another layout reads them as well`;

export function checkRecorded({ engine, layout, training }: LayoutFacts): Finding[] {
  if (!training) return [];
  const recorded: Record<LayoutName, number | null> = {
    tp: training.tp,
    pp: training.pp,
    ep: training.ep,
    // Megatron: an expert tensor parallel size of null is that of the dense layers.
    etp: training.etp ?? training.tp,
  };
  return (['tp', 'pp', 'ep', 'etp'] as const).flatMap((name) => {
    const { value, given, auto } = layout[name];
    const wanted = recorded[name];
    // What `auto` chose was chosen for the ranks at hand and not for those of the training run.
    if (value === null || auto || wanted === null || value === wanted) return [];
    // Without experts there is nothing that etp could shard, and what is recorded follows tp.
    if (name === 'etp' && (training.ep ?? 1) === 1 && value === 1) return [];
    return [
      {
        given,
        message:
          `${name}=${value}${given ? '' : ' (a configuration default)'}, but the training run recorded ${wanted} ` +
          `(${training.source}). Set ${name}=${wanted}, or ${withoutIt(engine, name)}.`,
      },
    ];
  });
}
