import { join } from 'node:path';
import { expect, test } from 'vitest';
import { findPackageRoot } from '../../src/config/package-root.ts';
import { loadWorkerConfig } from '../../src/config/worker-policy.ts';
import { CONVERT_QUEUE, ConversionError, PREFLIGHT_QUEUE, SMOKE_QUEUE } from '../../src/contract/index.ts';
import { makeFolder } from './config-folder.ts';

test('the shipped file: everything allowed on disk, nobody’s code, the usual queues', async () => {
  const { policy, worker, file } = await loadWorkerConfig();
  expect(file).toBe(join(findPackageRoot(), 'config/worker.yaml'));
  expect(policy).toMatchObject({ allowedRoots: ['/'], remoteCode: [], launchPrefix: [], smokeMemory: null });
  expect(policy.torchrun).toEqual([join(findPackageRoot(), '.venv/bin/torchrun')]);
  expect(policy.python).toEqual([join(findPackageRoot(), '.venv/bin/python')]);
  expect(worker.queues).toEqual({ preflight: PREFLIGHT_QUEUE, convert: CONVERT_QUEUE, smoke: SMOKE_QUEUE });
});

test('a file of the operator', async () => {
  const folder = await makeFolder({
    'worker.yaml': [
      'allowed_roots: [/lustre, /scratch]',
      'torchrun: [/opt/venv/bin/torchrun, --log-dir, /tmp/x]',
      'launch_prefix: [numactl, --interleave=all]',
      'smoke_memory: 64GiB',
      'queues: {convert: big}',
      'concurrency: {convert: 4}',
    ].join('\n'),
  });
  const { policy, worker } = await loadWorkerConfig(join(folder, 'worker.yaml'));
  expect(policy).toMatchObject({
    allowedRoots: ['/lustre', '/scratch'],
    torchrun: ['/opt/venv/bin/torchrun', '--log-dir', '/tmp/x'],
    launchPrefix: ['numactl', '--interleave=all'],
    smokeMemory: 64 * 1024 ** 3,
  });
  expect(worker).toEqual({
    queues: { preflight: PREFLIGHT_QUEUE, convert: 'big', smoke: SMOKE_QUEUE },
    concurrency: { preflight: 10, convert: 4, smoke: 1 },
  });
});

test('memory may be a number of bytes', async () => {
  const folder = await makeFolder({ 'worker.yaml': 'smoke_memory: 8000000000\n' });
  const { policy } = await loadWorkerConfig(join(folder, 'worker.yaml'));
  expect(policy.smokeMemory).toBe(8e9);
});

test('mistakes are refused all at once', async () => {
  const folder = await makeFolder({
    'worker.yaml': 'allowed_root: [/x]\nremote_code: yes\nconcurrency: {convert: 0}\n',
  });
  const error: unknown = await loadWorkerConfig(join(folder, 'worker.yaml')).catch((reason: unknown) => reason);
  expect(error).toBeInstanceOf(ConversionError);
  expect((error as ConversionError).problems).toEqual([
    `allowed_root (${folder}/worker.yaml:1): there is no such parameter; did you mean allowed_roots?`,
    `remote_code (${folder}/worker.yaml:2): expected list of text, found true`,
    `concurrency.convert (${folder}/worker.yaml:3): expected integer from 1 to 1000, found 0`,
  ]);
});
