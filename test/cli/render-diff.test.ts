// The verdict and the lines of `diff`, for as many tensors as the largest models have.
import { expect, test } from 'vitest';
import { renderDiff } from '../../src/cli/render-diff.ts';
import type { Comparison } from '../../src/compare/types.ts';
import { compareSides } from '../../src/compare/compare-sides.ts';
import { memorySide } from '../compare/memory-side.ts';
import { float32 } from '../support/safetensors-file.ts';

const options = { tolerance: 1, signal: new AbortController().signal, onProgress: () => undefined };

test('what a tolerance accepts is not counted as unequal', async () => {
  const a = memorySide({ near: float32(1), far: float32(1), only: float32(1) });
  const b = memorySide({ near: float32(1.5), far: float32(9) });
  const lines = renderDiff(await compareSides(a, b, options), true);
  expect(lines.join('\n')).toContain('2 of 3 tensors are not equal');
});

test('130,000 lines', async () => {
  const one = await compareSides(memorySide({ a: float32(1) }), memorySide({ b: float32(1) }), options);
  const tensors = Array.from({ length: 130_000 }, (_, index) => ({ ...one.tensors[0], name: `x${index}y` }));
  expect(renderDiff({ ...one, tensors } as Comparison, true).length).toBeGreaterThan(130_000);
});
