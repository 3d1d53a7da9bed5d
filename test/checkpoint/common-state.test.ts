import { rm, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { readCommonState } from '../../src/checkpoint/common-state.ts';
import { OP } from '../../src/checkpoint/pickle/opcodes.ts';
import { readCheckpoint } from '../../src/checkpoint/read-checkpoint.ts';
import { readObject } from '../../src/checkpoint/read-object.ts';
import { copyFixture } from '../support/checkpoint-fixtures.ts';
import { call, globalOf, pickleOf, text } from '../support/checkpoint-pickle.ts';
import { archiveOf } from '../support/checkpoint-zip.ts';

test('core 0.16: the file common.pt', async () => {
  const state = await readCommonState(await readCheckpoint(await copyFixture('core-0.16')));
  expect(state.form).toBe('common.pt');
  expect(state.form !== 'absent' && state.values.get('iteration')).toBe(120);
});

test('core 0.19: an entry of the shards', async () => {
  const checkpoint = await readCheckpoint(await copyFixture('core-0.19'));
  const state = await readCommonState(checkpoint);
  expect(state.form).toBe('entry');
  expect(state.form !== 'absent' && state.values.get('iteration')).toBe(500);
  await expect(readObject(checkpoint, 'common_state/shard_0_1')).resolves.toHaveLength(1);
});

test('neither', async () => {
  const path = await copyFixture('core-0.16');
  await rm(join(path, 'common.pt'));
  expect(await readCommonState(await readCheckpoint(path))).toEqual({ form: 'absent' });
});

test('a truncated common.pt is damage', async () => {
  const path = await copyFixture('core-0.16');
  await truncate(join(path, 'common.pt'), 1000);
  await expect(readCommonState(await readCheckpoint(path))).rejects.toMatchObject({ type: 'CheckpointDamaged' });
});

test('a hostile common.pt runs nothing and is refused by name', async () => {
  const path = await copyFixture('core-0.16');
  const pickle = pickleOf(OP.EMPTY_DICT, text('args'), call(globalOf('os', 'system'), text('touch owned')), OP.SETITEM);
  await writeFile(join(path, 'common.pt'), archiveOf([{ name: 'common/data.pkl', data: pickle }]));
  await expect(readCommonState(await readCheckpoint(path))).rejects.toThrow(/os\.system/);
});

test('an unknown object', async () => {
  const checkpoint = await readCheckpoint(await copyFixture('core-0.16'));
  await expect(readObject(checkpoint, 'nothing')).rejects.toMatchObject({ type: 'CheckpointDamaged' });
});
