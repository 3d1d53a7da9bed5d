// The published configs of the large models: a run that started from one is in agreement with it, and its record gives the same model back.
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { readRecord } from '../../src/models/read-record.ts';
import { findFamily } from '../../src/models/registry.ts';
import { compareFactors, compareMeaning } from '../../src/plan/compare-meaning.ts';
import { compareSettings, doubtSettings } from '../../src/plan/compare-settings.ts';
import { recordRun, type Published } from '../support/training-records.ts';

/** Fields that training, caches, kernels, tokens or the reference's own weights need, and no forward pass of the export. */
const IDLE = new Set(
  [
    'architectures auto_map transformers_version use_cache output_router_logits router_aux_loss_coef pretraining_tp ep_size',
    'initializer_range attention_dropout hidden_dropout rescale_prenorm_residual num_logits_to_keep quantization_config',
    'bos_token_id eos_token_id pad_token_id max_window_layers mamba_ssm_cache_dtype use_mamba_kernels chunk_size',
    'time_step_min time_step_max time_step_floor expand mamba_proj_bias norm_eps initial_context_length experts_per_token',
  ].flatMap((names) => names.split(' ')),
);
/** Nemotron-H has no rotary positions, and no window. */
const IDLE_IN_HYBRIDS = new Set(['rope_theta', 'partial_rotary_factor']);

it.each(['llama-3.1-405b', 'qwen3-235b-a22b', 'deepseek-v3', 'gpt-oss-120b', 'nemotron-3-nano-30b-a3b'])(
  '%s',
  async (name) => {
    const path = join(import.meta.dirname, '../../fixtures/full-size', name, 'config.json');
    const config = JSON.parse(await readFile(path, 'utf8')) as Published;
    const family = findFamily(config);
    const { synthesize } = family ?? {};
    if (!family || !synthesize) throw new Error(`no config.json can be made for ${name}`);
    const training = recordRun(config);
    expect([
      ...compareMeaning(family, training),
      ...compareFactors(family, config, training),
      ...doubtSettings(family, config, training),
      ...compareSettings(config, training),
    ]).toEqual([]);
    const stored = { vocabularyRows: Number(config['vocab_size']), hasOutputLayer: true };
    const { result, problems } = readRecord({ training, stored }, (reader) => synthesize(reader));
    expect(problems).toEqual([]);
    const isIdle = (field: string): boolean =>
      IDLE.has(field) || (name.startsWith('nemotron') && IDLE_IN_HYBRIDS.has(field));
    for (const [field, value] of Object.entries(config)) {
      if (isIdle(field) || value === null) continue;
      const { type, ...scaling } = (field === 'rope_scaling' ? value : {}) as Record<string, unknown>;
      const wanted = field === 'rope_scaling' ? { rope_type: type, ...scaling } : value;
      expect(result[field], field).toEqual(wanted);
    }
    expect([...family.expected(family.dimensions(result), result)]).toEqual([
      ...family.expected(family.dimensions(config), config),
    ]);
  },
);
