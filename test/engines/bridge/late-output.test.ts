// A converter elsewhere whose files a network file system shows only after its job has ended.
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, it, onTestFinished, vi } from 'vitest';
import { convert } from '../../../src/engines/convert.ts';
import { validateParallelism } from '../../../src/engines/preflight.ts';
import { bridgeInput, bridgePolicy, bridgeSurroundings, completenessOf } from '../../support/bridge-worker.ts';
import { leptonProfile } from '../../support/cloud-profiles.ts';
import { startLepton } from '../../support/lepton-stand-in.ts';
import { digestTensors, expectedOf, PYTHON, temporaryDirectory } from '../../support/rank-conversion.ts';

it('is waited for, also with strict=false, which would let missing tensors pass', async () => {
  const directory = await temporaryDirectory();
  const lepton = await startLepton({ queueMs: 50 });
  onTestFinished(async () => {
    vi.unstubAllEnvs();
    await lepton.close();
    await rm(directory, { recursive: true, force: true });
  });
  for (const [variable, value] of Object.entries(lepton.environment)) vi.stubEnv(variable, value);
  // The converter goes on unseen after its job has ended, which looks the same from here.
  const late = 'setsid env -u CLOUD_STAND_IN_JOB sh -c "sleep 1; exec \\"\\$@\\"" sh "$@" & sleep 0.5';
  const bridge = bridgePolicy({ python: ['/bin/sh', '-c', late, 'sh', PYTHON] });
  const { policy, ...rest } = bridgeSurroundings(bridge);
  const surroundings = { ...rest, policy: { ...policy, profiles: { cloud: leptonProfile() } } };
  const input = await bridgeInput(join(directory, 'late'), { profile: 'cloud', strict: false, distributed: true });
  const preflight = await validateParallelism(input, await completenessOf(input.megatron_path), surroundings);
  const converted = await convert(input, preflight, surroundings);
  expect(await digestTensors(join(converted.staging, 'export'))).toEqual((await expectedOf('llama-trained')).tensors);
  expect(converted.warnings.join()).not.toContain('were expected');
}, 60_000);
