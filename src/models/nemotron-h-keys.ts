// The Hugging Face keys that a Nemotron-H config calls for. Facts: transformers `modeling_nemotron_h.py`, whose `model.` is `backbone.` on
// disk (`conversion_mapping.py`); Megatron-Bridge `nemotron_h_bridge.py` for multi-token prediction, which transformers leaves out.
import {
  addKeys,
  attentionKeys,
  decoderKeys,
  expertKeys,
  linearKeys,
  normKeys,
  plainMlpKeys,
  type Keys,
} from './expected-keys.ts';
import type { Block } from './hybrid-pattern.ts';
import type { NemotronHConfig } from './nemotron-h-config.ts';

const NAMES = { embedding: 'backbone.embeddings', layers: 'backbone.layers', norm: 'backbone.norm_f' };

export function nemotronHKeys(config: NemotronHConfig): ReadonlyMap<string, readonly number[]> {
  const { dimensions, blocks, mtpBlocks, mtpDepth } = config;
  const layerKeys = (block: Block): Keys => [...normKeys('norm', dimensions.hidden), ...BLOCK_KEYS[block](config)];
  // transformers ties nothing here (`_tied_weights_keys = {}`): even a tied model needs an output layer of its own on disk.
  const untied = { ...dimensions, tied: false };
  const expected = decoderKeys(untied, (index) => layerKeys(blocks[index] ?? 'mlp'), NAMES);
  for (let layer = 0; layer < mtpDepth * mtpBlocks.length; layer += 1) {
    const inner = layer % mtpBlocks.length;
    const joints = [
      ...(inner === 0 ? entryKeys(dimensions.hidden) : []),
      ...(inner === mtpBlocks.length - 1 ? normKeys('final_layernorm', dimensions.hidden) : []),
    ];
    addKeys(expected, `mtp.layers.${layer}`, [...joints, ...layerKeys(mtpBlocks[inner] ?? 'mlp')]);
  }
  return expected;
}

/** What joins the hidden state and the next token's embedding in front of a multi-token prediction block. */
function entryKeys(hidden: number): Keys {
  return [...normKeys('enorm', hidden), ...normKeys('hnorm', hidden), ...linearKeys('eh_proj', hidden, 2 * hidden)];
}

const BLOCK_KEYS: Readonly<Record<Block, (config: NemotronHConfig) => Keys>> = {
  mamba: mambaKeys,
  attention: ({ dimensions, attentionBias: bias }) =>
    attentionKeys(dimensions, { qkvBias: bias, projectionBias: bias }, 'mixer'),
  mlp: ({ dimensions: { hidden, ffn }, mlpBias }) => plainMlpKeys('mixer', hidden, ffn, mlpBias),
  moe: moeKeys,
};

function mambaKeys({ dimensions: { hidden }, mamba }: NemotronHConfig): Keys {
  const { heads, headDim, groups, state, kernel, convBias, projectionBias } = mamba;
  const inner = heads * headDim;
  const convolved = inner + 2 * groups * state;
  return [
    ['mixer.dt_bias', [heads]],
    ['mixer.A_log', [heads]],
    ['mixer.D', [heads]],
    ['mixer.conv1d.weight', [convolved, 1, kernel]],
    ...(convBias ? ([['mixer.conv1d.bias', [convolved]]] as const) : []),
    ...linearKeys('mixer.in_proj', inner + convolved + heads, hidden, projectionBias),
    ...normKeys('mixer.norm', inner),
    ...linearKeys('mixer.out_proj', hidden, inner, projectionBias),
  ];
}

function moeKeys({ dimensions: { hidden, experts }, moe: { ffn, sharedFfn, latent }, mlpBias }: NemotronHConfig): Keys {
  const seen = latent ?? hidden;
  const count = experts ?? 0;
  return [
    ...expertKeys(count, 'mixer.experts', (expert) => linearKeys(`${expert}.up_proj`, ffn, seen)),
    ...expertKeys(count, 'mixer.experts', (expert) => linearKeys(`${expert}.down_proj`, seen, ffn)),
    ...linearKeys('mixer.gate', count, hidden),
    ['mixer.gate.e_score_correction_bias', [count]],
    ...plainMlpKeys('mixer.shared_experts', hidden, sharedFfn, mlpBias),
    ...(latent === null ? [] : linearKeys('mixer.fc1_latent_proj', latent, hidden, mlpBias)),
    ...(latent === null ? [] : linearKeys('mixer.fc2_latent_proj', hidden, latent, mlpBias)),
  ];
}
