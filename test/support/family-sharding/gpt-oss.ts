// GPT-OSS: Hugging Face holds all experts of a layer in one tensor, inputs first, gate and up side by side; Megatron one matrix for each
// expert, outputs first, all gate rows before all up rows. Facts: transformers `models/gpt_oss`; megatron-core `moe/experts.py`.
import type { Shard, Sharding } from './sharding.ts';

export const shardGptOss: Shard = (s) => {
  s.ends();
  s.eachLayer((ours, theirs) => {
    s.copy(`${ours}self_attention.linear_qkv.layer_norm_weight`, `${theirs}input_layernorm.weight`);
    s.attention(ours, `${theirs}self_attn.`);
    s.copy(`${ours}self_attention.core_attention.softmax_offset`, `${theirs}self_attn.sinks`);
    s.copy(`${ours}pre_mlp_layernorm.weight`, `${theirs}post_attention_layernorm.weight`);
    for (const kind of ['weight', 'bias']) s.copy(`${ours}mlp.router.${kind}`, `${theirs}mlp.router.${kind}`);
    for (let e = 0; e < s.count('num_local_experts'); e += 1) {
      putExpert(s, e, `${ours}mlp.experts.experts.${e}.`, `${theirs}mlp.experts.`);
    }
  });
};

function putExpert(s: Sharding, expert: number, ours: string, theirs: string): void {
  const inputsFirst = s.expertRows(`${theirs}gate_up_proj`, expert);
  const outputsFirst = turn(inputsFirst);
  s.putMatrix(`${ours}linear_fc1.weight`, [...everySecond(outputsFirst, 0), ...everySecond(outputsFirst, 1)]);
  const bias = s.rows(`${theirs}gate_up_proj_bias`)[expert] ?? [];
  s.putVector(`${ours}linear_fc1.bias`, [...everySecond(bias, 0), ...everySecond(bias, 1)]);
  s.putMatrix(`${ours}linear_fc2.weight`, turn(s.expertRows(`${theirs}down_proj`, expert)));
  s.putVector(`${ours}linear_fc2.bias`, s.rows(`${theirs}down_proj_bias`)[expert] ?? []);
}

function everySecond<T>(items: readonly T[], first: number): T[] {
  return items.filter((_, k) => k % 2 === first);
}

function turn(matrix: readonly number[][]): number[][] {
  return (matrix[0] ?? []).map((_, column) => matrix.map((row) => row[column] ?? Number.NaN));
}
