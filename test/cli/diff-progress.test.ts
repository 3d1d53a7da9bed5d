import { expect, test } from 'vitest';
import { showDiffProgress } from '../../src/cli/diff-progress.ts';

const CLEAR_LINE = '\r\u001B[2K';

function record(isTTY: boolean) {
  const written: string[] = [];
  let time = 0;
  const stream = { isTTY, columns: 40, write: (text: string) => written.push(text) };
  const progress = showDiffProgress(stream, () => time);
  return {
    written,
    progress,
    wait: (milliseconds: number) => {
      time += milliseconds;
    },
  };
}

test('a log gets a line every ten seconds, without control characters', () => {
  const { written, progress, wait } = record(false);
  wait(9999);
  progress.show(1e9, 10e9);
  wait(1);
  progress.show(2e9, 10e9);
  progress.show(3e9, 10e9);
  progress.close();
  expect(written).toEqual(['comparing 2.00 GB of 10.0 GB (20 %), 200 MB/s, 40 s left\n']);
});

test('a terminal gets one line that is rewritten, fits, and is gone at the end', () => {
  const { written, progress, wait } = record(true);
  wait(200);
  progress.show(1e9, 10e9);
  wait(200);
  progress.show(2e9, 10e9);
  progress.close();
  expect(written).toHaveLength(3);
  for (const text of written) {
    expect(text.startsWith(CLEAR_LINE)).toBe(true);
    expect(text.length).toBeLessThan(40 + CLEAR_LINE.length);
  }
  expect(written[1]).toContain('comparing 2.00 GB of 10.0 GB (20 %)');
  expect(written[2]).toBe(CLEAR_LINE);
});

test('a quick comparison shows nothing', () => {
  const { written, progress } = record(true);
  progress.show(1, 2);
  progress.close();
  expect(written).toEqual([]);
});
