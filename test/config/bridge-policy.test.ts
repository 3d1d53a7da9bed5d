import { join } from 'node:path';
import { expect, test } from 'vitest';
import { loadWorkerConfig } from '../../src/config/worker-policy.ts';
import { ConversionError } from '../../src/contract/index.ts';
import { makeFolder } from './config-folder.ts';

const load = async (text: string) => {
  const folder = await makeFolder({ 'worker.yaml': text });
  return loadWorkerConfig(join(folder, 'worker.yaml'));
};

test('engine bridge is off until it is enabled, whatever else is set', async () => {
  expect((await load('python: [/p]\n')).policy.bridge).toBeNull();
  expect((await load('bridge: {script: /opt/x/convert.py}\n')).policy.bridge).toBeNull();
});

test('enabled: the python of the worker, the lists of arguments one after the other, variables by name', async () => {
  const { policy } = await load(
    [
      'python: [/p/python]',
      'bridge:',
      '  enabled: true',
      '  extra_args: [--a]',
      '  distributed_extra_args: [--b, "2"]',
      '  environment: ["NCCL_DEBUG=INFO", "X=a=b", "EMPTY="]',
      '  allowed_targets: [my_models]',
    ].join('\n'),
  );
  expect(policy.bridge).toEqual({
    script: null,
    python: ['/p/python'],
    extraArgs: ['--a', '--b', '2'],
    environment: { NCCL_DEBUG: 'INFO', X: 'a=b', EMPTY: '' },
    allowedTargets: ['my_models'],
  });
});

test('mistakes are named with their place', async () => {
  const error: unknown = await load('bridge:\n  script: relative.py\n  environment: [NCCL_DEBUG]\n').catch(
    (reason: unknown) => reason,
  );
  expect(error).toBeInstanceOf(ConversionError);
  const problems = (error as ConversionError).problems.join('\n');
  expect(problems).toContain('bridge.script');
  expect(problems).toContain('bridge.environment');
});
