// Runs that have begun must survive a new release: the workflow replays what real runs recorded. CONTRIBUTING.md says what to do when not.
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';

import { Worker } from '@temporalio/worker';
import { beforeAll, expect, it } from 'vitest';

import { HISTORIES } from '../support/record-histories.ts';
import { bundleOnce, silenceTemporal } from '../support/temporal-workers.ts';

let texts: Map<string, string>;
let code: string;

beforeAll(async () => {
  silenceTemporal();
  const names = (await readdir(HISTORIES)).filter((name) => name.endsWith('.json'));
  texts = new Map(
    await Promise.all(names.map(async (name) => [name, await readFile(join(HISTORIES, name), 'utf8')] as const)),
  );
  code = await bundleOnce();
});

async function replay(histories: ReadonlyMap<string, string>): Promise<Record<string, string>> {
  const replayed = Worker.runReplayHistories(
    { workflowBundle: { code } },
    [...histories].map(([workflowId, text]) => ({ workflowId, history: JSON.parse(text) as unknown })),
  );
  const outcomes: Record<string, string> = {};
  for await (const { workflowId, error } of replayed) outcomes[workflowId] = error?.name ?? 'replayed';
  return outcomes;
}

it('replays every recorded history', async () => {
  expect([...texts.keys()].toSorted()).toEqual([
    'already-published.json',
    'cancelled.json',
    'not-validated.json',
    'smoke-failed.json',
    'success.json',
    'timed-out.json',
    'waited.json',
  ]);
  expect(new Set(Object.values(await replay(texts)))).toEqual(new Set(['replayed']));
});

it('notices another order of the phases', async () => {
  const success = texts.get('success.json') ?? '';
  const other = success.replaceAll('"name": "verify"', '"name": "publish"');
  expect(other).not.toBe(success);
  expect(await replay(new Map([['other', other]]))).toEqual({ other: 'DeterminismViolationError' });
});
