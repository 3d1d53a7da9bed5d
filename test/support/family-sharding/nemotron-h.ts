// Nemotron-H and Nemotron-3: one mixer a layer, whose kind the pattern names. Facts: megatron-core `ssm/mamba_mixer.py`, `moe/moe_layer.py`.
import type { Shard, Sharding } from './sharding.ts';

export const shardNemotronH: Shard = (s) => {
  s.copy('embedding.word_embeddings.weight', 'backbone.embeddings.weight');
  s.copy('decoder.final_norm.weight', 'backbone.norm_f.weight');
  s.copyIfAny('output_layer.weight', 'lm_head.weight');
  for (const [i, kind] of s.text('hybrid_override_pattern').split('').entries()) {
    putLayer(s, kind, `decoder.layers.${i}.`, `backbone.layers.${i}.`);
  }
  const depth = s.hf.has('mtp.layers.0.eh_proj.weight') ? 1 : 0;
  const inner = depth === 0 ? '' : s.text('mtp_hybrid_override_pattern');
  for (let o = 0; o < depth; o += 1) {
    const ours = `mtp.layers.${o}.`;
    const first = `mtp.layers.${o * inner.length}.`;
    for (const name of ['eh_proj', 'enorm', 'hnorm']) s.copy(`${ours}${name}.weight`, `${first}${name}.weight`);
    for (const [i, kind] of inner.split('').entries()) {
      putLayer(s, kind, `${ours}mtp_model_layer.layers.${i}.`, `mtp.layers.${o * inner.length + i}.`);
    }
    const last = `mtp.layers.${(o + 1) * inner.length - 1}.`;
    s.copy(`${ours}final_layernorm.weight`, `${last}final_layernorm.weight`);
  }
};

function putLayer(s: Sharding, kind: string, ours: string, theirs: string): void {
  const mixer = `${theirs}mixer.`;
  if (kind === 'M') putMamba(s, ours, theirs);
  else if (kind === '*') {
    s.copy(`${ours}self_attention.linear_qkv.layer_norm_weight`, `${theirs}norm.weight`);
    s.attention(ours, mixer);
  } else if (kind === '-') {
    s.copy(`${ours}mlp.linear_fc1.layer_norm_weight`, `${theirs}norm.weight`);
    putMlp(s, `${ours}mlp.`, mixer);
  } else putExperts(s, ours, theirs);
}

function putMlp(s: Sharding, ours: string, theirs: string): void {
  s.copy(`${ours}linear_fc1.weight`, `${theirs}up_proj.weight`);
  s.copy(`${ours}linear_fc2.weight`, `${theirs}down_proj.weight`);
  s.copyIfAny(`${ours}linear_fc1.bias`, `${theirs}up_proj.bias`);
  s.copyIfAny(`${ours}linear_fc2.bias`, `${theirs}down_proj.bias`);
}

function putExperts(s: Sharding, ours: string, theirs: string): void {
  const mixer = `${theirs}mixer.`;
  s.copy(`${ours}pre_mlp_layernorm.weight`, `${theirs}norm.weight`);
  s.copy(`${ours}mlp.router.weight`, `${mixer}gate.weight`);
  s.copy(`${ours}mlp.router.expert_bias`, `${mixer}gate.e_score_correction_bias`);
  for (let e = 0; e < s.count('n_routed_experts'); e += 1) {
    putMlp(s, `${ours}mlp.experts.experts.${e}.`, `${mixer}experts.${e}.`);
  }
  putMlp(s, `${ours}mlp.shared_experts.`, `${mixer}shared_experts.`);
  for (const latent of ['fc1_latent_proj', 'fc2_latent_proj']) {
    s.copyIfAny(`${ours}mlp.${latent}.weight`, `${mixer}${latent}.weight`);
  }
}

/** The projection and the convolution are stored in parts, one key each. */
function putMamba(s: Sharding, ours: string, theirs: string): void {
  const inner = s.count('mamba_num_heads') * s.count('mamba_head_dim');
  const states = s.count('n_groups') * s.count('ssm_state_size');
  s.copy(`${ours}mixer.in_proj.layer_norm_weight`, `${theirs}norm.weight`);
  const mixer = `${theirs}mixer.`;
  putParts(s, `${ours}mixer.in_proj.weight`, `${mixer}in_proj.weight`, {
    z: inner,
    x: inner,
    B: states,
    C: states,
    dt: s.count('mamba_num_heads'),
  });
  for (const kind of ['weight', 'bias']) {
    const name = `${mixer}conv1d.${kind}`;
    if (s.hf.has(name)) putParts(s, `${ours}mixer.conv1d.${kind}`, name, { x: inner, B: states, C: states });
  }
  for (const name of ['A_log', 'D', 'dt_bias', 'norm.weight', 'out_proj.weight']) {
    s.copy(`${ours}mixer.${name}`, `${mixer}${name}`);
  }
}

function putParts(s: Sharding, ours: string, theirs: string, parts: Readonly<Record<string, number>>): void {
  const rows = s.rows(theirs);
  let first = 0;
  for (const [part, count] of Object.entries(parts)) {
    s.put(`${ours}.${part}`, rows.slice(first, first + count), theirs);
    first += count;
  }
  if (first !== rows.length) throw new Error(`${theirs}: ${rows.length} rows, the parts have ${first}`);
}
