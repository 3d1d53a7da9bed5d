import { describe, expect, it } from 'vitest';
import type { Progress } from '../../src/contract/index.ts';
import { ConvertProgress, readFruitless } from '../../src/engines/convert-progress.ts';

const TOTALS = { bytes: 1000, files: 4, reusedBytes: 200, reusedFiles: 1 };

function make(fruitless = 0): { progress: ConvertProgress; reports: Progress[] } {
  const reports: Progress[] = [];
  return { progress: new ConvertProgress(TOTALS, fruitless, (report) => reports.push(report)), reports };
}

describe('ConvertProgress', () => {
  it('adds up reused, finished and begun files', () => {
    const { progress, reports } = make();
    progress.take({ event: 'start', rank: 0, pid: 1, files: 3 });
    progress.take({ event: 'progress', rank: 0, file: 'a', bytes: 100 });
    progress.take({ event: 'progress', rank: 1, file: 'b', bytes: 50 });
    progress.take({ event: 'file', rank: 0, file: 'a', bytes: 300, bytesRead: 310, seconds: 1 });
    expect(reports.map((report) => report.done_bytes)).toEqual([200, 300, 350, 550]);
    expect(reports.at(-1)).toMatchObject({ phase: 'convert', total_bytes: 1000, done_files: 2, total_files: 4 });
    expect(progress.bytesRead).toBe(310);
  });

  it('gives the rate of the last seconds', () => {
    const { progress, reports } = make();
    progress.take({ event: 'progress', rank: 0, file: 'a', bytes: 0 }, 0);
    for (let second = 1; second <= 30; second++)
      progress.take(
        { event: 'progress', rank: 0, file: 'a', bytes: second < 15 ? 0 : 20 * (second - 15) },
        second * 1000,
      );
    expect(reports[0]?.rate).toBeUndefined();
    expect(reports[14]?.rate).toBe(0);
    expect(reports.at(-1)).toMatchObject({ rate: 20, message: expect.stringContaining('20 bytes/s') });
  });

  it('carries the number of fruitless attempts until a file is finished', () => {
    const { progress, reports } = make(2);
    progress.report('starting');
    progress.take({ event: 'file', rank: 0, file: 'a', bytes: 300, bytesRead: 300, seconds: 1 });
    expect(reports.map((report) => report.carry)).toEqual([{ fruitless: 3 }, { fruitless: 0 }]);
  });
});

describe('readFruitless', () => {
  it.each([
    [{ phase: 'convert', message: '', carry: { fruitless: 2 } }, 2],
    [{ phase: 'convert', message: '' }, 0],
    [{ phase: 'convert', message: '', carry: { fruitless: 'many' } }, 0],
    [null, 0],
    ['nonsense', 0],
  ])('reads %o', (previous, expected) => {
    expect(readFruitless(previous)).toBe(expected);
  });
});
