// Worlds that lose a rank, or are interrupted: all end, one says why, and the same command goes on.
import { existsSync } from 'node:fs';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { findProcesses } from '../../src/launch/find-processes.ts';
import { jsonLines } from '../cli/run-cli.ts';
import { makeFolder } from '../config/config-folder.ts';
import { BlockedShard, finishedFiles } from '../support/blocked-checkpoint.ts';
import { HeldRanks } from '../support/held-ranks.ts';
import { isAlive, waitFor } from '../support/launch-processes.ts';
import { copyIteration } from '../support/rank-conversion.ts';
import {
  collect,
  endOf,
  IMPATIENT,
  QUICK,
  REQUEST,
  slurmEnvironment,
  startRank,
  startRanks,
  torchEnvironment,
  type Rank,
} from './ranks.ts';

async function blockedWorld(folder: string) {
  const checkpoint = await copyIteration('llama-trained', folder);
  const shard = new BlockedShard(checkpoint, '__3_1.distcp');
  const held = new HeldRanks(folder);
  const args = [
    ...REQUEST,
    `megatron_path=${checkpoint}`,
    `hf_path=${folder}/hf`,
    ...IMPATIENT,
    'retry.stall=30s',
    QUICK,
  ];
  const start = (size: number, id = folder): readonly Rank[] =>
    startRanks(size, [...args, '--json'], (rank) => ({ ...torchEnvironment(rank, size, id), ...held.environment }));
  return { shard, held, start };
}

const stagingIn = async (folder: string): Promise<string> =>
  join(folder, (await readdir(folder)).find((name) => name.endsWith('.partial')) ?? 'none');

describe('a rank that is killed', () => {
  it('ends the others with one message; the same world again goes on with the finished files', async () => {
    const folder = await makeFolder();
    const { shard, held, start } = await blockedWorld(folder);
    const ranks = start(2);
    const [leader, follower] = ranks;
    if (!leader || !follower) throw new Error('two were started');
    const printed = collect(leader);
    await waitFor(() => printed().includes('starting 2 ranks'), 60);
    // No rank has read anything yet: those that need this shard cannot finish.
    shard.block();
    held.letGo();
    await waitFor(async () => finishedFiles(await stagingIn(folder)).length >= 4, 60);
    const staging = await stagingIn(folder);
    // Each rank does its share in a process of its own, and there is no torchrun.
    for (const rank of [0, 1]) expect(await findProcesses(['--mark', `rank ${rank} in ${staging}`])).toHaveLength(1);
    expect(await findProcesses(['--staging', staging])).toHaveLength(2);
    follower.kill('SIGKILL');
    const [first, second] = await endOf(ranks);
    expect(first?.code).toBe(1);
    const failed = jsonLines(first?.out ?? '').at(-1);
    expect(failed).toMatchObject({ event: 'failed', type: 'RankFailed' });
    expect(failed?.['message']).toMatch(
      new RegExp(
        `^rank 1 \\(process ${follower.pid} on \\S+\\) ended without a word: it was killed, or ran out of memory\\. All 2 ranks`,
      ),
    );
    expect(second?.err).toBe('');
    expect(await findProcesses(['--staging', staging])).toEqual([]);
    expect(existsSync(`${folder}/hf`)).toBe(false);
    shard.unblock();
    const again = await endOf(start(2));
    expect(again.map(({ code }) => code)).toEqual([0, 0]);
    const converted = jsonLines(again[0]?.out ?? '').find(
      (event) => event['phase'] === 'convert' && event['state'] === 'done',
    );
    expect(converted?.['summary']).toMatch(new RegExp(`, ([4-9]|1\\d) files reused`));
    expect((await readdir(folder)).filter((name) => name.startsWith('.hf'))).toEqual([]);
  });

  it('rank 0: one of the others says so; its meeting does not hinder the next world of the same name', async () => {
    const folder = await makeFolder({ 'iter_0000001/common.pt': '' });
    const args = [`megatron_path=${folder}/iter_0000001`, `hf_path=${folder}/hf`, ...IMPATIENT];
    const ranks = startRanks(3, args, (rank) => torchEnvironment(rank, 3, folder));
    const [leader] = ranks;
    if (!leader) throw new Error('three were started');
    const printed = collect(leader);
    await waitFor(() => printed().includes('waiting (attempt 1'), 60);
    leader.kill('SIGKILL');
    const [, ...others] = await endOf(ranks);
    expect(others.map(({ code }) => code)).toEqual([1, 1]);
    const told = others.map(({ err }) => err).filter((text) => text !== '');
    expect(told).toHaveLength(1);
    expect(told[0]).toContain(`rank 0 (process ${leader.pid} on`);
    expect((await readdir(folder)).some((name) => name.startsWith('.hf.world-'))).toBe(true);

    // An incomplete checkpoint ends all with the same code, and rank 0 says why.
    const impatient = [...args, 'wait.timeout=1s', 'wait.initial_interval=2s'];
    const [first, ...rest] = await endOf(startRanks(3, impatient, (rank) => torchEnvironment(rank, 3, folder)));
    expect(first?.code).toBe(4);
    expect(first?.err).toContain('WaitTimedOut');
    expect(rest).toEqual([
      { code: 4, out: '', err: '' },
      { code: 4, out: '', err: '' },
    ]);
    expect((await readdir(folder)).toSorted()).toEqual(['iter_0000001']);
  });
});

it('a rank that is silent, and one more world of the same name', async () => {
  const folder = await makeFolder({ 'iter_0000001/common.pt': '' });
  const args = [`megatron_path=${folder}/iter_0000001`, `hf_path=${folder}/hf`, ...IMPATIENT];
  const ranks = startRanks(2, args, (rank) => torchEnvironment(rank, 2, folder));
  const [leader, follower] = ranks;
  if (!leader || !follower) throw new Error('two were started');
  const printed = collect(leader);
  await waitFor(() => printed().includes('waiting (attempt 1'), 60);
  const [other] = await endOf([startRank(args, { env: torchEnvironment(0, 2, folder) })]);
  expect(other?.code).toBe(1);
  expect(other?.err).toContain('TargetOwned: Another world of the same name is at work on this target');
  expect(isAlive(leader.pid ?? 0)).toBe(true);
  follower.kill('SIGSTOP');
  const [first] = await endOf([leader]);
  expect(first?.code).toBe(1);
  expect(first?.err).toMatch(/rank 1 \(process \d+ on \S+\) has been silent for \d\.\d s \(retry\.heartbeat\)/);
  follower.kill('SIGKILL');
});

it('a signal to all ends all, and rank 0 says so', async () => {
  const folder = await makeFolder({ 'iter_0000001/common.pt': '' });
  const args = [`megatron_path=${folder}/iter_0000001`, `hf_path=${folder}/hf`];
  const ranks = startRanks(2, args, (rank) => slurmEnvironment(rank, 2, folder));
  const [leader] = ranks;
  if (!leader) throw new Error('two were started');
  const printed = collect(leader);
  await waitFor(() => printed().includes('waiting (attempt 1'), 60);
  // Ctrl-C: from the terminal, and once more from torchrun.
  for (const rank of ranks.toReversed()) rank.kill('SIGINT');
  for (const rank of ranks.toReversed()) rank.kill('SIGTERM');
  const [first, second] = await endOf(ranks);
  expect(first?.code).toBe(130);
  expect(first?.err).toContain('interrupted: no rank is left');
  expect(second).toEqual({ code: 130, out: '', err: '' });
  expect((await readdir(folder)).toSorted()).toEqual(['iter_0000001']);
});

it('a signal to one rank alone ends the others as well', async () => {
  const folder = await makeFolder({ 'iter_0000001/common.pt': '' });
  const args = [`megatron_path=${folder}/iter_0000001`, `hf_path=${folder}/hf`];
  const ranks = startRanks(2, args, (rank) => torchEnvironment(rank, 2, folder));
  const [leader, follower] = ranks;
  if (!leader || !follower) throw new Error('two were started');
  const printed = collect(leader);
  await waitFor(() => printed().includes('waiting (attempt 1'), 60);
  follower.kill('SIGTERM');
  const [first, second] = await endOf(ranks);
  expect(first?.code).toBe(1);
  expect(first?.err).toMatch(/RankFailed: rank 1 \(process \d+ on \S+\) left: interrupted by SIGTERM\. All 2 ranks/);
  expect(second).toEqual({ code: 130, out: '', err: '' });
  expect((await readdir(folder)).toSorted()).toEqual(['iter_0000001']);
});

it('a rank 0 that ends before it has called anybody, and one that may not use the target', async () => {
  const folder = await makeFolder({ 'worker.yaml': 'allowed_roots: [/nowhere]\n' });
  const called = startRanks(2, [...REQUEST, `hf_path=${folder}/called/hf`], (rank) =>
    torchEnvironment(rank, 3, folder),
  );
  const refused = startRank([...REQUEST, `hf_path=${folder}/refused/hf`, '--worker', `${folder}/worker.yaml`], {
    env: torchEnvironment(0, 2, folder),
  });
  const [leader] = called;
  if (!leader) throw new Error('two were started');
  const meeting = await waitForMeeting(join(folder, 'called'), 2);
  // It has seen rank 0 beat.
  const before = await readFile(join(meeting, 'beat-0.json'), 'utf8');
  await waitFor(async () => (await readFile(join(meeting, 'beat-0.json'), 'utf8')) !== before);
  await sleep(1000);
  leader.kill('SIGKILL');
  const [, second] = await endOf(called);
  expect(second?.code).toBe(1);
  expect(second?.err).toContain(`rank 0 (process ${leader.pid} on`);
  expect(second?.err).toContain('is gone and has called nobody');
  const [end] = await endOf([refused]);
  expect(end?.code).toBe(1);
  expect(end?.err).toContain('PolicyRefused');
  // Not even its parent was made.
  expect(existsSync(`${folder}/refused`)).toBe(false);
});

/** Until so many ranks beat. */
async function waitForMeeting(parent: string, ranks: number): Promise<string> {
  let meeting = '';
  await waitFor(async () => {
    const entries = existsSync(parent) ? await readdir(parent) : [];
    meeting = join(parent, entries.find((name) => /\.world-[0-9a-f]{12}$/.test(name)) ?? 'none');
    const names = existsSync(meeting) ? await readdir(meeting) : [];
    return names.filter((name) => /^beat-\d+\.json$/.test(name)).length >= ranks;
  }, 60);
  return meeting;
}
