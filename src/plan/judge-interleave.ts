// Gate and up rows in alternating blocks, which no shape shows: the tables take all gate rows first.
// Megatron-Core keeps the experts so with these options (`TransformerConfig`), and Megatron-LM saves what it keeps. Megatron-Bridge puts the
// rows in order when it saves (`training/checkpointing.py`, `_process_state_dict_for_model_glu_interleaving`), whatever it recorded.
import type { TrainingConfig } from '../checkpoint/types.ts';

const OPTIONS = ['moe_mlp_glu_interleave_size', 'moe_shared_expert_glu_interleave_size'];

/** Sentences, one an option. */
export function judgeInterleave({ source, values }: TrainingConfig): string[] {
  if (source === 'run_config.yaml') return [];
  return OPTIONS.filter((name) => typeof values[name] === 'number').map(
    (name) =>
      `${name}: the training run recorded ${String(values[name])} (${source}), so gate and up rows of the experts alternate in the ` +
      'checkpoint; only the order of Megatron-Bridge, all gate rows first, can be exported',
  );
}
