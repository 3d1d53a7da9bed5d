import { mkdir, open, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { z } from 'zod';
import { fixturePath, iterationName, ROOT, temporaryDirectory } from '../../support/checkpoint-fixtures.ts';
import { attempt, twice } from '../../support/checkpoint-attempts.ts';

const Operation = z.discriminatedUnion('op', [
  z.object({ op: z.literal('mkdir'), path: z.string() }),
  z.object({ op: z.literal('create'), path: z.string() }),
  z.object({ op: z.literal('write'), path: z.string(), offset: z.int(), length: z.int() }),
  z.object({ op: z.literal('fsync'), path: z.string() }),
  z.object({ op: z.literal('rename'), path: z.string(), to: z.string() }),
  z.object({ op: z.literal('unlink'), path: z.string() }),
]);
type Operation = z.infer<typeof Operation>;

/** Carries out one operation of the recorded save, with the bytes of the finished fixture. @param part of a write, 0 to 1. */
async function replay(root: string, source: string, operation: Operation, part = 1): Promise<void> {
  const path = join(root, operation.path);
  if (operation.op === 'mkdir') await mkdir(path, { recursive: true });
  if (operation.op === 'create') await writeFile(path, '');
  if (operation.op === 'rename') await rename(path, join(root, operation.to));
  if (operation.op === 'unlink') await rm(path);
  if (operation.op !== 'write') return;
  const final = join(source, operation.path.replace('.metadata.tmp', '.metadata'));
  const bytes = (await readFile(final)).subarray(
    operation.offset,
    operation.offset + Math.floor(operation.length * part),
  );
  const file = await open(path, 'r+');
  await file.write(bytes, 0, bytes.length, operation.offset);
  await file.close();
}

async function readSequence(name: 'core-0.16' | 'core-0.19'): Promise<Operation[]> {
  const text = await readFile(join(ROOT, 'fixtures/save-sequences', `${name}.json`), 'utf8');
  return z.array(Operation).parse(JSON.parse(text));
}

/** Index of the operation that makes the data final: the last write of `metadata.json`. */
function lastDataOperation(operations: readonly Operation[]): number {
  return operations.findLastIndex(({ op, path }) => op === 'write' && path.endsWith('metadata.json'));
}

describe.each(['core-0.16', 'core-0.19'] as const)('%s', (name) => {
  const source = dirname(fixturePath(name));

  test('every prefix of the save, seen unchanged by two attempts', async () => {
    const root = await temporaryDirectory();
    const path = join(root, iterationName(name));
    const operations = await readSequence(name);
    const last = lastDataOperation(operations);
    expect(last).toBeGreaterThan(10);
    expect((await twice(path)).outcome).toBe('CheckpointIncomplete');
    for (const [index, operation] of operations.entries()) {
      if (operation.op === 'write') {
        await replay(root, source, operation, 0.5);
        if (index <= last)
          expect((await twice(path)).outcome, `half of ${JSON.stringify(operation)}`).toBe('CheckpointIncomplete');
      }
      await replay(root, source, operation);
      const { outcome, message } = await twice(path);
      const after = `after ${JSON.stringify(operation)}: ${message}`;
      if (index < last) expect(outcome, after).toBe('CheckpointIncomplete');
      else if (!operation.path.endsWith('run_config.yaml')) expect(outcome, after).toBe('complete');
    }
    expect((await twice(path)).outcome).toBe('complete');
  });

  test('every prefix, abandoned an hour ago: never complete, and said to be stalled', async () => {
    const root = await temporaryDirectory();
    const path = join(root, iterationName(name));
    const operations = await readSequence(name);
    const later = { now: (): number => Date.now() + 3_600_000 };
    for (const operation of operations.slice(0, lastDataOperation(operations))) {
      await replay(root, source, operation);
      const { outcome, message } = await twice(path, later);
      expect(outcome, message).not.toBe('complete');
      if (outcome === 'CheckpointIncomplete') expect(message).toContain('STALLED');
    }
  });

  test('a save that goes on between the looks is not complete at its last byte, but one look later', async () => {
    const root = await temporaryDirectory();
    const path = join(root, iterationName(name));
    let seen = await attempt(path);
    for (const operation of await readSequence(name)) {
      await replay(root, source, operation);
      seen = await attempt(path, seen);
      if (!operation.path.includes('/tokenizer/') && operation.op !== 'fsync' && operation.path.includes('iter_')) {
        expect(seen.outcome).toBe('CheckpointIncomplete');
      }
    }
    seen = await attempt(path, seen);
    expect(seen.outcome).toBe('complete');
  });
});
