// A plan on disk is the plan; anything else is refused.
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { LLAMA } from '../../src/models/llama.ts';
import { makePlan } from '../../src/plan/make-plan.ts';
import { readFilePlan, readPlan, writePlan } from '../../src/plan/plan-files.ts';
import { makeCheckpoint } from '../support/plan-checkpoint.ts';
import { configOf, makeHuggingFace, makeMegatron, SMALL } from '../support/plan-model.ts';

let staging = '';
beforeEach(async () => {
  staging = await mkdtemp(join(tmpdir(), 'plan-files-'));
});
afterEach(() => rm(staging, { recursive: true, force: true }));

const { checkpoint, stat } = makeCheckpoint(makeMegatron(SMALL, makeHuggingFace(SMALL)));
const plan = makePlan({
  checkpoint,
  checkpointStat: stat,
  family: LLAMA,
  config: configOf(SMALL),
  input: { strict: true, dtype: 'source', max_shard_size: 1000 },
});

it('reads back what was written, as often as it is written', async () => {
  await writePlan(plan, staging);
  await writePlan(plan, staging);
  const summary = await readPlan(staging);
  expect(summary).toEqual({ ...plan, files: plan.files.map(({ name, bytes, header }) => ({ name, bytes, header })) });
  expect(plan.files.length).toBeGreaterThan(2);
  for (const file of plan.files) expect(await readFilePlan(staging, file.name)).toEqual(file);
  expect((await readdir(join(staging, 'plan'))).sort()).toEqual(plan.files.map(({ name }) => `${name}.json`).sort());
  expect((await readdir(staging)).sort()).toEqual(['plan', 'plan.json']);
});

it('refuses a damaged plan and names that do not stay in the staging directory', async () => {
  await writePlan(plan, staging);
  await writeFile(join(staging, 'plan.json'), '{"format": 2}');
  await expect(readPlan(staging)).rejects.toMatchObject({ name: 'ConversionError', type: 'SourceChanged' });
  const name = plan.files[0]?.name ?? '';
  const path = join(staging, 'plan', `${name}.json`);
  const text = await readFile(path, 'utf8');
  await writeFile(path, text.slice(0, -10));
  await expect(readFilePlan(staging, name)).rejects.toThrow('it is no JSON');
  await writeFile(path, text.replace('"file":"__0_0.distcp"', '"file":"../../secret"'));
  await expect(readFilePlan(staging, name)).rejects.toThrow('is not a plan of this version');
  await expect(readFilePlan(staging, '../plan')).rejects.toThrow();
});
