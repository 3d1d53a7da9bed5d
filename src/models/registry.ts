// The families that engine `stream` knows, and how one is found from a reference config.
import { LLAMA } from './llama.ts';
import { MISTRAL } from './mistral.ts';
import { QWEN2 } from './qwen2.ts';
import { QWEN3_MOE } from './qwen3-moe.ts';
import { QWEN3 } from './qwen3.ts';
import type { Family, ModelConfig } from './types.ts';

export const FAMILIES: readonly Family[] = [LLAMA, MISTRAL, QWEN2, QWEN3, QWEN3_MOE];

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
