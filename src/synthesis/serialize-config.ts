// The text of a `config.json` that transformers accepts: since version 5 it checks types, and takes no 7 where it wants 7.0.
import type { ModelConfig } from '../models/types.ts';

/** Fields that are floats in transformers' configurations, or that its rotary code wants as floats. */
const FLOATS = [
  'attention_dropout',
  'initializer_range',
  'layer_norm_epsilon',
  'rms_norm_eps',
  'rope_theta',
  'routed_scaling_factor',
  'swiglu_limit',
  // Of rope_scaling.
  'beta_fast',
  'beta_slow',
  'factor',
  'high_freq_factor',
  'low_freq_factor',
  'mscale',
  'mscale_all_dim',
];
/** With indentation each member has a line of its own. */
const WHOLE_FLOAT = new RegExp(String.raw`^(\s*"(?:${FLOATS.join('|')})": -?\d+)(,?)$`, 'gm');

/** Sorted, so that the text depends on the values alone. */
export function serializeConfig(config: ModelConfig): string {
  const sorted = Object.fromEntries(Object.entries(config).toSorted(([a], [b]) => (a < b ? -1 : 1)));
  return `${JSON.stringify(sorted, null, 2).replace(WHOLE_FLOAT, '$1.0$2')}\n`;
}
