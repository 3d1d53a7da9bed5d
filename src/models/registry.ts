// The families that engine `stream` knows, and how one is found from a reference config.
import { DEEPSEEK_V2 } from './deepseek-v2.ts';
import { DEEPSEEK_V3 } from './deepseek-v3.ts';
import { GPT_OSS } from './gpt-oss.ts';
import { LLAMA } from './llama.ts';
import { MISTRAL } from './mistral.ts';
import { NEMOTRON_H } from './nemotron-h.ts';
import { QWEN2 } from './qwen2.ts';
import { QWEN3_MOE } from './qwen3-moe.ts';
import { QWEN3 } from './qwen3.ts';
import type { Family, ModelConfig, ModelDimensions, OptionalPart } from './types.ts';

export const FAMILIES: readonly Family[] = [DEEPSEEK_V2, DEEPSEEK_V3, GPT_OSS, LLAMA, MISTRAL, NEMOTRON_H, QWEN2, QWEN3, QWEN3_MOE];

/** The family whose architecture `config.json` names, or null. */
export function findFamily(config: ModelConfig): Family | null {
  const names = architecturesOf(config);
  return FAMILIES.find((family) => family.architectures.some((name) => names.includes(name))) ?? null;
}

/** The `architectures` of a `config.json`; empty where it has none. */
export function architecturesOf(config: ModelConfig): readonly string[] {
  const names = config['architectures'];
  return Array.isArray(names) ? names.filter((name): name is string => typeof name === 'string') : [];
}

/** The parts of a model of this family that a reference or a checkpoint may lack as a whole. */
export function optionalParts({ optional = [] }: Family, dimensions: ModelDimensions): readonly OptionalPart[] {
  return typeof optional === 'function' ? optional(dimensions) : optional;
}
