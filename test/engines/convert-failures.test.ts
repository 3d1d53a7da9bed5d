import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readdirSync, statSync, utimesSync } from 'node:fs';
import { open, rm, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { ConversionInput, PreflightResult, Progress } from '../../src/contract/index.ts';
import { convert } from '../../src/engines/convert.ts';
import { findProcesses } from '../../src/launch/find-processes.ts';
import { stagingPath } from '../../src/files/staging.ts';
import { BlockedShard, finishedFiles, waitForRanks } from '../support/blocked-checkpoint.ts';
import { isAlive, waitFor } from '../support/launch-processes.ts';
import {
  copyIteration,
  digestTensors,
  expectedOf,
  inputFor,
  preflightFor,
  surroundingsFor,
  temporaryDirectory,
} from '../support/rank-conversion.ts';

let directory: string;
let checkpoint: string;
let shard: BlockedShard;
let input: ConversionInput;
let preflight: PreflightResult;
let staging: string;

beforeEach(async () => {
  directory = await temporaryDirectory();
  checkpoint = await copyIteration('llama-trained', directory);
  shard = new BlockedShard(checkpoint, '__3_1.distcp');
});
afterEach(async () => {
  await rm(directory, { recursive: true, force: true });
});

async function prepare(ranks: number, request: Parameters<typeof inputFor>[2] = {}): Promise<void> {
  input = await inputFor('llama-trained', join(directory, 'target'), {
    megatron_path: checkpoint,
    max_shard_size: '300KB',
    ...request,
  });
  preflight = await preflightFor(input, ranks);
  staging = stagingPath(input.hf_path, preflight.byte_digest);
}

/** Blocks the shard after the plan was made, when the ranks are about to start. */
function blockAtStart(then?: (progress: Progress) => void): (progress: Progress) => void {
  let blocked = false;
  return (progress) => {
    if (!blocked && progress.message.startsWith('starting')) {
      blocked = true;
      shard.block();
    }
    then?.(progress);
  };
}

/** Gives a shard a new time when the ranks are about to start. */
function touchAtStart(progress: Progress): void {
  if (progress.message.startsWith('starting')) utimesSync(join(checkpoint, '__0_0.distcp'), new Date(), new Date());
}

function stamps(): Record<string, string> {
  return Object.fromEntries(
    finishedFiles(staging).map((record) => {
      const { ino, mtimeNs } = statSync(join(staging, 'export', record.replace(/\.json$/, '')), { bigint: true });
      return [record, `${ino} ${mtimeNs}`];
    }),
  );
}

describe.each([1, 2])('with %i ranks', (ranks) => {
  it('resumes after kill -9 of a rank: finished files stay untouched, the bytes are the same', async () => {
    await prepare(ranks);
    const progress: Progress[] = [];
    const onProgress = blockAtStart((news) => progress.push(news));
    const failed = convert(input, preflight, surroundingsFor({ onProgress })).then(
      () => null,
      (error: unknown) => error,
    );
    const [victim = 0] = await waitForRanks(staging, ranks, 2);
    process.kill(victim, 'SIGKILL');
    expect(await failed).toMatchObject({ type: 'RankFailed', problems: [expect.stringMatching(/SIGKILL|signal 9/)] });
    expect(await findProcesses(['--staging', staging])).toEqual([]);
    shard.unblock();

    const before = stamps();
    expect(Object.keys(before).length).toBeGreaterThanOrEqual(2);
    const result = await convert(input, preflight, surroundingsFor({ previous: progress.at(-1) }));
    expect(result).toMatchObject({ files: 15, files_reused: Object.keys(before).length, attempt: 2 });
    expect(stamps()).toMatchObject(before);
    expect(await digestTensors(join(staging, 'export'))).toEqual((await expectedOf('llama-trained')).tensors);
    expect(readdirSync(staging).filter((name) => name.startsWith('attempt-'))).toEqual([]);
  });

  it('leaves no process when it is aborted', async () => {
    await prepare(ranks);
    const controller = new AbortController();
    const surroundings = surroundingsFor({ signal: controller.signal, onProgress: blockAtStart() });
    const ended = convert(input, preflight, surroundings).then(
      () => null,
      (error: unknown) => error,
    );
    await waitForRanks(staging, ranks, 1);
    const reason = new Error('cancelled by the test');
    controller.abort(reason);
    expect(await ended).toBe(reason);
    expect(await findProcesses(['--staging', staging])).toEqual([]);
  });

  it('leaves no rank when its own process is killed with SIGKILL', async () => {
    await prepare(ranks);
    const request = join(directory, 'request.json');
    await writeFile(request, JSON.stringify({ input, preflight }));
    const worker = spawn(process.execPath, [join(import.meta.dirname, '../support/convert-child.ts'), request]);
    await waitFor(() => readdirSync(directory).some((name) => name.endsWith('.partial')), 60);
    shard.block();
    const pids = await waitForRanks(staging, ranks, 0);
    worker.kill('SIGKILL');
    await once(worker, 'exit');
    await waitFor(async () => (await findProcesses(['--staging', staging])).length === 0);
    for (const pid of pids) expect(isAlive(pid)).toBe(false);
  });

  it('ends ranks that make no progress', async () => {
    await prepare(ranks, { retry: { stall: ranks === 1 ? '3s' : '10s' } });
    await expect(convert(input, preflight, surroundingsFor({ onProgress: blockAtStart() }))).rejects.toMatchObject({
      type: 'ConversionStalled',
    });
    expect(await findProcesses(['--staging', staging])).toEqual([]);
  });

  it('passes the final failure of a rank on', async () => {
    await prepare(ranks);
    const file = join(checkpoint, '__0_0.distcp');
    const { atime, mtime, size } = statSync(file);
    const handle = await open(file, 'r+');
    await handle.write(Buffer.alloc(4096, 0x55), 0, 4096, Math.floor(size / 2));
    await handle.close();
    await utimes(file, atime, mtime);
    preflight = await preflightFor(input, ranks);
    await expect(convert(input, preflight, surroundingsFor())).rejects.toMatchObject({
      type: expect.stringMatching(/CorruptData|CheckpointDamaged/),
      facts: { file: '__0_0.distcp' },
    });
  });
});

describe('retries', () => {
  it('become final after too many attempts in a row that finished no file', async () => {
    await prepare(1, { retry: { fruitless_attempts: 2 } });
    let last: Progress | undefined;
    const attempt = (): Promise<unknown> =>
      convert(
        input,
        preflight,
        surroundingsFor({
          previous: last,
          policy: { ...surroundingsFor().policy, launchPrefix: ['sh', '-c', 'echo out of luck >&2; exit 9'] },
          onProgress: (progress) => {
            last = progress;
          },
        }),
      ).then(
        () => null,
        (error: unknown) => error,
      );
    const first = await attempt();
    expect(first).toMatchObject({ type: 'RankFailed', message: expect.stringContaining('out of luck') });
    expect(first).not.toMatchObject({ facts: { final: true } });
    expect(last?.carry).toEqual({ fruitless: 1 });
    expect(await attempt()).toMatchObject({ type: 'RankFailed', facts: { final: true, fruitless: 2 } });
  });

  it('say what to correct when torchrun is missing', async () => {
    await prepare(2);
    const policy = { ...surroundingsFor().policy, torchrun: ['/no/such/torchrun'] };
    await expect(convert(input, preflight, surroundingsFor({ policy }))).rejects.toMatchObject({
      type: 'RankFailed',
      message: expect.stringMatching(/could not be started.*torchrun/s),
    });
  });
});

describe('the source', () => {
  it('must be what the preflight saw', async () => {
    await prepare(1);
    await utimes(join(checkpoint, '__0_0.distcp'), new Date(), new Date());
    await expect(convert(input, preflight, surroundingsFor())).rejects.toMatchObject({ type: 'SourceChanged' });
  });

  it('must not change while it is converted', async () => {
    await prepare(1);
    await expect(convert(input, preflight, surroundingsFor({ onProgress: touchAtStart }))).rejects.toMatchObject({
      type: 'SourceChanged',
      message: expect.stringContaining('while it was converted'),
    });
    expect(existsSync(stagingPath(input.hf_path, preflight.byte_digest))).toBe(false);
  });
});
