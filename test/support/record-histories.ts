// Records the histories in test/histories anew, from real runs: `node test/support/record-histories.ts` (half a minute).
import { mkdir, readdir, rm, writeFile } from 'node:fs/promises';
import { hostname } from 'node:os';
import { join } from 'node:path';

import { cancelConversion, type ConversionHandle, describeProgress, startConversion } from '../../src/client.ts';
import type { ConversionRequest } from '../../src/contract/index.ts';
import { type RecoveryWorld, startRecoveryWorld, temporal } from './recovery-world.ts';
import { arriveLate } from './temporal-checkpoints.ts';
import { waitFor } from './temporal-operate.ts';

export const HISTORIES = join(import.meta.dirname, '..', 'histories');

interface Recording {
  readonly ends: 'COMPLETED' | 'FAILED' | 'CANCELLED';
  readonly request: (world: RecoveryWorld) => ConversionRequest;
  /** What happens while it runs. */
  readonly meanwhile?: (world: RecoveryWorld, handle: ConversionHandle) => Promise<void>;
}

const absent = (world: RecoveryWorld): string => join(world.path, 'iter_0000300');
const isWaiting = (handle: ConversionHandle): Promise<unknown> =>
  waitFor('a first look', async () => (await describeProgress(handle)).activity?.lastFailure);

/** In their order: a later one finds what an earlier one published. */
const RECORDINGS: Readonly<Record<string, Recording>> = {
  'not-validated': { ends: 'COMPLETED', request: (world) => world.request('model') },
  'smoke-failed': {
    ends: 'FAILED',
    request: (world) => world.request('judged', { smoke: { min_perplexity_ratio: 1e6 } }),
  },
  success: { ends: 'COMPLETED', request: (world) => world.request('judged', { smoke: {} }) },
  'already-published': { ends: 'COMPLETED', request: (world) => world.request('judged', { smoke: {} }) },
  cancelled: {
    ends: 'CANCELLED',
    request: (world) => world.request('late', { megatron_path: absent(world) }),
    async meanwhile(_world, handle) {
      await isWaiting(handle);
      await cancelConversion(handle);
    },
  },
  'timed-out': {
    ends: 'FAILED',
    request: (world) => world.request('late', { megatron_path: absent(world), wait: { timeout: '2s' } }),
  },
  waited: {
    ends: 'COMPLETED',
    request: (world) => world.request('late', { megatron_path: absent(world) }),
    async meanwhile(world, handle) {
      await isWaiting(handle);
      await (await arriveLate(world.checkpoint.megatron_path, absent(world))).finish();
    },
  },
};

async function record(world: RecoveryWorld, name: string, { ends, request, meanwhile }: Recording): Promise<void> {
  const { handle, workflowId, runId } = await startConversion(world.client, request(world), { workflowId: name });
  await meanwhile?.(world, handle);
  const state = await waitFor('the end of the run', async () => {
    const { status } = await handle.describe();
    return status.name !== 'RUNNING' && status.name;
  });
  if (state !== ends) throw new Error(`${name} is ${state}, expected ${ends}`);
  const history = await temporal(world.address, ['workflow', 'show', '-w', workflowId, '-r', runId, '-o', 'json']);
  await writeFile(join(HISTORIES, `${name}.json`), `${history.replaceAll(hostname(), 'host').trim()}\n`);
  process.stdout.write(`${name}: ${state}, ${history.length} bytes\n`);
}

if (import.meta.main) {
  const world = await startRecoveryWorld();
  try {
    await mkdir(HISTORIES, { recursive: true });
    for (const old of await readdir(HISTORIES)) await rm(join(HISTORIES, old));
    for (const [name, recording] of Object.entries(RECORDINGS)) await record(world, name, recording);
  } finally {
    await world.stop();
  }
}
