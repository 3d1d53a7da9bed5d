// Layers for multi-token prediction that stand behind the last layer, in its numbering.
// Facts: Megatron-Core `transformer/multi_token_prediction.py` (it shares embedding and output layer with the decoder); Megatron-Bridge
// `models/deepseek/common.py`, `models/glm/glm45_bridge.py`; the indices of the published DeepSeek-V3 and GLM-4.5, which hold copies of both.
// Megatron-Bridge leaves the copies out; engines that load these layers alone expect them, so they are written wherever the reference has them.
import { rowsOf, type Stack } from './blocks.ts';
import { addKeys, linearKeys, normKeys, type Keys } from './expected-keys.ts';
import type { ModelDimensions, OptionalPart, Placement, Rule } from './types.ts';

/** Layer i for multi-token prediction, of L layers. */
const BEHIND: Placement = { text: 'L + i', index: ([i = 0], { layers }) => layers + i };
const MTP: Stack = { ours: 'mtp.layers.*.', theirs: 'model.layers.*.', place: BEHIND };
const MTP_LAYER: Stack = { ...MTP, ours: 'mtp.layers.*.transformer_layer.' };

/** A copy in every layer behind the last one. */
const IN_EACH: Placement = {
  text: 'each of L, L + 1, ...',
  index: ([layer = 0]) => layer,
  each: ({ layers, mtpLayers }) => Array.from({ length: mtpLayers ?? 0 }, (_, i) => layers + i),
};

/** @param layer rows of a layer of the decoder, of which one is inside */
export function layersBehind(layer: (at: Stack) => readonly Rule[]): readonly Rule[] {
  const { direct } = rowsOf(MTP);
  return [
    direct('enorm.weight', 'enorm.weight'),
    direct('hnorm.weight', 'hnorm.weight'),
    direct('eh_proj.weight', 'eh_proj.weight'),
    ...layer(MTP_LAYER),
    direct('final_layernorm.weight', 'shared_head.norm.weight'),
    copy(['embedding.word_embeddings.weight'], 'embed_tokens'),
    // Of a tied model the embedding is the output layer.
    copy(['output_layer.weight', 'embedding.word_embeddings.weight'], 'shared_head.head'),
  ];
}

function copy(from: readonly string[], module: string): Rule {
  return { from, to: [`model.layers.*.${module}.weight`], transform: 'vocabulary', place: IN_EACH };
}

/** @param layerKeys keys of the layer inside, by its number */
export function addLayersBehind(
  expected: Map<string, readonly number[]>,
  { vocab, hidden, layers, mtpLayers }: ModelDimensions,
  layerKeys: (index: number) => Keys,
): void {
  for (let layer = layers; layer < layers + (mtpLayers ?? 0); layer += 1) {
    addKeys(expected, `model.layers.${layer}`, [
      ...linearKeys('embed_tokens', vocab, hidden),
      ...normKeys('enorm', hidden),
      ...normKeys('hnorm', hidden),
      ...linearKeys('eh_proj', hidden, 2 * hidden),
      ...normKeys('shared_head.norm', hidden),
      ...linearKeys('shared_head.head', vocab, hidden),
      ...layerKeys(layer),
    ]);
  }
}

/** Both the layers and the copies in them may be missing as a whole: GLM-4.6 was published without the copies. */
export function describeLayersBehind({ layers, mtpLayers }: ModelDimensions): readonly OptionalPart[] {
  const numbers = Array.from({ length: mtpLayers ?? 0 }, (_, i) => layers + i).join('|');
  if (numbers === '') return [];
  return [
    {
      name: 'mtp',
      keys: new RegExp(String.raw`^model\.layers\.(?:${numbers})\.(?!embed_tokens\.|shared_head\.head\.)`),
      sources: /^mtp\./,
      why: 'layers for multi-token prediction, which speculative decoding alone uses',
    },
    {
      name: 'mtp copies',
      keys: new RegExp(String.raw`^model\.layers\.(?:${numbers})\.(?:embed_tokens|shared_head\.head)\.`),
      sources: /^mtp\./,
      why: 'copies of embedding and output layer, which Megatron shares with the decoder',
    },
  ];
}
