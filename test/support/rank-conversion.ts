// Conversions of the fixtures for tests of the rank program: a plan in a fresh staging directory, and digests to compare.
import { createHash } from 'node:crypto';
import { cp, mkdir, mkdtemp, readdir, readFile, realpath, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { ConversionInput, type ConversionRequest, type PreflightResult } from '../../src/contract/index.ts';
import { buildPlan } from '../../src/engines/build-plan.ts';
import type { Surroundings } from '../../src/contract/surroundings.ts';
import type { Plan } from '../../src/plan/types.ts';
import { writePlan } from '../../src/plan/plan-files.ts';
import { attemptDirectory, pendingFile } from '../../src/files/staging.ts';
import { readHeader } from '../../src/safetensors/read-header.ts';
import { READER_POLICY } from '../../src/cli/reader-surroundings.ts';

const ROOT = join(import.meta.dirname, '../..');
export const FIXTURES = ['llama-trained', 'core-0.16', 'core-0.19', 'mistral-per-layer'] as const;
export type Fixture = (typeof FIXTURES)[number];
const TORCHRUN = join(ROOT, '.venv/bin/torchrun');
export const PYTHON = join(ROOT, '.venv/bin/python');

export async function temporaryDirectory(): Promise<string> {
  return realpath(await mkdtemp(join(tmpdir(), 'm2hf-rank-')));
}

/** The `iter_*` directory of a fixture. */
export async function iterationOf(fixture: Fixture): Promise<string> {
  const checkpoint = join(ROOT, 'fixtures', fixture, 'checkpoint');
  const iteration = (await readdir(checkpoint)).find((name) => name.startsWith('iter_'));
  if (iteration === undefined) throw new Error(`${checkpoint} has no iter_* directory`);
  return join(checkpoint, iteration);
}

export async function inputFor(
  fixture: Fixture,
  target: string,
  request: Partial<ConversionRequest> = {},
): Promise<ConversionInput> {
  return ConversionInput.parse({
    megatron_path: await iterationOf(fixture),
    hf_model_id: join(ROOT, 'fixtures', fixture, 'reference'),
    hf_path: target,
    ...request,
  });
}

export function surroundingsFor(changes: Partial<Surroundings> = {}): Surroundings {
  return {
    signal: new AbortController().signal,
    onProgress: () => undefined,
    policy: { ...READER_POLICY, torchrun: [TORCHRUN], python: [PYTHON] },
    worker: {
      kind: 'cli',
      workflowId: `test-${process.pid}`,
      runId: 'test',
      attempt: 1,
      namespace: null,
      host: 'localhost',
      pid: process.pid,
    },
    previous: null,
    isOwnerAlive: () => Promise.resolve(true),
    ...changes,
  };
}

/** Plans a conversion and lays out its staging directory with one attempt, as the engine does. */
export async function stagePlan(input: ConversionInput, staging: string, attempt = 1): Promise<Plan> {
  const { plan } = await buildPlan(input, surroundingsFor());
  await mkdir(join(staging, 'export'), { recursive: true });
  await mkdir(join(staging, 'done'), { recursive: true });
  await writePlan(plan, staging);
  await openAttempt(plan, staging, attempt);
  return plan;
}

async function openAttempt(plan: Plan, staging: string, attempt: number): Promise<void> {
  await mkdir(attemptDirectory(staging, attempt), { recursive: true });
  const files = plan.files.map(({ name, bytes }) => ({ name, bytes }));
  await writeFile(pendingFile(staging, attempt), JSON.stringify({ byteDigest: plan.byteDigest, files }));
}

interface Expected {
  readonly tensors: Readonly<
    Record<string, { readonly dtype: string; readonly shape: number[]; readonly sha256: string }>
  >;
}

export async function expectedOf(fixture: Fixture): Promise<Expected> {
  return JSON.parse(await readFile(join(ROOT, 'fixtures', fixture, 'expected.json'), 'utf8')) as Expected;
}

/** dtype, shape and SHA-256 of every tensor in the safetensors files of a directory, in the form of `expected.json`. */
export async function digestTensors(directory: string): Promise<Expected['tensors']> {
  const found: Record<string, { dtype: string; shape: number[]; sha256: string }> = {};
  for (const name of (await readdir(directory)).filter((file) => file.endsWith('.safetensors'))) {
    const header = await readHeader(join(directory, name));
    const bytes = await readFile(join(directory, name));
    for (const [tensor, { dtype, shape, begin, end }] of header.tensors) {
      const data = bytes.subarray(header.dataOffset + begin, header.dataOffset + end);
      found[tensor] = { dtype, shape: [...shape], sha256: createHash('sha256').update(data).digest('hex') };
    }
  }
  return found;
}

/** What the preflight would say, without its judgement of the layout. */
export async function preflightFor(input: ConversionInput, ranks: number): Promise<PreflightResult> {
  const { plan, reference, family } = await buildPlan(input, surroundingsFor());
  return {
    engine: 'stream',
    family: family.name,
    architecture: family.architectures[0] ?? '',
    reference_revision: reference.revision,
    reference_path: reference.path,
    reference_digest: reference.digest,
    byte_digest: plan.byteDigest,
    tensors: plan.tensors,
    parameters: plan.parameters,
    bytes: plan.bytes,
    files: plan.files.length,
    ranks,
    warnings: [],
    notes: [],
  };
}

/** A copy of a fixture's iteration directory that a test may damage. */
export async function copyIteration(fixture: Fixture, directory: string): Promise<string> {
  const source = await iterationOf(fixture);
  const copy = join(directory, basename(source));
  await cp(source, copy, { recursive: true, preserveTimestamps: true });
  return copy;
}
