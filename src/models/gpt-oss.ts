// GPT-OSS: attention with biases and a sink for each head, and routed experts with biases that transformers keeps fused and transposed, gate
// and up alternating. Megatron's checkpoint has all gate rows before all up rows, unless `moe_mlp_glu_interleave_size` is set: that is refused
// (`plan/judge-interleave.ts`). Facts: Megatron-Bridge `models/gpt_oss/gpt_oss_bridge.py`; transformers `models/gpt_oss`.
import { attention, DECODER, ends, layerNorms, projectionBias, qkvBias, router, rowsOf } from './blocks.ts';
import { EVERY_LAYER_ROTATED, PLAIN_SCORES, UNSCALED_EXPERTS } from './demands.ts';
import { readDecoder } from './dimensions.ts';
import { attentionKeys, decoderKeys, linearKeys, preNormKeys, type Keys } from './expected-keys.ts';
import { readConfig } from './read-config.ts';
import { synthesizeGptOss } from './synthesize-gpt-oss.ts';
import type { Family, ModelDimensions, Rule, Spelling } from './types.ts';

const { row, direct } = rowsOf(DECODER);
const FC1 = 'mlp.experts.experts.{e}.linear_fc1';
const FC2 = 'mlp.experts.experts.{e}.linear_fc2';

/** Whole, or the halves that `singleton_local_shards` stores apart. */
function gated(kind: 'weight' | 'bias', transform: Rule['transform'], to: string): Rule {
  const spellings: readonly Spelling[] = [`${FC1}.${kind}`, [`${FC1}.${kind}_w`, `${FC1}.${kind}_v`]];
  return row(transform, spellings, [to]);
}

export const GPT_OSS: Family = {
  name: 'gpt-oss',
  architectures: ['GptOssForCausalLM'],
  rules: [
    ...ends(),
    ...layerNorms(DECODER),
    direct('self_attention.core_attention.softmax_offset', 'self_attn.sinks'),
    ...attention(DECODER),
    ...qkvBias(DECODER),
    ...projectionBias(DECODER),
    ...router(DECODER, 'mlp.router'),
    direct('mlp.router.bias', 'mlp.router.bias'),
    gated('weight', 'gated, interleaved, transposed', 'mlp.experts.gate_up_proj'),
    gated('bias', 'gated, interleaved', 'mlp.experts.gate_up_proj_bias'),
    row('transposed', [`${FC2}.weight`], ['mlp.experts.down_proj']),
    direct(`${FC2}.bias`, 'mlp.experts.down_proj_bias'),
  ],
  demands: [
    { names: ['layernorm_zero_centered_gamma', 'apply_layernorm_1p'], accepts: [false] },
    { names: ['normalization'], accepts: ['RMSNorm'] },
    { names: ['apply_residual_connection_post_layernorm'], accepts: [false] },
    { names: ['gated_linear_unit'], accepts: [true] },
    { names: ['activation_func'], accepts: ['quick_gelu'] },
    // Megatron-LM's own spellings of the activation.
    { names: ['quick_geglu'], accepts: [true] },
    { names: ['swiglu', 'squared_relu', 'openai_gelu'], accepts: [false] },
    { names: ['glu_linear_offset'], accepts: [1] },
    { names: ['softmax_type'], accepts: ['learnable'] },
    { names: ['position_embedding_type'], accepts: ['rope', 'yarn'] },
    { names: ['rotary_interleaved'], accepts: [false] },
    { names: ['rotary_percent'], accepts: [1] },
    { names: ['qk_layernorm', 'attention_output_gate', 'multi_latent_attention'], accepts: [false] },
    { names: ['moe_router_score_function'], accepts: ['softmax'] },
    EVERY_LAYER_ROTATED,
    PLAIN_SCORES,
    UNSCALED_EXPERTS,
    // The scores of the best experts alone go through the softmax.
    { names: ['moe_router_pre_softmax'], accepts: [false] },
  ],
  keepFloat32: [],
  dimensions: (config) =>
    readConfig(config, (read) => ({
      ...readDecoder(config, read, { queryGroups: 8, headDim: 64 }),
      experts: read.count('num_local_experts', 128),
    })),
  expected: (d, config) => {
    const bias = config['attention_bias'] !== false;
    const layer: Keys = [
      ['self_attn.sinks', [d.heads]],
      ...attentionKeys(d, { qkvBias: bias, projectionBias: bias }),
      ...linearKeys('mlp.router', d.experts ?? 0, d.hidden, true),
      ...fusedExpertKeys(d),
      ...preNormKeys(d.hidden),
    ];
    return decoderKeys(d, () => layer);
  },
  synthesize: synthesizeGptOss,
};

/** One tensor for all experts, columns first. */
function fusedExpertKeys({ hidden, ffn, experts }: ModelDimensions): Keys {
  const count = experts ?? 0;
  return [
    ['mlp.experts.gate_up_proj', [count, hidden, 2 * ffn]],
    ['mlp.experts.gate_up_proj_bias', [count, 2 * ffn]],
    ['mlp.experts.down_proj', [count, ffn, hidden]],
    ['mlp.experts.down_proj_bias', [count, hidden]],
  ];
}
