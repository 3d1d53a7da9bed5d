// The rank program is killed with SIGKILL at many random moments. After each kill: nothing partial in `export/`, no record that disagrees
// with its file; and a run that is let through leaves the expected bytes. KILLS=200 for the long form; KILL_SEED repeats a run.
import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { readFileSync, readdirSync, rmSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { Plan } from '../../src/plan/types.ts';
import { readDoneRecord } from '../../src/rank/done-record.ts';
import { doneFile, exportedFile } from '../../src/files/staging.ts';
import { openAttempt } from '../../src/engines/convert-attempt.ts';
import { seededRandom } from '../support/rank-random.ts';
import {
  digestTensors,
  expectedOf,
  inputFor,
  iterationOf,
  stagePlan,
  temporaryDirectory,
} from '../support/rank-conversion.ts';

const KILLS = Number(process.env['KILLS'] ?? 30);
const SEED = Number(process.env['KILL_SEED'] ?? 20_261_124);
const PROGRAM = join(import.meta.dirname, '../../src/rank/main.ts');

let directory: string;
let staging: string;
let checkpoint: string;
let plan: Plan;
/** SHA-256 of each file, from a run that nobody killed. */
const sound = new Map<string, string>();

beforeAll(async () => {
  directory = await temporaryDirectory();
  staging = join(directory, 'staging');
  checkpoint = await iterationOf('llama-trained');
  plan = await stagePlan(
    await inputFor('llama-trained', join(directory, 'target'), { max_shard_size: '300KB' }),
    staging,
  );
});
afterAll(async () => {
  await rm(directory, { recursive: true, force: true });
});

const sha256 = (path: string): string => createHash('sha256').update(readFileSync(path)).digest('hex');

/** One attempt; killed `killAfter` milliseconds after its first line, or let through. Returns its time from there to its end. */
async function runRank(killAfter: number | null): Promise<number> {
  const files = plan.files.map(({ name, bytes }) => ({ name, bytes }));
  const attempt = await openAttempt(staging, { byteDigest: plan.byteDigest, files });
  const options = ['--staging', staging, '--checkpoint', checkpoint, '--attempt', String(attempt)];
  const rank = spawn(process.execPath, [PROGRAM, ...options], { stdio: ['ignore', 'pipe', 'inherit'] });
  const exited = once(rank, 'exit');
  await Promise.race([once(rank.stdout, 'data'), exited]);
  const started = performance.now();
  rank.stdout.resume();
  if (killAfter !== null) {
    await Promise.race([sleep(killAfter), exited]);
    rank.kill('SIGKILL');
  }
  await exited;
  if (killAfter === null) expect(rank.exitCode).toBe(0);
  return performance.now() - started;
}

/** Returns how many files are finished. */
function checkInvariants(): number {
  for (const name of readdirSync(join(staging, 'export')))
    expect([name, sha256(exportedFile(staging, name))]).toEqual([name, sound.get(name)]);
  const records = readdirSync(join(staging, 'done'));
  for (const file of records.map((name) => name.replace(/\.json$/, ''))) {
    const record = readDoneRecord(staging, file);
    expect(record?.sha256).toBe(sound.get(file));
    expect(record?.byteDigest).toBe(plan.byteDigest);
  }
  return records.length;
}

function startOver(): void {
  for (const { name } of plan.files) {
    rmSync(doneFile(staging, name), { force: true });
    rmSync(exportedFile(staging, name), { force: true });
  }
}

it(`survives ${KILLS} kills`, { timeout: 20_000 + KILLS * 5000 }, async () => {
  const duration = await runRank(null);
  for (const { name } of plan.files) sound.set(name, sha256(exportedFile(staging, name)));
  expect(await digestTensors(join(staging, 'export'))).toEqual((await expectedOf('llama-trained')).tensors);
  startOver();

  const random = seededRandom(SEED);
  let finished = 0;
  let midway = 0;
  for (let kill = 0; kill < KILLS; kill++) {
    await runRank(random() * duration * 1.1);
    const now = checkInvariants();
    expect(now).toBeGreaterThanOrEqual(finished);
    if (now < plan.files.length) midway++;
    finished = now === plan.files.length ? 0 : now;
    if (finished === 0) startOver();
  }
  expect(midway).toBeGreaterThan(KILLS / 4);
  await runRank(null);
  expect(checkInvariants()).toBe(plan.files.length);
  expect(await digestTensors(join(staging, 'export'))).toEqual((await expectedOf('llama-trained')).tensors);
  const attempts = readdirSync(staging).filter((name) => name.startsWith('attempt-'));
  expect(attempts).toHaveLength(1);
  expect(readdirSync(join(staging, attempts[0] ?? ''))).toEqual(['pending.json']);
});
