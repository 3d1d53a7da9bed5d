// Qwen3-Next and Qwen3.5: layers with a gated delta net, layers of attention with an output gate, experts or an MLP, one MTP layer.
// Facts: megatron-core `ssm/gated_delta_net.py`, `transformer/attention.py` (`attention_output_gate`), `multi_token_prediction.py`;
// transformers `modeling_qwen3_next.py` (`fix_query_key_value_ordering`), `modeling_qwen3_5.py`.
import type { Shard, Sharding } from './sharding.ts';

export const shardQwenHybrid: Shard = (s) => {
  s.ends();
  s.eachLayer((ours, theirs) => putLayer(s, ours, theirs));
  if (!s.hf.has('mtp.fc.weight')) return;
  s.copy('mtp.layers.0.eh_proj.weight', 'mtp.fc.weight');
  s.copy('mtp.layers.0.enorm.weight', 'mtp.pre_fc_norm_embedding.weight');
  s.copy('mtp.layers.0.hnorm.weight', 'mtp.pre_fc_norm_hidden.weight');
  s.copy('mtp.layers.0.final_layernorm.weight', 'mtp.norm.weight');
  putLayer(s, 'mtp.layers.0.transformer_layer.', 'mtp.layers.0.');
};

function putLayer(s: Sharding, ours: string, theirs: string): void {
  if (s.hf.has(`${theirs}linear_attn.A_log`)) putDeltaNet(s, ours, theirs);
  else putAttention(s, ours, theirs);
  if (s.hf.has(`${theirs}mlp.gate.weight`)) putExperts(s, ours, theirs);
  else {
    s.copy(`${ours}mlp.linear_fc1.layer_norm_weight`, `${theirs}post_attention_layernorm.weight`);
    s.gated(`${ours}mlp.`, `${theirs}mlp.`);
  }
}

function putExperts(s: Sharding, ours: string, theirs: string): void {
  s.copy(`${ours}pre_mlp_layernorm.weight`, `${theirs}post_attention_layernorm.weight`);
  s.copy(`${ours}mlp.router.weight`, `${theirs}mlp.gate.weight`);
  for (let e = 0; e < s.count('num_experts'); e += 1) {
    s.gated(`${ours}mlp.experts.experts.${e}.`, `${theirs}mlp.experts.${e}.`);
  }
  s.gated(`${ours}mlp.shared_experts.`, `${theirs}mlp.shared_expert.`);
  s.copy(`${ours}mlp.shared_experts.gate_weight`, `${theirs}mlp.shared_expert_gate.weight`);
}

/** In `q_proj` each head has its queries and then its gates; Megatron has all queries of a group before all its gates. */
function putAttention(s: Sharding, ours: string, theirs: string): void {
  s.copy(`${ours}self_attention.linear_qkv.layer_norm_weight`, `${theirs}input_layernorm.weight`);
  const [groups, size] = [s.count('num_key_value_heads'), s.count('head_dim')];
  const each = s.count('num_attention_heads') / groups;
  for (const kind of ['weight', 'bias'].filter((one) => s.hf.has(`${theirs}self_attn.q_proj.${one}`))) {
    const [q = [], k = [], v = []] = ['q', 'k', 'v'].map((name) => s.rows(`${theirs}self_attn.${name}_proj.${kind}`));
    const fused: number[][] = [];
    for (let group = 0; group < groups; group += 1) {
      for (const part of [0, 1]) {
        for (let head = group * each; head < (group + 1) * each; head += 1) {
          fused.push(...q.slice((2 * head + part) * size, (2 * head + part + 1) * size));
        }
      }
      for (const rows of [k, v]) fused.push(...rows.slice(group * size, (group + 1) * size));
    }
    s.put(`${ours}self_attention.linear_qkv.${kind}`, fused, `${theirs}self_attn.q_proj.${kind}`);
    s.copy(`${ours}self_attention.linear_proj.${kind}`, `${theirs}self_attn.o_proj.${kind}`);
  }
  for (const head of ['q', 'k']) {
    s.copy(`${ours}self_attention.${head}_layernorm.weight`, `${theirs}self_attn.${head}_norm.weight`);
  }
}

function putDeltaNet(s: Sharding, ours: string, theirs: string): void {
  const [mixer, linear] = [`${ours}self_attention.`, `${theirs}linear_attn.`];
  s.copy(`${mixer}in_proj.layer_norm_weight`, `${theirs}input_layernorm.weight`);
  const heads = s.count('linear_num_key_heads');
  const each = s.count('linear_num_value_heads') / heads;
  const [keyDim, valueDim] = [s.count('linear_key_head_dim'), s.count('linear_value_head_dim')];
  const sizes = { query: keyDim, key: keyDim, value: each * valueDim };
  if (s.hf.has(`${linear}in_proj_ba.weight`)) {
    putByHead(s, `${mixer}in_proj.weight`, `${linear}in_proj_qkvz.weight`, { ...sizes, z: each * valueDim });
    putByHead(s, `${mixer}in_proj.weight`, `${linear}in_proj_ba.weight`, { beta: each, alpha: each });
  } else {
    putKinds(s, `${mixer}in_proj.weight`, `${linear}in_proj_qkv.weight`, sizes, heads);
    s.copy(`${mixer}in_proj.weight.z`, `${linear}in_proj_z.weight`);
    s.copy(`${mixer}in_proj.weight.beta`, `${linear}in_proj_b.weight`);
    s.copy(`${mixer}in_proj.weight.alpha`, `${linear}in_proj_a.weight`);
  }
  putKinds(s, `${mixer}conv1d.weight`, `${linear}conv1d.weight`, sizes, heads);
  for (const name of ['A_log', 'dt_bias', 'out_proj.weight']) s.copy(mixer + name, linear + name);
  const norm = `${linear}norm.weight`;
  s.putVector(
    `${mixer}out_norm.weight`,
    s.get(norm).data.map((value) => value - 1),
  );
}

type Sizes = Readonly<Record<string, number>>;

/** Rows of `theirs`: for each key head its rows of each kind. */
function putByHead(s: Sharding, ours: string, theirs: string, sizes: Sizes): void {
  const rows = s.rows(theirs);
  const kinds = Object.entries(sizes);
  const period = kinds.reduce((sum, [, size]) => sum + size, 0);
  let first = 0;
  for (const [kind, size] of kinds) {
    const start = first;
    const isOfKind = (_: unknown, row: number): boolean => row % period >= start && row % period < start + size;
    s.put(`${ours}.${kind}`, rows.filter(isOfKind), theirs);
    first += size;
  }
}

/** Rows of `theirs`: all rows of one kind, then all of the next. */
function putKinds(s: Sharding, ours: string, theirs: string, sizes: Sizes, heads: number): void {
  const rows = s.rows(theirs);
  let first = 0;
  for (const [kind, size] of Object.entries(sizes)) {
    s.put(`${ours}.${kind}`, rows.slice(first, first + heads * size), theirs);
    first += heads * size;
  }
  if (first !== rows.length) throw new Error(`${theirs}: ${rows.length} rows, the parts have ${first}`);
}
