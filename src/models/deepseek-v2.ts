// DeepSeek-V2 and V2-Lite (which projects queries without a latent). Facts: Megatron-Bridge `models/deepseek/deepseek_v2_bridge.py`.
import { DECODER, ends } from './blocks.ts';
import {
  deepseekLayer,
  deepseekLayerKeys,
  demandDeepseek,
  readDeepseekDimensions,
  recordedLatents,
} from './deepseek-moe.ts';
import { decoderKeys } from './expected-keys.ts';
import type { Family } from './types.ts';

const DEFAULTS = { experts: 64, sharedExperts: 2, moeFfn: 1407, denseLayers: 0 } as const;

export const DEEPSEEK_V2: Family = {
  name: 'deepseek-v2',
  architectures: ['DeepseekV2ForCausalLM'],
  rules: [...ends(), ...deepseekLayer(DECODER)],
  demands: demandDeepseek('softmax'),
  recorded: recordedLatents,
  keepFloat32: ['model.layers.*.mlp.gate.weight'],
  dimensions: (config) => readDeepseekDimensions(config, DEFAULTS),
  expected: (d, config) => decoderKeys(d, deepseekLayerKeys(d, config, DEFAULTS, [])),
};
