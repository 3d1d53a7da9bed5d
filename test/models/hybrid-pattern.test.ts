// One spelling for two fields: symbols and names stand for the same blocks, and only those.
import { describe, expect, it } from 'vitest';
import { spellPattern } from '../../src/models/hybrid-pattern.ts';

describe('the pattern of config.json', () => {
  it.each([
    [{ hybrid_override_pattern: 'ME*-' }, 'ME*-'],
    [{ layers_block_type: ['mamba', 'moe', 'attention', 'mlp'] }, 'ME*-'],
    [{ layers_block_type: ['linear_attention', 'moe', 'full_attention', 'mlp'] }, 'ME*-'],
    [{ layers_block_type: ['mamba'], hybrid_override_pattern: 'ME' }, 'M'],
    [{}, null],
    [{ hybrid_override_pattern: null, layers_block_type: null }, null],
  ])('%j', (config, wanted) => expect(spellPattern(config)).toBe(wanted));

  it.each([
    [{ hybrid_override_pattern: 'MX' }],
    [{ hybrid_override_pattern: 7 }],
    [{ layers_block_type: ['mamba', 'other'] }],
    [{ layers_block_type: ['mamba', 'toString'] }],
    [{ layers_block_type: ['mamba', 3] }],
  ])('%j says nothing: no such blocks', (config) => expect(spellPattern(config)).toBeNull());
});
