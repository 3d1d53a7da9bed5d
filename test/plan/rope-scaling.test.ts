// Scaled rotary positions in the words of both sides.
import { describe, expect, it } from 'vitest';
import { configuredScaling, recordedScaling } from '../../src/plan/rope-scaling.ts';

describe('config.json', () => {
  it.each([
    [{}, 'none'],
    [{ rope_scaling: null }, 'none'],
    [{ rope_parameters: { rope_type: 'default', rope_theta: 5 } }, 'none'],
    [{ rope_scaling: { type: 'yarn', factor: 40 } }, 'yarn by 40'],
    [{ rope_scaling: { rope_type: 'linear', factor: 1 } }, 'none'],
    [{ rope_parameters: { rope_type: 'llama3', factor: 8, rope_theta: 5 } }, 'llama3 by 8'],
    [{ rope_scaling: { rope_type: 'longrope', factor: 8 } }, null],
    // Gemma 3: one for each kind of layer.
    [{ rope_parameters: { full_attention: { rope_type: 'linear', factor: 8 }, sliding_attention: {} } }, null],
  ])('%j', (config, wanted) => expect(configuredScaling({ config, values: {} })).toBe(wanted));
});

describe('the record', () => {
  const ROPE = { position_embedding_type: 'rope' };
  const LATENT = { ...ROPE, multi_latent_attention: true };
  it.each([
    [{}, null],
    [{ ...ROPE, rope_scaling: false, rope_scaling_factor: 1, seq_len_interpolation_factor: null }, 'none'],
    [{ ...ROPE, use_rope_scaling: false, rope_scaling_factor: 8 }, 'none'],
    [{ ...ROPE, use_rope_scaling: true, rope_scaling_factor: 8 }, 'llama3 by 8'],
    [{ ...ROPE, rope_scaling: false, seq_len_interpolation_factor: 4 }, 'linear by 4'],
    [{ position_embedding_type: 'yarn', yarn_rotary_scaling_factor: 32 }, 'yarn by 32'],
    [{ position_embedding_type: 'none', rope_scaling: true, rope_scaling_factor: 8 }, null],
    // Llama 3.1 and Gemma 3 by classes of their own, which stretch without the flag.
    [{ ...ROPE, rope_scaling: false, rope_scaling_factor: 1, scale_factor: 8 }, null],
    [{ ...ROPE, rope_scaling: false, rope_scaling_factor: 8 }, null],
    [{ ...LATENT, rope_type: 'yarn', rotary_scaling_factor: 40 }, 'yarn by 40'],
    [{ ...LATENT, rope_type: 'yarn', rotary_scaling_factor: 1 }, 'none'],
    [{ ...LATENT, rope_type: 'rope', rotary_scaling_factor: 40 }, 'none'],
    [LATENT, null],
  ])('%j', (values, wanted) => expect(recordedScaling({ config: {}, values })).toBe(wanted));
});
