// Names that a quantized reference has beside, or instead of, the weight that a model in full precision has.
// Facts: the published files of DeepSeek-V3 (`weight_scale_inv`), gpt-oss (`_blocks`, `_scales`), Kimi-K2-Thinking (`weight_packed`) and of
// NVIDIA's FP8 exports (`input_scale`); transformers `integrations/`, `quantizers/` for GPTQ, AWQ, compressed-tensors, bitsandbytes.

/** A name that fits, and the name of the weight that it belongs to. */
const COMPANIONS: readonly (readonly [pattern: RegExp, base: string])[] = [
  [/^(.*\.weight)_(?:scale|scale_inv|scale_2|global_scale|zero_point|shape|packed|g_idx)$/, '$1'],
  [/^(.*)\.(?:input_scale|input_zero_point|input_global_scale)$/, '$1.weight'],
  [/^(.*)\.(?:qweight|qzeros|scales|g_idx)$/, '$1.weight'],
  [/^(.*\.weight)\.(?:absmax|quant_map|nested_absmax|nested_quant_map|quant_state\..*)$/, '$1'],
  [/^(.*)_(?:blocks|scales|scale_inv)$/, '$1'],
];

/** The weight that a quantisation companion belongs to, or null where the name is none. */
export function quantizedBase(name: string): string | null {
  const companion = COMPANIONS.find(([pattern]) => pattern.test(name));
  return companion ? name.replace(...companion) : null;
}
