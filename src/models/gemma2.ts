// Gemma 2. Soft caps, windows and the scale of the scores shape no tensor: config.json says them.
// Facts: Megatron-Bridge `models/gemma/gemma2_bridge.py`; transformers `models/gemma2`.
import { gemmaFamily } from './gemma.ts';

export const GEMMA2 = gemmaFamily('gemma2', 'Gemma2ForCausalLM', false);
