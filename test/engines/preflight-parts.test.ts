// The parts of the preflight that need no checkpoint: ranks, space, memory, policy.
import { mkdir, mkdtemp, realpath, rm, statfs, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ConversionInput } from '../../src/contract/input.ts';
import { judgeSmokeMemory } from '../../src/engines/preflight-memory.ts';
import { describeRemoteCode } from '../../src/engines/preflight-policy.ts';
import { chooseRanks } from '../../src/engines/preflight-ranks.ts';
import { spaceProblem } from '../../src/engines/preflight-space.ts';
import { doneFile, stagingPath, stagingPaths } from '../../src/files/staging.ts';

const input = (more: object): ConversionInput =>
  ConversionInput.parse({ megatron_path: '/a', hf_model_id: 'b', hf_path: '/c', ...more });

describe('chooseRanks', () => {
  it.each([
    [{ distributed: false, torchrun: { nproc_per_node: 4 } }, 1],
    [{ torchrun: { nproc_per_node: 4 } }, 4],
    [{ torchrun: { nproc_per_node: 32 } }, 32],
    [{ distributed: 'auto', torchrun: { nproc_per_node: 4 } }, 4],
    [{}, 5],
    [{ distributed: 'auto' }, 5],
    [{ torchrun: { nproc_per_node: 8 }, defaulted: ['torchrun.nproc_per_node'] }, 5],
    [{ torchrun: { nproc_per_node: 3 }, defaulted: ['torchrun.nproc_per_node'] }, 3],
  ])('%j on 16 CPUs with 5 files: %i', (more, ranks) => expect(chooseRanks(input(more), 16, 5).ranks).toBe(ranks));

  it('never exceeds the CPUs by default, and says so', () => {
    expect(chooseRanks(input({}), 2, 100)).toEqual({
      ranks: 2,
      notes: [
        '2 rank(s) instead of the default 8: at most one a CPU (2) and one a file (100) are of use. Set torchrun.nproc_per_node to choose.',
      ],
    });
  });

  it('says that ranks are idle without distributed_save', () => {
    const { ranks, notes } = chooseRanks(input({ distributed_save: false, torchrun: { nproc_per_node: 3 } }), 8, 8);
    expect({ ranks, notes }).toEqual({
      ranks: 3,
      notes: ['distributed_save=false: rank 0 writes every file, the other 2 have nothing to do.'],
    });
  });
});

const file = (
  name: string,
  bytes: number,
): { name: string; bytes: number; header: string; items: []; tensors: [] } => ({
  name,
  bytes,
  header: '',
  items: [],
  tensors: [],
});

describe('spaceProblem', () => {
  let directory = '';
  beforeAll(async () => {
    directory = await realpath(await mkdtemp(join(tmpdir(), 'preflight-space-')));
  });
  afterAll(() => rm(directory, { recursive: true, force: true }));
  it('is silent where there is room, also for a parent that does not exist yet', async () => {
    const plan = { files: [file('model.safetensors', 10)], byteDigest: 'd'.repeat(64) };
    expect(await spaceProblem(join(directory, 'a/b/c'), plan)).toBeNull();
  });

  it('names the missing bytes, without what an earlier attempt finished', async () => {
    const target = join(directory, 'target');
    const plan = { files: [file('model-1', 2000), file('model-2', 9e17)], byteDigest: 'd'.repeat(64) };
    const before = await spaceProblem(target, plan);
    expect(before).toMatch(
      /^the export needs 900 PB, but the file system of \S+ has \S+ [kMGTP]?B free\. Free 900 PB \(\d+ bytes\)/,
    );
    const staging = stagingPath(target, plan.byteDigest);
    await mkdir(stagingPaths(staging).export, { recursive: true });
    await mkdir(dirname(doneFile(staging, 'model-1')), { recursive: true });
    await writeFile(join(stagingPaths(staging).export, 'model-1'), Buffer.alloc(2000));
    expect(await spaceProblem(target, plan)).not.toContain('already written');
    await writeFile(doneFile(staging, 'model-1'), '{}');
    expect(await spaceProblem(target, plan)).toContain('2.00 kB of it already written');
  });

  it('needs no room for files that are finished', async () => {
    const { bavail, bsize } = await statfs(directory);
    const bytes = bavail * bsize * 2;
    const plan = { files: [file('model-1', bytes)], byteDigest: 'e'.repeat(64) };
    expect(await spaceProblem(join(directory, 'sparse'), plan)).not.toBeNull();
  });
});

describe('judgeSmokeMemory', () => {
  const GB = 1e9;
  const model = { parameters: 7 * GB, dtype: 'BF16' } as const;
  const judge = (smoke: object, machine: object = {}): ReturnType<typeof judgeSmokeMemory> =>
    judgeSmokeMemory(input({ smoke }).smoke, model, {
      smokeMemory: null,
      totalMemory: 16 * GB,
      accelerator: false,
      ...machine,
    });

  it('counts float32 on a CPU, unless a dtype is set', () => {
    expect(judge({}).problem).toBe(
      'the smoke generation needs 28.0 GB for 7000000000 parameters in F32, but 16.0 GB are available to it. ' +
        'Set smoke.dtype=bfloat16, smoke.offload_folder to a directory, smoke.max_memory to what there is, ' +
        'a worker with more memory by task_queues.smoke, or smoke.enabled=false (the export is then NOT VALIDATED).',
    );
    expect(judge({ dtype: 'bfloat16' }).problem).toBeNull();
    expect(judge({}, { totalMemory: 64 * GB }).problem).toBeNull();
  });

  it('takes the least of what request, operator and machine allow', () => {
    expect(judge({ max_memory: '10GB', dtype: 'bfloat16' }).problem).toContain('10.0 GB are available');
    expect(judge({ max_memory: '100GB', dtype: 'bfloat16' }, { smokeMemory: 12 * GB }).problem).toContain(
      '12.0 GB are available',
    );
  });

  it('does not judge what it cannot know: offloading, or an accelerator without a stated limit', () => {
    expect(judge({ offload_folder: '/scratch' })).toEqual({ problem: null, notes: [] });
    expect(judge({ enabled: false })).toEqual({ problem: null, notes: [] });
    expect(judge({}, { accelerator: true }).notes).toEqual([
      'the smoke generation will hold 14.0 GB on auto; its memory was not compared. Set smoke.max_memory to have it checked.',
    ]);
    expect(judge({ device: 'cuda:0' }, { smokeMemory: 10 * GB }).problem).toContain('needs 14.0 GB');
    expect(judge({ device: 'cpu' }, { accelerator: true }).problem).toContain('28.0 GB');
  });
});

describe('describeRemoteCode', () => {
  const reference = { id: 'org/model', revision: 'c0ffee', digest: 'd'.repeat(64), remoteCode: ['modeling_x'] };

  it.each([
    [{ remoteCode: [] }, true, [], null],
    [{}, false, ['*'], 'trust_remote_code=false'],
    [{}, true, [], 'does not name org/model@c0ffee under remote_code'],
    [{}, true, ['org/model@main'], 'does not name'],
    [
      { remoteCode: ['modeling_x', 'far/away--m.M'] },
      true,
      ['org/model@c0ffee'],
      'far/away--m.M is code of another repo',
    ],
    [{}, true, ['org/model@c0ffee'], 'may run in the smoke generation'],
    [{ revision: null }, true, ['d'.repeat(64)], 'may run in the smoke generation'],
  ] as const)('%j, trusted %s, policy %j', (change, trust_remote_code, remoteCode, text) => {
    const found = describeRemoteCode({ trust_remote_code }, { remoteCode }, { ...reference, ...change });
    if (text === null) expect(found).toBeNull();
    else expect(found).toContain(text);
  });
});
