import { expect, it } from 'vitest';

import { createPhaseBoard, renderBoard } from '../../src/workflows/phase-board.ts';

const NOON = Date.parse('2026-11-24T12:00:00Z');
const board = () => createPhaseBoard({ megatron_path: '/in/iter_1', hf_path: '/out' });

it('starts with everything pending', () => {
  const { phase, phases } = board().status();
  expect(phase).toBe('checkCompleteness');
  expect(phases.every(({ state }) => state === 'pending')).toBe(true);
});

it('follows a phase from begin to end', () => {
  const rows = board();
  rows.begin('convert', NOON, '2 ranks');
  expect(rows.status()).toMatchObject({ phase: 'convert' });
  rows.end('convert', 'done', NOON + 90_000, '4 files');
  expect(rows.seconds('convert')).toBe(90);
  expect(rows.seconds('verify')).toBe(0);
  expect(renderBoard(rows.status())).toContain('| convert | done | 2026-11-24 12:00:00 | 1 min 30 s | 4 files |');
});

it('stays on failed, and ends on done', () => {
  const failed = board();
  failed.begin('verify', NOON, '');
  failed.end('verify', 'failed', NOON, 'a digest differs');
  expect(failed.status().phase).toBe('failed');
  const done = board();
  done.finish();
  expect(done.status().phase).toBe('done');
});

it('does not count a skipped phase, nor lets a cell break the table', () => {
  const rows = board();
  rows.end('smokeGenerate', 'skipped', NOON, 'NOT VALIDATED:\na | b');
  expect(rows.seconds('smokeGenerate')).toBe(0);
  const lines = renderBoard(rows.status(), ['a note']).split('\n');
  expect(lines).toContain('| smokeGenerate | skipped |  |  | NOT VALIDATED: a \\| b |');
  expect(lines.at(-1)).toBe('a note');
});
