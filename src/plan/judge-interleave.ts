// Gate and up rows in alternating blocks, which no shape shows: the tables take all gate rows first.
// Megatron-Core keeps gated layers so with these options (`TransformerConfig`), and saves what it keeps. Megatron-Bridge means to put the rows
// in order when it saves (`training/checkpointing.py`, `_process_state_dict_for_glu_interleaving`), but what it is given at that point are
// ShardedTensorFactory objects (megatron-core `transformer/mlp.py`), which it leaves alone: tried with core 0.16.1. A version that does what
// it means would write the other order under the same record, and with expert tensor parallelism the order depends on it: so nothing is
// put in order here.
import type { TrainingConfig } from '../checkpoint/types.ts';
import type { Family } from '../models/types.ts';

/** Named in docs/config-checks.md too. */
const INTERLEAVE_OPTIONS = ['moe_mlp_glu_interleave_size', 'moe_shared_expert_glu_interleave_size'];

/** Sentences, one an option; none for families without gates. */
export function judgeInterleave({ rules }: Family, { source, values }: TrainingConfig): string[] {
  if (!rules.some(({ transform }) => transform.startsWith('gated'))) return [];
  return INTERLEAVE_OPTIONS.filter((name) => typeof values[name] === 'number').map(
    (name) =>
      `${name}: the training run recorded ${String(values[name])} (${source}), so gate and up rows of the experts may alternate in the ` +
      'checkpoint, and only all gate rows first can be exported. Save again from a run that loads it with the option at null; or set ' +
      'strict=false if you know the order, and let the smoke generation judge',
  );
}
