// The families that engine `stream` knows, and how one is found from a reference config.
import { DECILM } from './decilm.ts';
import { DEEPSEEK_V2 } from './deepseek-v2.ts';
import { DEEPSEEK_V3 } from './deepseek-v3.ts';
import { GEMMA2 } from './gemma2.ts';
import { GEMMA3 } from './gemma3.ts';
import { GLM4_MOE } from './glm4-moe.ts';
import { GLM4 } from './glm4.ts';
import { GPT_OSS } from './gpt-oss.ts';
import { LLAMA } from './llama.ts';
import { MISTRAL } from './mistral.ts';
import { MIXTRAL } from './mixtral.ts';
import { NEMOTRON_H } from './nemotron-h.ts';
import { NEMOTRON } from './nemotron.ts';
import { OLMO2 } from './olmo2.ts';
import { OLMO3 } from './olmo3.ts';
import { QWEN2_MOE } from './qwen2-moe.ts';
import { QWEN2 } from './qwen2.ts';
import { QWEN3_5_MOE } from './qwen3-5-moe.ts';
import { QWEN3_5 } from './qwen3-5.ts';
import { QWEN3_MOE } from './qwen3-moe.ts';
import { QWEN3_NEXT } from './qwen3-next.ts';
import { QWEN3 } from './qwen3.ts';
import type { Family, ModelConfig, ModelDimensions, OptionalPart } from './types.ts';

export const FAMILIES: readonly Family[] = [
  DECILM,
  DEEPSEEK_V2,
  DEEPSEEK_V3,
  GEMMA2,
  GEMMA3,
  GLM4,
  GLM4_MOE,
  GPT_OSS,
  LLAMA,
  MISTRAL,
  MIXTRAL,
  NEMOTRON,
  NEMOTRON_H,
  OLMO2,
  OLMO3,
  QWEN2,
  QWEN2_MOE,
  QWEN3,
  QWEN3_MOE,
  QWEN3_NEXT,
  QWEN3_5,
  QWEN3_5_MOE,
];

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
