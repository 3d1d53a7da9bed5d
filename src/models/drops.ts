// The general rules: what a checkpoint holds beside the weights of the model, and why leaving it out loses nothing.
import type { DropRule } from './types.ts';

/** Tried in this order, after the family table. */
export const DROP_RULES: readonly DropRule[] = [
  {
    name: 'optimizer',
    pattern: /^(?:chained_\d+\.)*optimizer(?:\.|\/|$)/,
    why: 'state of the optimizer; the weights themselves are stored separately',
  },
  {
    name: 'extra state',
    pattern: /\._extra_state(?:\/|$)/,
    why: 'FP8 bookkeeping of Transformer Engine; empty otherwise',
  },
  { name: 'rerun state', pattern: /^rerun_state_machine/, why: 'state of the fault detector of the training loop' },
  { name: 'rng', pattern: /^rng_state(?:\/|$)/, why: 'state of the random number generators' },
  {
    name: 'scheduler',
    pattern: /^opt_param_scheduler(?:\.|\/|$)/,
    why: 'state of the learning-rate schedule',
  },
  {
    name: 'common state',
    pattern: /^common_state(?:\/|$)/,
    why: 'iteration, arguments and other non-tensor state of the run',
  },
  {
    name: 'quantizer state',
    pattern: /\._(?:global_)?amax$|modelopt_state/,
    why: 'ranges that ModelOpt measured; scales are no bookkeeping and have no rule',
  },
  {
    name: 'mtp',
    pattern: /^(?:(?:model|module)\.)*mtp\./,
    why: 'multi-token prediction layers, which the reference architecture does not have',
  },
];

/** The first general rule that fits a checkpoint key, or null. */
export function findDrop(key: string): DropRule | null {
  return DROP_RULES.find((rule) => rule.pattern.test(key)) ?? null;
}
