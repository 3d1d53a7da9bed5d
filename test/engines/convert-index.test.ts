import { execFileSync } from 'node:child_process';
import { expect, it } from 'vitest';
import { formatIndex } from '../../src/engines/convert-index.ts';
import { PYTHON } from '../support/rank-conversion.ts';

it('has the text that transformers writes', () => {
  const index = {
    metadata: { total_size: 12, total_parameters: 6 },
    weight_map: {
      'model.b.weight': 'model-00002-of-00002.safetensors',
      'lm_head.weight': 'model-00001-of-00002.safetensors',
    },
  };
  const script =
    'import json, sys; sys.stdout.write(json.dumps(json.load(sys.stdin), indent=2, sort_keys=True) + "\\n")';
  const expected = execFileSync(PYTHON, ['-c', script], { encoding: 'utf8', input: JSON.stringify(index) });
  expect(formatIndex(index)).toBe(expected);
});
