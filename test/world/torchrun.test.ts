// Two torchrun agents with one rank each, as on two nodes.
import { mkdir, readdir } from 'node:fs/promises';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { execa } from 'execa';
import { expect, it, onTestFinished } from 'vitest';
import { findProcesses } from '../../src/launch/find-processes.ts';
import { findDescendants } from '../cli/processes.ts';
import { jsonLines, MAIN, ROOT, runCli } from '../cli/run-cli.ts';
import { makeFolder } from '../config/config-folder.ts';
import { BlockedShard, finishedFiles } from '../support/blocked-checkpoint.ts';
import { HeldRanks } from '../support/held-ranks.ts';
import { isAlive, waitFor } from '../support/launch-processes.ts';
import { copyIteration } from '../support/rank-conversion.ts';
import { collect, digestExport, QUICK, REQUEST } from './ranks.ts';

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  await new Promise((resolve) => server.close(resolve));
  if (address === null || typeof address === 'string') throw new Error('no port');
  return address.port;
}

/** One agent; `restarts` lets it start its ranks anew. */
function startAgent(node: number, port: number, args: readonly string[], { restarts = 0, env = {} } = {}) {
  const options = ['--nnodes', '2', '--node-rank', String(node), '--nproc-per-node', '1'];
  const rendezvous = ['--master-addr', '127.0.0.1', '--master-port', String(port), '--max-restarts', String(restarts)];
  const agent = execa(
    join(ROOT, '.venv/bin/torchrun'),
    [...options, ...rendezvous, '--no-python', process.execPath, MAIN, 'convert', ...args],
    { reject: false, env: { NO_COLOR: '1', OMP_NUM_THREADS: '1', ...env }, killDescendants: true },
  );
  onTestFinished(() => void agent.kill('SIGKILL'));
  return agent;
}

it('two nodes give the bytes of one process, also when a rank is killed on the way and torchrun starts it anew', async () => {
  const folder = await makeFolder();
  const checkpoint = await copyIteration('llama-trained', folder);
  const shard = new BlockedShard(checkpoint, '__3_1.distcp');
  const request = [...REQUEST, `megatron_path=${checkpoint}`, QUICK];
  const alone = runCli(['convert', ...request, `hf_path=${folder}/alone/hf`, 'distributed=false']);
  expect((await alone).exitCode).toBe(0);

  const port = await freePort();
  await mkdir(`${folder}/two`);
  const args = [...request, `hf_path=${folder}/two/hf`, '--json', 'retry.heartbeat=10s', 'retry.stall=1m'];
  const held = new HeldRanks(folder);
  const agents = [0, 1].map((node) => startAgent(node, port, args, { restarts: 2, env: held.environment }));
  const [first, second] = agents;
  if (!first || !second) throw new Error('two were started');
  const printed = collect(first);
  await waitFor(() => printed().includes('starting 2 ranks'), 120);
  // No rank has read anything yet: those that need this shard cannot finish.
  shard.block();
  held.letGo();
  const staging = await waitForFiles(`${folder}/two`, 2);
  const [victim] = findDescendants(second.pid);
  if (victim === undefined) throw new Error('the second agent has no rank');
  process.kill(victim, 'SIGKILL');
  await waitFor(() => !isAlive(victim), 20);
  await waitFor(async () => (await findProcesses(['--staging', staging])).length === 0, 60);
  shard.unblock();

  const ends = await Promise.all(agents);
  expect(ends.map(({ exitCode }) => exitCode)).toEqual([0, 0]);
  const events = jsonLines(ends[0]?.stdout ?? '');
  expect(events.find(({ event }) => event === 'failed')?.['message']).toContain(`rank 1 (process ${victim} on`);
  expect(events.at(-1)).toMatchObject({ event: 'result', hf_path: `${folder}/two/hf` });
  const converted = events.findLast(({ phase, state }) => phase === 'convert' && state === 'done');
  expect(converted?.['summary']).toMatch(/, ([2-9]|1\d) files reused/);
  expect(ends[1]?.stdout).toBe('');
  expect(await digestExport(`${folder}/two/hf`)).toEqual(await digestExport(`${folder}/alone/hf`));
  expect(await readdir(`${folder}/two`)).toEqual(['hf']);
});

async function waitForFiles(folder: string, files: number): Promise<string> {
  let staging = '';
  await waitFor(async () => {
    const name = (await readdir(folder)).find((entry) => entry.endsWith('.partial'));
    staging = join(folder, name ?? '');
    return name !== undefined && finishedFiles(staging).length >= files;
  }, 60);
  return staging;
}

it('an agent that dies takes its rank along, and rank 0 tells which is lost', async () => {
  const folder = await makeFolder({ 'iter_0000001/common.pt': '' });
  const port = await freePort();
  const args = [`megatron_path=${folder}/iter_0000001`, `hf_path=${folder}/hf`, 'retry.heartbeat=5s'];
  const first = startAgent(0, port, args);
  const second = startAgent(1, port, args);
  const printed = collect(first);
  await waitFor(() => printed().includes('waiting (attempt 1'), 120);
  const [orphan] = findDescendants(second.pid);
  if (orphan === undefined) throw new Error('the second agent has no rank');
  // Not by execa, which would end its descendants too.
  process.kill(second.pid ?? 0, 'SIGKILL');
  await waitFor(() => !isAlive(orphan), 20);
  const end = await first;
  expect(end.exitCode).toBe(1);
  // torchrun shows it as the root cause too.
  expect(end.stderr).toMatch(new RegExp(`RankFailed: rank 1 \\(process ${orphan} on \\S+\\) ended without a word`));
});
