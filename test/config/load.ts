// Loading a configuration in a test: an empty environment, and the problems of one that is refused.
import { expect } from 'vitest';
import { loadConfig, type LoadConfigOptions, type LoadedConfig } from '../../src/config/load-config.ts';
import { ConversionError } from '../../src/contract/index.ts';

/** What every request needs. */
export const GIVEN = ['megatron_path=/runs/iter_0000100', 'hf_path=/out/hf'];

export async function load(options: LoadConfigOptions): Promise<LoadedConfig> {
  return loadConfig({ environment: {}, ...options });
}

export async function problemsOf(options: LoadConfigOptions): Promise<readonly string[]> {
  const error: unknown = await load(options).catch((reason: unknown) => reason);
  if (!(error instanceof ConversionError)) throw new Error('the configuration was accepted');
  expect(error.type).toBe('InvalidInput');
  for (const problem of error.problems) expect(error.message).toContain(problem);
  return error.problems.length > 0 ? error.problems : [error.message];
}
