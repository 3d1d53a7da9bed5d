// The part `config` of `-d` is a superset of what the step itself compiles from the same words and the same environment.
import { expect, test } from 'vitest';
import { composeConfig } from '../../src/config/compose-config.ts';
import { loadConfig, requestOptions } from '../../src/config/load-config.ts';
import { STEP_PARAMETERS } from '../../src/config/step-parameters.ts';
import { STEP_COMPILATIONS } from './step-compiled.ts';

/** The step calls int() on these; in its configuration they are text where they come from the environment. */
const NUMBERS = new Set(['tp', 'pp', 'ep', 'etp', 'nproc_per_node']);

const asTheStepReads = (value: unknown): unknown =>
  JSON.parse(JSON.stringify(value), (key, item: unknown) => (NUMBERS.has(key) ? Number(item) : item));

test.each(STEP_COMPILATIONS)(
  '$name: every key of the step with its value',
  async ({ dotlist, environment, config }) => {
    const loaded = await loadConfig({ overrides: dotlist, environment, cwd: '/work' });
    const ours = composeConfig(loaded.input);
    expect(ours).toMatchObject(asTheStepReads(config) as object);
    const known = new Set(STEP_PARAMETERS.map(({ name }) => name.split('.')[0]));
    expect(Object.keys(ours).filter((key) => !known.has(key))).toEqual(['megatron_to_hf']);
  },
);

test('every parameter of a request is in the compiled configuration, or is unset', async () => {
  const { input } = await loadConfig({ overrides: ['megatron_path=/x'], environment: {}, cwd: '/work' });
  const compiled = composeConfig({ ...input, hf_revision: 'main', profile: 'p', dtype: 'float32' });
  const own = compiled['megatron_to_hf'] as object;
  const absent = requestOptions().filter(({ path }) => !found(path, compiled) && !found(path, own));
  const unset = absent.filter(({ path, fallback }) => path !== 'dtype' && fallback !== undefined);
  expect(unset).toEqual([]);
});

const found = (path: string, tree: object): boolean =>
  path.split('.').reduce<unknown>((node, key) => (node as Record<string, unknown> | undefined)?.[key], tree) !==
  undefined;

test('each difference of the table is said, and where nothing is said the defaults are equal', async () => {
  const { input } = await loadConfig({ overrides: ['megatron_path=/x'], environment: {}, cwd: '/work' });
  const defaults = composeConfig(input);
  const options = new Set(requestOptions().map(({ path }) => path));
  for (const { name, fallback, ours, difference } of STEP_PARAMETERS) {
    if (ours !== null) expect(options).toContain(ours);
    if (difference === '') expect([name, defaults[name]]).toEqual([name, fallback]);
  }
});
