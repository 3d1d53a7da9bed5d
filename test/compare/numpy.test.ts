// The figures of a comparison against numpy, for every pair of floating-point dtypes.
import { join } from 'node:path';
import { execa } from 'execa';
import { expect, test } from 'vitest';
import { compareSides } from '../../src/compare/compare-sides.ts';
import { openSides } from '../../src/compare/open-sides.ts';
import { makeFolder } from '../config/config-folder.ts';
import { PYTHON, surroundingsFor } from '../support/rank-conversion.ts';

interface Facts {
  readonly max_abs_difference: number;
  readonly at: number[];
  readonly different_elements: number;
  readonly over_tolerance: number;
}

test.each([1, 2, 3])('random numbers, seed %i', async (seed) => {
  const folder = await makeFolder();
  const [a, b] = [join(folder, 'a.safetensors'), join(folder, 'b.safetensors')];
  const { stdout } = await execa(PYTHON, [join(import.meta.dirname, 'numpy_pairs.py'), a, b, String(seed)]);
  const facts = JSON.parse(stdout) as Record<string, Facts>;
  const surroundings = surroundingsFor();
  for (const tolerance of [null, 1e-3]) {
    const sides = await openSides(a, b, null, surroundings);
    const { tensors } = await compareSides(...sides, {
      tolerance,
      signal: surroundings.signal,
      onProgress: () => undefined,
    });
    for (const side of sides) side.close();
    const found = tensors.map(({ name, distance }) => [
      name,
      [distance?.max_abs_difference, distance?.at, distance?.different_elements],
    ]);
    const expected = Object.entries(facts).map(([name, fact]) => [
      name,
      [fact.max_abs_difference, fact.at, tolerance === null ? fact.different_elements : fact.over_tolerance],
    ]);
    expect(Object.fromEntries(found)).toEqual(Object.fromEntries(expected));
    expect(found).toHaveLength(16);
  }
});
