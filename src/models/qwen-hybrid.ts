// What Qwen3-Next and Qwen3.5 share: layers with a gated delta net among layers of attention with an output gate, norms centred at zero,
// experts beside a shared one behind a gate, and one layer for multi-token prediction.
// Facts: Megatron-Bridge `models/qwen/{qwen3_next,qwen35}_bridge.py`; transformers `models/{qwen3_next,qwen3_5,qwen3_5_moe}`.
import {
  DECODER,
  ends,
  gatedExperts,
  gatedMlp,
  INPUT_NORM,
  MLP_NORM,
  projectionBias,
  queryKeyNorms,
  router,
  rowsOf,
  type Stack,
} from './blocks.ts';
import { demandLlamaLike } from './demands.ts';
import {
  addKeys,
  attentionKeys,
  decoderKeys,
  gatedMlpKeys,
  linearKeys,
  normKeys,
  preNormKeys,
  type Keys,
} from './expected-keys.ts';
import { deltaNet } from './gated-delta-net.ts';
import type { HybridSizes } from './qwen-hybrid-config.ts';
import { routedKeys } from './qwen-moe.ts';
import type { Demand, ModelDimensions, OptionalPart, Rule } from './types.ts';

const MTP: Stack = { ours: 'mtp.layers.*.', theirs: 'mtp.' };
const MTP_LAYER: Stack = { ours: 'mtp.layers.*.transformer_layer.', theirs: 'mtp.layers.*.' };

/** @param projections the projections of the gated delta net. */
export function hybridRules(projections: (at: Stack) => readonly Rule[]): readonly Rule[] {
  const { direct } = rowsOf(MTP);
  return [
    ...ends(),
    ...hybridLayer(DECODER),
    ...deltaNet(DECODER, projections(DECODER)),
    direct('eh_proj.weight', 'fc.weight'),
    direct('enorm.weight', 'pre_fc_norm_embedding.weight'),
    direct('hnorm.weight', 'pre_fc_norm_hidden.weight'),
    ...hybridLayer(MTP_LAYER),
    direct('final_layernorm.weight', 'norm.weight'),
  ];
}

/** The norm before the gated delta net is fused into its projection. */
const FIRST_NORM = ['self_attention.in_proj.layer_norm_weight', ...INPUT_NORM];

function hybridLayer(at: Stack): readonly Rule[] {
  const { direct } = rowsOf(at);
  return [
    direct(FIRST_NORM, 'input_layernorm.weight'),
    ...gatedAttention(at),
    direct(MLP_NORM, 'post_attention_layernorm.weight'),
    ...gatedMlp(at),
    ...router(at),
    ...gatedExperts(at),
    ...gatedMlp(at, 'mlp.shared_experts', 'mlp.shared_expert'),
    direct('mlp.shared_experts.gate_weight', 'mlp.shared_expert_gate.weight'),
  ];
}

/** Attention whose queries have a gate each (`attention_output_gate`). */
function gatedAttention(at: Stack): readonly Rule[] {
  const { row, direct } = rowsOf(at);
  const fused = (kind: string): Rule =>
    row(
      'qkv with gate',
      [`self_attention.linear_qkv.${kind}`],
      ['q', 'k', 'v'].map((name) => `self_attn.${name}_proj.${kind}`),
    );
  return [
    fused('weight'),
    fused('bias'),
    direct('self_attention.linear_proj.weight', 'self_attn.o_proj.weight'),
    ...projectionBias(at),
    ...queryKeyNorms(at),
  ];
}

export const HYBRID_DEMANDS: readonly Demand[] = [
  ...demandLlamaLike({ queryKeyNorms: true, rotary: 'part', zeroCentredNorms: true, outputGate: true }),
  // megatron-core 0.20 calls it gdn; its gdn2 is another layer, with other keys.
  { names: ['experimental_attention_variant'], accepts: ['gated_delta_net', 'gdn'] },
];

/** Demands of the layers with experts. */
export const SHARED_EXPERT_DEMANDS: readonly Demand[] = [
  { names: ['moe_router_score_function'], accepts: ['softmax'] },
  { names: ['moe_shared_expert_gate'], accepts: [true] },
];

export const HYBRID_MTP: readonly OptionalPart[] = [
  {
    name: 'mtp',
    keys: /^mtp\./,
    sources: /^mtp\./,
    why: 'a layer for multi-token prediction, which speculative decoding alone uses',
  },
];

/** Keys of what the families make in different ways. */
export interface HybridKeys {
  readonly deltaNet: Keys;
  /** The MLP or the experts of a layer. */
  readonly mlp: (layer: number) => Keys;
  readonly mtpMlp: Keys;
}

export function hybridKeys(
  d: ModelDimensions,
  { isLinear, attentionBias: bias }: HybridSizes,
  keys: HybridKeys,
): ReadonlyMap<string, readonly number[]> {
  const attended = attentionKeys(d, { qkvBias: bias, projectionBias: bias, queryKeyNorms: true });
  const norms = preNormKeys(d.hidden);
  const expected = decoderKeys(d, (layer) => [
    ...(isLinear(layer) ? keys.deltaNet : attended),
    ...keys.mlp(layer),
    ...norms,
  ]);
  if ((d.mtpLayers ?? 0) === 0) return expected;
  addKeys(expected, 'mtp', [
    ...normKeys('pre_fc_norm_embedding', d.hidden),
    ...normKeys('pre_fc_norm_hidden', d.hidden),
    ...linearKeys('fc', d.hidden, 2 * d.hidden),
    ...normKeys('norm', d.hidden),
  ]);
  addKeys(expected, 'mtp.layers.0', [...attended, ...keys.mtpMlp, ...norms]);
  return expected;
}

/** Routed experts, and the shared one with its gate. */
export function sharedExpertKeys(d: ModelDimensions, moeFfn: number, sharedFfn: number): Keys {
  return [
    ...routedKeys(d, moeFfn),
    ...gatedMlpKeys('mlp.shared_expert', d.hidden, sharedFfn),
    ...linearKeys('mlp.shared_expert_gate', 1, d.hidden),
  ];
}
