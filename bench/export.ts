// Bench: the rank program against `cp` + `sync` of the same bytes, in pairs, on one checkpoint. No build, no server: what the disk allows.
//   node bench/export.ts --checkpoint DIR/iter_NNNNNNN --reference DIR [--work DIR] [--runs 3] [--compiled dist]
//   node bench/export.ts --gb 3 [--work DIR]          builds a checkpoint first (fixtures/scripts/build_large.py)
// Prints one line per run and the median ratio. The target of the design is 1.4.
import { spawnSync } from 'node:child_process';
import { mkdir, readdir, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { readerSurroundings } from '../src/cli/reader-surroundings.ts';
import { ConversionInput, formatBytes } from '../src/contract/index.ts';
import { buildPlan } from '../src/engines/build-plan.ts';
import { openAttempt } from '../src/engines/convert-attempt.ts';
import { writePlan } from '../src/plan/plan-files.ts';
import type { Plan } from '../src/plan/types.ts';

const ROOT = resolve(import.meta.dirname, '..');

const { values } = parseArgs({
  options: {
    checkpoint: { type: 'string' },
    reference: { type: 'string' },
    gb: { type: 'string', default: '3' },
    work: { type: 'string', default: join(tmpdir(), 'megatron-to-hf-bench') },
    runs: { type: 'string', default: '3' },
    compiled: { type: 'string' },
  },
});

const work = resolve(values.work);
const source = await findSource();
const plan = await makePlan(source);
console.log(
  `${plan.tensors} tensors, ${formatBytes(plan.bytes)}, ${plan.files.length} files, from ${source.checkpoint}`,
);

const ratios: number[] = [];
for (let run = 1; run <= Number(values.runs); run++) {
  const copied = await timeCopy();
  const exported = await timeExport();
  ratios.push(exported.seconds / copied);
  console.log(
    `run ${run}: cp + sync ${copied.toFixed(2)} s, export ${exported.seconds.toFixed(2)} s, ` +
      `ratio ${(exported.seconds / copied).toFixed(2)}, peak ${formatBytes(exported.peakMemory)}`,
  );
}
const median = ratios.toSorted((a, b) => a - b)[Math.floor(ratios.length / 2)] ?? NaN;
console.log(`median ratio ${median.toFixed(2)} (at most 1.4)`);

interface Source {
  readonly checkpoint: string;
  readonly reference: string;
}

async function findSource(): Promise<Source> {
  if (values.checkpoint !== undefined && values.reference !== undefined)
    return { checkpoint: resolve(values.checkpoint), reference: resolve(values.reference) };
  const out = join(work, `large-${values.gb}`);
  const script = join(ROOT, 'fixtures/scripts/build_large.py');
  if ((await stat(out).catch(() => null)) === null)
    runOrFail(join(ROOT, '.venv/bin/python'), [script, '--gb', values.gb, '--out', out]);
  return { checkpoint: join(out, 'checkpoint', 'iter_0000001'), reference: join(out, 'reference') };
}

async function makePlan({ checkpoint, reference }: Source): Promise<Plan> {
  const input = ConversionInput.parse({
    megatron_path: checkpoint,
    hf_model_id: reference,
    hf_path: join(work, 'target'),
    max_shard_size: '500MB',
  });
  const built = await buildPlan(input, readerSurroundings(new AbortController().signal));
  return built.plan;
}

/** `cp` of all shards, then `sync`, in seconds. */
async function timeCopy(): Promise<number> {
  const copy = join(work, 'copy');
  await rm(copy, { recursive: true, force: true });
  await mkdir(copy, { recursive: true });
  const shards = (await readdir(source.checkpoint)).filter((name) => name.endsWith('.distcp'));
  runOrFail('sync', []);
  const started = performance.now();
  runOrFail('cp', [...shards.map((name) => join(source.checkpoint, name)), copy]);
  runOrFail('sync', []);
  const seconds = (performance.now() - started) / 1000;
  await rm(copy, { recursive: true, force: true });
  return seconds;
}

/** The rank program as one rank, without torchrun: start-up, CRC, SHA-256 and fsync included. */
async function timeExport(): Promise<{ seconds: number; peakMemory: number }> {
  const staging = join(work, 'staging');
  await rm(staging, { recursive: true, force: true });
  await mkdir(staging, { recursive: true });
  await writePlan(plan, staging);
  const files = plan.files.map(({ name, bytes }) => ({ name, bytes }));
  const attempt = await openAttempt(staging, { byteDigest: plan.byteDigest, files });
  const program = values.compiled === undefined ? 'src/rank/main.ts' : join(values.compiled, 'rank/main.js');
  runOrFail('sync', []);
  const started = performance.now();
  const options = ['--staging', staging, '--checkpoint', source.checkpoint, '--attempt', String(attempt)];
  const stdout = runOrFail(process.execPath, ['--max-semi-space-size=1', resolve(ROOT, program), ...options]);
  const seconds = (performance.now() - started) / 1000;
  const end = JSON.parse(stdout.trim().split('\n').at(-1) ?? '{}') as { peakMemory?: number };
  await writeFile(join(work, 'events.jsonl'), stdout);
  await rm(staging, { recursive: true, force: true });
  return { seconds, peakMemory: end.peakMemory ?? NaN };
}

function runOrFail(program: string, args: readonly string[]): string {
  const { status, stdout, stderr } = spawnSync(program, args, { encoding: 'utf8', maxBuffer: 1 << 28 });
  if (status !== 0) throw new Error(`${program} ${args.join(' ')} ended with ${status}: ${stdout}${stderr}`);
  return stdout;
}
