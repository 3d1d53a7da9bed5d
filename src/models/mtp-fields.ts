// How config.json spells the number of layers for multi-token prediction.
import type { ModelConfig } from './types.ts';

/** DeepSeek, GLM-4.5 and Nemotron; Qwen3.5; GLM-4.5 in transformers 5. The first that is there counts. */
export const MTP_FIELDS: readonly string[] = ['num_nextn_predict_layers', 'mtp_num_hidden_layers', 'num_mtp_layers'];

/** The field that speaks of such layers, or undefined. */
export function findMtpField(config: ModelConfig): string | undefined {
  return MTP_FIELDS.find((name) => config[name] != null);
}
