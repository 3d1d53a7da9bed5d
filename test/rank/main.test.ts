// The rank program as its launcher sees it: events, exit codes, and what the operating system can do to it.
import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { cp, open, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Plan } from '../../src/plan/types.ts';
import type { RankEvent } from '../../src/rank/types.ts';
import { BlockedShard } from '../support/blocked-checkpoint.ts';
import { waitFor } from '../support/launch-processes.ts';
import {
  copyIteration,
  digestTensors,
  expectedOf,
  inputFor,
  stagePlan,
  temporaryDirectory,
} from '../support/rank-conversion.ts';

const PROGRAM = join(import.meta.dirname, '../../src/rank/main.ts');

let directory: string;
let staging: string;
let checkpoint: string;
let plan: Plan;

beforeEach(async () => {
  directory = await temporaryDirectory();
  staging = join(directory, 'staging');
  checkpoint = await copyIteration('llama-trained', directory);
  const request = { megatron_path: checkpoint, max_shard_size: '300KB' };
  plan = await stagePlan(await inputFor('llama-trained', join(directory, 'target'), request), staging);
});
afterEach(async () => {
  await rm(directory, { recursive: true, force: true });
});

interface Ended {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly events: readonly RankEvent[];
}

interface Running {
  readonly process: ReturnType<typeof spawn>;
  readonly ended: Promise<Ended>;
}

function start(options: readonly string[] = [], env: Record<string, string> = {}, where = staging): Running {
  const args = [PROGRAM, '--staging', where, '--checkpoint', checkpoint, '--attempt', '1', ...options];
  const child = spawn(process.execPath, args, { env: { PATH: process.env['PATH'] ?? '', ...env } });
  let text = '';
  child.stdout.on('data', (chunk: Buffer) => {
    text += chunk.toString();
  });
  const ended = once(child, 'close').then(() => ({
    code: child.exitCode,
    signal: child.signalCode,
    events: text
      .split('\n')
      .filter((line) => line !== '')
      .map((line) => JSON.parse(line) as RankEvent),
  }));
  return { process: child, ended };
}

const errorOf = ({ events }: Ended): Extract<RankEvent, { event: 'error' }> | undefined =>
  events.find((event) => event.event === 'error');

describe('events', () => {
  it('name each file once, and the end', async () => {
    const { code, events } = await start().ended;
    expect(code).toBe(0);
    expect(events[0]).toMatchObject({ event: 'start', rank: 0, files: 15 });
    expect(events.filter(({ event }) => event === 'file')).toHaveLength(15);
    expect(events.at(-1)).toMatchObject({ event: 'end', rank: 0 });
    expect(await digestTensors(join(staging, 'export'))).toEqual((await expectedOf('llama-trained')).tensors);
  });

  it('count the files of this rank, by torchrun and by Slurm', async () => {
    const torch = await start([], { RANK: '1', WORLD_SIZE: '4', LOCAL_WORLD_SIZE: '4' }).ended;
    const slurm = await start([], { SLURM_PROCID: '3', SLURM_NTASKS: '4' }).ended;
    expect(torch.events[0]).toMatchObject({ rank: 1 });
    expect(slurm.events[0]).toMatchObject({ rank: 3 });
    const files = [...torch.events, ...slurm.events].flatMap((event) => (event.event === 'file' ? [event.file] : []));
    expect(new Set(files).size).toBe(files.length);
    expect(files.length).toBeLessThan(15);
  });

  it('say that a single writer leaves the others nothing', async () => {
    const other = await start(['--single-writer'], { RANK: '1', WORLD_SIZE: '2' }).ended;
    expect(other).toMatchObject({ code: 0, events: [{ event: 'start', files: 0 }, { event: 'end' }] });
  });
});

describe('failures', () => {
  it('of the data are final: 65, an event, and the error file of torchrun', async () => {
    const [item] = plan.files[0]?.items ?? [];
    if (item === undefined) throw new Error('the plan is empty');
    const file = await open(join(checkpoint, item.file), 'r+');
    await file.write(Buffer.alloc(64, 0xaa), 0, 64, item.offset + Math.floor(item.length / 2));
    await file.close();
    const errorFile = join(directory, 'error.json');
    const ended = await start([], { TORCHELASTIC_ERROR_FILE: errorFile }).ended;
    expect(ended.code).toBe(65);
    expect(errorOf(ended)).toMatchObject({ type: 'CorruptData', facts: { file: item.file, offset: item.offset } });
    const { message } = JSON.parse(readFileSync(errorFile, 'utf8')) as {
      message: { message: string; errorCode: number };
    };
    expect(message).toMatchObject({ errorCode: 65, message: expect.stringContaining('CorruptData') });
  });

  it('of a missing attempt are temporary: 75', async () => {
    rmSync(join(staging, 'attempt-1'), { recursive: true });
    const ended = await start().ended;
    expect(ended.code).toBe(75);
    expect(errorOf(ended)).toMatchObject({ type: 'RankFailed', message: expect.stringContaining('newer attempt') });
  });

  it('of the arguments are told', async () => {
    const child = spawn(process.execPath, [PROGRAM, '--staging', staging]);
    const [chunk] = (await once(child.stdout, 'data')) as [Buffer];
    expect(chunk.toString()).toContain('usage: --staging DIR');
  });
});

describe('a small file system', () => {
  const mounts: string[] = [];
  afterEach(() => {
    for (const path of mounts.splice(0)) execFileSync('umount', [path]);
  });

  async function mount(options: string): Promise<string> {
    const path = join(directory, 'small');
    mkdirSync(path);
    execFileSync('mount', ['-t', 'tmpfs', '-o', options, 'tmpfs', path]);
    mounts.push(path);
    await cp(staging, join(path, 'staging'), { recursive: true });
    return path;
  }

  it('that is full: InsufficientSpace, final, and the unfinished file is removed', async (context) => {
    if (process.getuid?.() !== 0) context.skip('only root may mount');
    const path = await mount('size=2m');
    const ended = await start([], {}, join(path, 'staging')).ended;
    expect(ended.code).toBe(65);
    expect(errorOf(ended)).toMatchObject({ type: 'InsufficientSpace', facts: { code: 'ENOSPC' } });
    const finished = readdirSync(join(path, 'staging', 'done')).length;
    expect(readdirSync(join(path, 'staging', 'export'))).toHaveLength(finished);
  });

  it('that is read-only: TargetRefused, final', async (context) => {
    if (process.getuid?.() !== 0) context.skip('only root may mount');
    const path = await mount('size=8m');
    execFileSync('mount', ['-o', 'remount,ro', path]);
    const ended = await start([], {}, join(path, 'staging')).ended;
    expect(ended.code).toBe(65);
    expect(errorOf(ended)).toMatchObject({ type: 'TargetRefused', facts: { code: 'EROFS' } });
  });
});

describe('a rank that waits for its disk', () => {
  let running: Running;
  beforeEach(async () => {
    const shard = new BlockedShard(checkpoint, '__3_1.distcp');
    shard.block();
    running = start(['--lifeline']);
    await waitFor(() => existsSync(join(staging, 'done')) && readdirSync(join(staging, 'done')).length > 0);
  });

  it('dies of SIGTERM at once', async () => {
    running.process.kill('SIGTERM');
    expect(await running.ended).toMatchObject({ code: null, signal: 'SIGTERM' });
  });

  it('ends when its launcher lets go of the lifeline, be a thread in the middle of a read', async () => {
    // Long enough for both threads to reach the shard that never answers.
    await delay(2000);
    running.process.stdin?.end();
    expect(await running.ended).toMatchObject({ code: null, signal: 'SIGKILL' });
  });
});
