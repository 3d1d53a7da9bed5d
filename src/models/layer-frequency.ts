// Which layers have experts: Megatron's `moe_layer_freq`, and the fields of `config.json` that say the same.
// Facts: Megatron-Core `gpt_layer_specs.py`; transformers `modeling_deepseek_v3.py` and `modeling_qwen3_moe.py` (decoder layers).
import type { ModelConfig } from './types.ts';

/** `moe_layer_freq`: a number n means every n-th layer from the first on, a list has 1 where there are experts. Null where it is neither. */
export function sparseLayers(frequency: unknown, layers: number): readonly boolean[] | null {
  if (typeof frequency === 'number' && Number.isSafeInteger(frequency) && frequency > 0) {
    return Array.from({ length: layers }, (_, layer) => layer % frequency === 0);
  }
  const isList = Array.isArray(frequency) && frequency.length === layers;
  return isList && frequency.every((entry) => entry === 0 || entry === 1) ? frequency.map((entry) => entry === 1) : null;
}

/** Layers in front of the first one with experts, or null where a dense one comes after it. */
export function leadingDense(sparse: readonly boolean[]): number | null {
  const first = sparse.indexOf(true);
  if (first === -1) return sparse.length;
  return sparse.slice(first).every(Boolean) ? first : null;
}

/** What `config.json` says, or null where it has no field about it. */
export function configuredSparse(config: ModelConfig, layers: number): readonly boolean[] | null {
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
  return every((layer) => !plain.includes(layer) && (layer + 1) % stride === 0);
}
