// Gemma 3, text alone: Gemma 2 with norms on each query and key head.
// Facts: Megatron-Bridge `models/gemma/gemma3_bridge.py`; transformers `models/gemma3`.
import { gemmaFamily } from './gemma.ts';

export const GEMMA3 = gemmaFamily('gemma3', 'Gemma3ForCausalLM', true);
