// Which layers have experts, or a sliding window: Megatron's `moe_layer_freq` and `window_attn_skip_freq`, and what `config.json` says.
// Facts: Megatron-Core `gpt_layer_specs.py`, `transformer/utils.py` `is_layer_window_attention`; transformers `modeling_deepseek_v3.py` and `modeling_qwen3_moe.py` (decoder layers).
import type { ModelConfig } from './types.ts';

/** Above every published model; nothing is built for a number that nobody has checked yet. */
const MOST_LAYERS = 10_000;

/** `moe_layer_freq`: a number n means every n-th layer from the first on, a list has 1 where there are experts. Null where it is neither. */
export function sparseLayers(frequency: unknown, layers: number): readonly boolean[] | null {
  if (layers > MOST_LAYERS) return null;
  if (typeof frequency === 'number' && Number.isSafeInteger(frequency) && frequency > 0) {
    return Array.from({ length: layers }, (_, layer) => layer % frequency === 0);
  }
  const isList = Array.isArray(frequency) && frequency.length === layers;
  return isList && frequency.every((entry) => entry === 0 || entry === 1)
    ? frequency.map((entry) => entry === 1)
    : null;
}

/**
 * `window_attn_skip_freq` of a model with a window: a number n means that every n-th layer has none, a list has 0 there, and nothing means
 * that all have it. Null where it is neither.
 */
export function windowedLayers(frequency: unknown, layers: number): readonly boolean[] | null {
  if (layers > MOST_LAYERS) return null;
  const isNumber = typeof frequency === 'number' && Number.isSafeInteger(frequency) && frequency > 0;
  if (frequency == null || isNumber) {
    return Array.from({ length: layers }, (_, layer) => frequency == null || (layer + 1) % frequency !== 0);
  }
  return Array.isArray(frequency) && frequency.length === layers ? frequency.map(Boolean) : null;
}

/** Layers in front of the first one with experts, or null where a dense one comes after it. */
export function leadingDense(sparse: readonly boolean[]): number | null {
  const first = sparse.indexOf(true);
  if (first === -1) return sparse.length;
  return sparse.slice(first).every(Boolean) ? first : null;
}

/** What `config.json` says, or null where it has no field about it. */
export function configuredSparse(config: ModelConfig, layers: number): readonly boolean[] | null {
  if (layers > MOST_LAYERS) return null;
  const { mlp_layer_types: types, first_k_dense_replace: dense, decoder_sparse_step: step } = config;
  const only = config['mlp_only_layers'];
  const every = (is: (layer: number) => boolean): boolean[] => Array.from({ length: layers }, (_, layer) => is(layer));
  if (Array.isArray(types) && types.length === layers) return types.map((type) => type === 'sparse');
  if (typeof dense === 'number') {
    // DeepSeek's own code has a field of Megatron's name beside it, which is 1 in all published models.
    const frequency = typeof config['moe_layer_freq'] === 'number' ? config['moe_layer_freq'] : 1;
    return every((layer) => layer >= dense && layer % frequency === 0);
  }
  if (typeof step !== 'number' && !Array.isArray(only)) return null;
  const plain: readonly unknown[] = Array.isArray(only) ? only : [];
  const stride = typeof step === 'number' ? step : 1;
  return every(sparseByStep(stride, plain));
}

/** `decoder_sparse_step` counts layers from one; those of `mlp_only_layers` have no experts. */
export function sparseByStep(step: number, plain: readonly unknown[]): (layer: number) => boolean {
  const dense = new Set(plain);
  return (layer) => !dense.has(layer) && (layer + 1) % step === 0;
}
