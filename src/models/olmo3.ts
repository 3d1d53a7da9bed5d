// OLMo-3: OLMo-2's tensors. Three of four layers have a sliding window and rotary positions that are never stretched, neither of which
// shapes a tensor. Facts: transformers `models/olmo3`; mcore-bridge takes both families for one. Megatron-core has the windows
// (`window_attn_skip_freq`), and no way to stretch the positions of some layers alone.
import { OLMO2 } from './olmo2.ts';
import type { Family } from './types.ts';

export const OLMO3: Family = { ...OLMO2, name: 'olmo3', architectures: ['Olmo3ForCausalLM'] };
