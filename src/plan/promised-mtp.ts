// What a reference promises of layers for multi-token prediction, under whatever name a family reads.
import { MTP_FIELDS } from '../models/mtp-fields.ts';
import type { ModelConfig } from '../models/types.ts';

/** The fields that must be zero where no such layer is exported, and are not. */
export function promisedMtp(config: ModelConfig): readonly string[] {
  return MTP_FIELDS.filter((field) => typeof config[field] === 'number' && config[field] !== 0);
}
