// Worlds whose ranks are plain processes, as torchrun and srun start them: what they share, and what they refuse.
import { existsSync } from 'node:fs';
import { mkdir, open, readdir, readFile, stat, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { ITERATION, runCli } from '../cli/run-cli.ts';
import { makeFolder } from '../config/config-folder.ts';
import { copyIteration } from '../support/rank-conversion.ts';
import {
  digestExport,
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

describe('one conversion', () => {
  it('of Slurm tasks has the bytes of one process, and rank 0 alone reports it', async () => {
    const folder = await makeFolder();
    const alone = runCli(['convert', ...REQUEST, `hf_path=${folder}/alone`, 'distributed=false']);
    // A world of one rank is a world: nothing is launched by torchrun.
    const single = startRanks(1, [...REQUEST, `hf_path=${folder}/one`], () => torchEnvironment(0, 1, folder));
    const ranks = startRanks(3, [...REQUEST, `hf_path=${folder}/hf`, 'tp=auto'], (rank) =>
      slurmEnvironment(rank, 3, '71'),
    );
    const [first, ...others] = await endOf(ranks);
    expect(first).toMatchObject({ code: 0, out: `${folder}/hf` });
    expect(first?.err).toContain('3 ranks, engine stream');
    expect(others).toEqual([
      { code: 0, out: '', err: '' },
      { code: 0, out: '', err: '' },
    ]);
    expect((await alone).exitCode).toBe(0);
    expect(await digestExport(`${folder}/hf`)).toEqual(await digestExport(`${folder}/alone`));
    expect((await endOf(single))[0]).toMatchObject({ code: 0, out: `${folder}/one` });
    expect(await digestExport(`${folder}/one`)).toEqual(await digestExport(`${folder}/alone`));
    // Neither the meeting nor staging is left.
    expect((await readdir(folder)).toSorted()).toEqual(['alone', 'hf', 'one']);
    const manifest = JSON.parse(await readFile(`${folder}/hf/export_manifest.json`, 'utf8')) as { engine: object };
    expect(manifest.engine).toMatchObject({ name: 'stream', ranks: 3 });
  });
});

it('a rank that sees another directory says what it sees, and rank 0 says whom it did not see', async () => {
  const folder = await makeFolder();
  await mkdir(join(folder, 'here'));
  await mkdir(join(folder, 'there/out'), { recursive: true });
  await writeFile(join(folder, 'there/out/note'), '');
  const args = [...REQUEST, 'hf_path=out/hf', ...IMPATIENT];
  await mkdir(join(folder, 'nowhere'));
  const ranks = ['here', 'there', 'nowhere'].map((place, rank) =>
    startRank([...args, ...(rank === 2 ? ['hf_path=gone/hf'] : [])], {
      cwd: join(folder, place),
      env: torchEnvironment(rank, 3, 'split'),
    }),
  );
  const [first, second, third] = await endOf(ranks);
  expect([first?.code, second?.code, third?.code]).toEqual([1, 1, 1]);
  expect(first?.err).toMatch(
    /Of the 3 ranks of this world, 2 did not come to \S+\/here\/out\/\.hf\.world-\w+ within 4\.0 s \(retry\.stall\): rank 1, rank 2\. rank 0 \(process \d+ on \S+\) opened it and saw no other rank\./,
  );
  expect(second?.err).toMatch(
    /rank 1 \(process \d+ on \S+\) of 3 was not called by rank 0 at \S+\/there\/out\/\S+ within 4\.0 s \(retry\.stall\): on this machine \S+\/there\/out exists, with 1 entries, but rank 0 has not opened the meeting there/,
  );
  expect(third?.err).toMatch(
    /on this machine \S+\/gone does not exist\. hf_path must lie on a file system that all ranks share/,
  );
});

it('other parameters or another worker configuration on another rank: refused, naming the rank', async () => {
  const folder = await makeFolder({ 'worker.yaml': 'allowed_roots: [/nowhere]\n' });
  const start = (id: string, more: readonly string[]): readonly Rank[] =>
    [0, 1].map((rank) =>
      startRank([...REQUEST, `hf_path=${folder}/${id}`, ...(rank === 1 ? more : [])], {
        env: torchEnvironment(rank, 2, id),
      }),
    );
  const [parameters, worker] = await Promise.all([
    endOf(start('a', ['max_shard_size=1MB'])),
    endOf(start('b', ['--worker', `${folder}/worker.yaml`])),
  ]);
  expect(parameters[0]?.code).toBe(2);
  expect(parameters[0]?.err).toMatch(
    /InvalidInput: rank 1 \(process \d+ on \S+\) was given other parameters than rank 0/,
  );
  expect(parameters[1]).toEqual({ code: 2, out: '', err: '' });
  expect(worker[0]?.code).toBe(1);
  expect(worker[0]?.err).toMatch(
    /RankFailed: rank 1 .*left.*: megatron_path \S+ is outside what this worker may use \(\/nowhere\)/,
  );
  expect(worker[1]?.err).toContain('PolicyRefused: megatron_path');
  expect((await readdir(folder)).filter((name) => name.includes('.world-'))).toEqual([]);
});

it('a failure of one rank stops the others and stays what it is', async () => {
  const folder = await makeFolder();
  const checkpoint = await copyIteration('llama-trained', folder);
  const shard = join(checkpoint, '__0_0.distcp');
  const { atime, mtime, size } = await stat(shard);
  const file = await open(shard, 'r+');
  await file.write(Buffer.alloc(4096, 0x55), 0, 4096, Math.floor(size / 2));
  await file.close();
  await utimes(shard, atime, mtime);
  const args = [...REQUEST, `megatron_path=${checkpoint}`, `hf_path=${folder}/hf`, QUICK];
  const [first, second] = await endOf(startRanks(2, args, (rank) => slurmEnvironment(rank, 2, folder)));
  expect(first?.code).toBe(1);
  expect(first?.err).toMatch(/CorruptData: rank [01] \(process \d+ on \S+\): /);
  expect(second).toEqual({ code: 1, out: '', err: '' });
  expect(existsSync(`${folder}/hf`)).toBe(false);
});

it('only convert looks for a world', async () => {
  const env = { RANK: 'abc', WORLD_SIZE: '2' };
  const [check, run, convert] = await Promise.all([
    runCli(['check', ITERATION], { env }),
    runCli(['run', '-d', ...REQUEST, 'hf_path=/tmp/hf'], { env }),
    runCli(['convert', '-d', ...REQUEST, 'hf_path=/tmp/hf'], { env }),
  ]);
  expect([check.exitCode, run.exitCode, convert.exitCode]).toEqual([0, 0, 2]);
  expect(convert.stderr).toContain('RANK=abc is not a count');
});

it('distributed=false, a dry run and a profile', async () => {
  const folder = await makeFolder();
  const args = [...REQUEST, `hf_path=${folder}/hf`];
  const environment = (rank: number) => torchEnvironment(rank, 2, folder);
  const [idle, dry, profile] = await Promise.all([
    endOf(startRanks(2, [...args, 'distributed=false'], environment)),
    endOf(startRanks(2, [...args, '-d'], environment)),
    endOf(startRanks(1, [...args, 'profile=far'], (rank) => torchEnvironment(rank, 1, folder))),
  ]);
  expect(idle[0]).toMatchObject({ code: 0, out: `${folder}/hf` });
  expect(idle[1]).toEqual({
    code: 0,
    out: '',
    err: 'rank 1 of 2 is idle: distributed=false, so rank 0 converts alone',
  });
  expect(dry[0]?.out).toContain('hf_path:');
  expect(dry[1]).toEqual({ code: 0, out: '', err: '' });
  expect(profile[0]?.code).toBe(2);
  expect(profile[0]?.err).toContain('profile=far names where ranks are to be started');
});
