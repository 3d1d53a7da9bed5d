// validateParallelism on the real fixtures: what it finds, what it refuses, and that everything wrong comes at once.
import { existsSync, readdirSync } from 'node:fs';
import { cp, mkdir, mkdtemp, readFile, realpath, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { digestShardsNow } from '../../src/checkpoint/completeness/digest-shards.ts';
import { readCheckpoint } from '../../src/checkpoint/read-checkpoint.ts';
import { ConversionError } from '../../src/contract/failures.ts';
import { ConversionInput, type ConversionRequest } from '../../src/contract/input.ts';
import type { PreflightResult } from '../../src/contract/results.ts';
import { validateParallelism } from '../../src/engines/preflight.ts';
import { SlurmProfile } from '../../src/contract/profile-slurm.ts';
import type { Surroundings, WorkerPolicy } from '../../src/contract/surroundings.ts';
import { READER_POLICY } from '../../src/cli/reader-surroundings.ts';

const FIXTURES = join(import.meta.dirname, '../../fixtures');
const LLAMA = join(FIXTURES, 'llama-trained/checkpoint');
const QWEN3 = join(FIXTURES, 'core-0.19/checkpoint/iter_0000500');
const QWEN3_REFERENCE = join(FIXTURES, 'core-0.19/reference');

let directory = '';
beforeAll(async () => {
  directory = await realpath(await mkdtemp(join(tmpdir(), 'preflight-')));
});
afterAll(() => rm(directory, { recursive: true, force: true }));

function around(policy: Partial<WorkerPolicy> = {}): Surroundings {
  return {
    signal: new AbortController().signal,
    onProgress: () => undefined,
    policy: { ...READER_POLICY, ...policy },
    worker: { kind: 'cli', workflowId: 'test', runId: 'test', attempt: 1, namespace: null, host: 'here', pid: 1 },
    previous: null,
    isOwnerAlive: () => Promise.resolve(true),
  };
}

async function foundComplete(path: string): Promise<{ metadata_digest: string; shards_digest: string }> {
  const checkpoint = await readCheckpoint(path);
  return { metadata_digest: checkpoint.metadataDigest, shards_digest: await digestShardsNow(checkpoint) };
}

async function preflight(
  request: Partial<ConversionRequest> = {},
  policy: Partial<WorkerPolicy> = {},
): Promise<PreflightResult> {
  const input = ConversionInput.parse({
    megatron_path: QWEN3,
    hf_model_id: QWEN3_REFERENCE,
    hf_path: join(directory, 'target'),
    ...request,
  });
  return validateParallelism(input, await foundComplete(input.megatron_path), around(policy));
}

async function failure(...args: Parameters<typeof preflight>): Promise<ConversionError> {
  const error: unknown = await preflight(...args).catch((reason: unknown) => reason);
  if (error instanceof ConversionError) return error;
  throw error instanceof Error ? error : new Error('nothing was refused');
}

/** A copy of a reference with another config. */
async function reference(name: string, change: Record<string, unknown>): Promise<string> {
  const path = join(directory, name);
  await cp(QWEN3_REFERENCE, path, { recursive: true });
  const config = JSON.parse(await readFile(join(path, 'config.json'), 'utf8')) as Record<string, unknown>;
  await writeFile(join(path, 'config.json'), JSON.stringify({ ...config, ...change }));
  return path;
}

describe('a sound request', () => {
  it('gives the figures of the plan', async () => {
    const result = await preflight({ max_shard_size: '50KB', torchrun: { nproc_per_node: 2 } });
    expect(result).toMatchObject({
      engine: 'stream',
      family: 'qwen3',
      architecture: 'Qwen3ForCausalLM',
      reference_revision: null,
      reference_path: QWEN3_REFERENCE,
      tensors: 36,
      ranks: 2,
      warnings: [],
    });
    expect(result.files).toBeGreaterThan(2);
    expect(result.notes).toEqual([expect.stringMatching(/^\d+ rows of vocabulary padding are cut/)]);
  });

  it.each(readdirSync(FIXTURES).filter((name) => existsSync(join(FIXTURES, name, 'expected.json'))))(
    'of fixture %s gives no warning',
    async (name) => {
      const checkpoint = join(FIXTURES, name, 'checkpoint');
      const iteration = readdirSync(checkpoint).find((entry) => entry.startsWith('iter_')) ?? '';
      const result = await preflight({
        megatron_path: join(checkpoint, iteration),
        hf_model_id: join(FIXTURES, name, 'reference'),
      });
      expect(result.warnings).toEqual([]);
    },
  );

  it('may leave the layout to us, and says what was chosen and why', async () => {
    const sizes = { tp: 'auto', pp: 'auto', ep: 'auto', etp: 'auto' } as const;
    const { notes, warnings } = await preflight({ ...sizes, torchrun: { nproc_per_node: 2 } });
    expect(notes[0]).toMatch(/^tp=2 pp=1 ep=1 etp=1 \(auto\) for 2 ranks: tp=2 divides the \d+ heads and every width/);
    expect(warnings).toEqual([]);
    const alone = await preflight({ ...sizes, distributed: false });
    expect(alone.notes[0]).toContain('(auto): there is one rank');
  });

  it('may name the layout of the training run', async () => {
    expect((await preflight({ tp: 2, pp: 1, ep: 1, etp: 1, torchrun: { nproc_per_node: 2 } })).ranks).toBe(2);
  });

  it("passes with the step's own defaults, and limits its ranks", async () => {
    const result = await preflight({
      tp: 1,
      pp: 1,
      ep: 8,
      etp: 1,
      torchrun: { nproc_per_node: 8 },
      defaulted: ['tp', 'pp', 'ep', 'etp', 'torchrun.nproc_per_node'],
    });
    expect(result.ranks).toBe(1);
    expect(result.notes.join('\n')).toContain('1 rank(s) instead of the default 8');
    expect(result.notes.join('\n')).toContain('ep=8 (a configuration default), but the training run recorded 1');
  });
});

describe('refused', () => {
  it('several ranks with tp=pp=ep=etp=1, in the words of the step', async () => {
    const error = await failure({ tp: 1, pp: 1, ep: 1, etp: 1, torchrun: { nproc_per_node: 8 }, strict: false });
    expect(error.type).toBe('LayoutInvalid');
    expect(error.message).toContain(
      'distributed=true is launching multiple ranks, but no model or expert parallelism was configured. ' +
        'Set at least one of tp, pp, cp, ep, or etp above 1 so conversion actually shards the model ' +
        '(for Nemotron MoE checkpoints the common default is tp=1 pp=1 ep=8 etp=1).',
    );
  });

  it('a world size that tp*pp*cp does not divide, and a layout that the run did not have', async () => {
    const error = await failure({ tp: 4, torchrun: { nproc_per_node: 6 } });
    expect(error.problems).toEqual([
      expect.stringContaining('distributed conversion world size (6) must be divisible by tp*pp*cp (4).'),
      'tp=4, but the training run recorded 2 (run_config.yaml). Set tp=2, or leave it out: torch_dist holds global tensors, so the layout is not needed.',
    ]);
  });

  it('a reference of another model, with both values', async () => {
    const other = await reference('other', { num_hidden_layers: 4, intermediate_size: 128, tie_word_embeddings: true });
    const error = await failure({ hf_model_id: other });
    expect(error.type).toBe('ReferenceMismatch');
    expect(error.problems).toEqual([
      'num_hidden_layers: config.json says 4, the checkpoint has 3 (decoder.layers)',
      'intermediate_size: config.json says 128, the checkpoint has 64 (columns of mlp.linear_fc2.weight)',
      'tie_word_embeddings: config.json says true, the checkpoint has an output_layer.weight of its own',
    ]);
  });

  it('heads that only run_config.yaml can tell apart', async () => {
    const error = await failure({
      hf_model_id: await reference('heads', { num_attention_heads: 8, num_key_value_heads: 4, head_dim: 8 }),
    });
    expect(error.problems).toEqual([
      'num_attention_heads: config.json says 8, the training run recorded 4 (run_config.yaml)',
      'num_key_value_heads: config.json says 4, the training run recorded 2 (run_config.yaml)',
      'head_dim: config.json says 8, the training run recorded 16 (run_config.yaml)',
    ]);
  });

  it('an architecture that the engine does not know', async () => {
    const error = await failure({ hf_model_id: await reference('unknown', { architectures: ['FalconForCausalLM'] }) });
    expect(error.type).toBe('ModelUnsupported');
    expect(error.message).toContain('FalconForCausalLM; engine stream knows ');
  });

  it('a checkpoint that is not the one found complete', async () => {
    const input = ConversionInput.parse({
      megatron_path: QWEN3,
      hf_model_id: QWEN3_REFERENCE,
      hf_path: join(directory, 'x'),
    });
    const found = await foundComplete(QWEN3);
    for (const other of [{ metadata_digest: '0'.repeat(64) }, { shards_digest: '0'.repeat(64) }]) {
      const work = validateParallelism(input, { ...found, ...other }, around());
      await expect(work).rejects.toMatchObject({ type: 'SourceChanged' });
    }
  });

  it('a target that holds other files', async () => {
    const target = join(directory, 'full');
    await mkdir(target);
    await writeFile(join(target, 'notes.txt'), 'mine');
    expect((await failure({ hf_path: target })).type).toBe('TargetRefused');
  });

  it('names the profiles that there are, and counts the ranks of the one that is named', async () => {
    const slurm = SlurmProfile.parse({ executor: 'slurm', nodes: 2, nproc_per_node: 2 });
    const error = await failure({ profile: 'slurm_b', tp: 3 }, { profiles: { slurm_a: slurm } });
    expect(error.facts['types']).toEqual(expect.arrayContaining(['PolicyRefused', 'LayoutInvalid']));
    expect(error.problems[0]).toContain('profile=slurm_b: this worker offers local, slurm_a.');
    const request = { profile: 'slurm_a', max_shard_size: '20KB' };
    const { ranks, notes } = await preflight(request, { profiles: { slurm_a: slurm } });
    expect(ranks).toBe(4);
    expect(notes).toContain('the ranks run as a job of profile slurm_a (slurm): 2 on each of 2 node(s)');
    // Nodes of a request are for a profile: this machine has no other.
    const nodes = { torchrun: { nnodes: 2, nproc_per_node: 1 } };
    expect((await preflight({ ...request, ...nodes }, { profiles: { slurm_a: slurm } })).ranks).toBe(2);
    expect((await failure(nodes)).message).toContain('name a profile that has more nodes');
  });

  it('paths outside the allowed roots, links resolved, before anything is read', async () => {
    const link = join(directory, 'link');
    await symlink(LLAMA, link);
    const error = await failure(
      { hf_path: join(link, 'out'), hf_model_id: '/nowhere/at/all' },
      { allowedRoots: [directory] },
    );
    expect(error.type).toBe('PolicyRefused');
    expect(error.problems).toEqual([
      expect.stringContaining(`megatron_path ${QWEN3} is outside`),
      expect.stringContaining(
        `hf_path ${link}/out (really ${LLAMA}/out) is outside what this worker may use (${directory})`,
      ),
      expect.stringContaining('hf_model_id /nowhere/at/all is outside'),
    ]);
  });

  it('a model that the smoke generation cannot hold', async () => {
    const error = await failure({}, { smokeMemory: 100_000 });
    expect(error.type).toBe('LayoutInvalid');
    expect(error.message).toMatch(/smoke generation needs \d+ kB for \d+ parameters in F32, but 100 kB are available/);
    await expect(preflight({ smoke: { enabled: false } }, { smokeMemory: 100_000 })).resolves.toBeDefined();
  });

  it('everything at once, as LayoutInvalid when the kinds differ', async () => {
    const error = await failure(
      {
        hf_model_id: await reference('several', { vocab_size: 100_000 }),
        hf_path: '/no-such-mount/a/model',
        tp: 3,
        torchrun: { nproc_per_node: 4, nnodes: 2 },
      },
      {},
    );
    expect(error.type).toBe('LayoutInvalid');
    expect(error.facts).toEqual({ types: ['ReferenceMismatch', 'LayoutInvalid', 'TargetRefused'] });
    expect(error.problems).toEqual([
      expect.stringContaining('vocab_size: config.json says 100000, the checkpoint has'),
      expect.stringContaining('distributed conversion world size (8) must be divisible by tp*pp*cp (3).'),
      expect.stringContaining('tp=3 does not fit the model: it must divide num_attention_heads (4)'),
      expect.stringContaining('tp=3 does not fit the model: it must divide num_key_value_heads (2)'),
      expect.stringContaining('tp=3 does not fit the model: it must divide intermediate_size (64)'),
      expect.stringContaining('tp=3 does not fit the model: it must divide the padded vocabulary'),
      expect.stringContaining('tp=3, but the training run recorded 2'),
      expect.stringContaining('torchrun.nnodes=2, but this worker starts ranks on its own machine only'),
      expect.stringContaining('no directory of /no-such-mount/a exists'),
    ]);
    for (const problem of error.problems) expect(error.message).toContain(problem);
  });
});

it('warns where settings that shape no tensor differ', async () => {
  const { warnings } = await preflight({
    hf_model_id: await reference('rope', { rope_parameters: { rope_theta: 5, rope_type: 'default' } }),
  });
  expect(warnings).toEqual([
    'rope_theta: config.json says 5, the training run recorded 1000000 (rotary_base of run_config.yaml). ' +
      'The export takes that of config.json; check hf_model_id.',
  ]);
});
