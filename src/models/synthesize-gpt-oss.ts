// A `config.json` of GPT-OSS from the record of a training run.
// Facts: Megatron-Bridge `models/gpt_oss/gpt_oss_bridge.py`; transformers `configuration_gpt_oss.py`.
import { windowedLayers } from './layer-frequency.ts';
import type { RecordReader } from './read-record.ts';
import { readBiases, readWindow, synthesizeLlamaLike } from './synthesize-decoder.ts';
import { readExperts, refuseUnlessPlain } from './synthesize-experts.ts';
import type { ModelConfig } from './types.ts';

export function synthesizeGptOss(record: RecordReader): ModelConfig {
  const decoder = synthesizeLlamaLike(record);
  const layers = Number(decoder['num_hidden_layers']);
  const experts = readExperts(record, layers);
  refuseUnlessPlain(record, experts);
  if (experts.sparse.includes(false)) record.complain('dense layers (moe_layer_freq) are not possible');
  if (!readBiases(record).linear) record.complain('add_bias_linear must be true');
  // 1 is demanded where it is recorded, and 0 is what Megatron-Core takes where nothing is said.
  record.need(record.number('glu_linear_offset'), 1, 'glu_linear_offset');
  const windowed = windowedLayers(record.value('window_attn_skip_freq'), layers);
  if (windowed === null) record.complain(`window_attn_skip_freq does not say for ${layers} layers which have a window`);
  return {
    ...decoder,
    model_type: 'gpt_oss',
    attention_bias: true,
    intermediate_size: experts.ffn,
    num_local_experts: experts.experts,
    num_experts_per_tok: experts.topk,
    sliding_window: record.need(readWindow(record), 1, 'window_size'),
    layer_types: windowed?.map((hasWindow) => (hasWindow ? 'sliding_attention' : 'full_attention')),
    swiglu_limit: record.need(record.number('activation_func_clamp_value'), 1, 'activation_func_clamp_value'),
  };
}
