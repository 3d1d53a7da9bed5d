import { describe, expect, it } from 'vitest';
import { judgeRanks, type RankError } from '../../src/launch/judge-ranks.ts';
import { parseRankEvent } from '../../src/launch/rank-events.ts';
import type { ProcessResult } from '../../src/launch/run-process.ts';

const ended = (changes: Partial<ProcessResult> = {}): ProcessResult => ({
  exitCode: 0,
  signalName: null,
  aborted: false,
  timedOut: false,
  startError: null,
  tail: [],
  seconds: 1,
  ...changes,
});
const error = (type: string, message: string): RankError => ({
  event: 'error',
  rank: 1,
  type,
  message,
  problems: [],
  facts: {},
});

describe('judgeRanks', () => {
  it('has nothing against a good end', () => {
    expect(judgeRanks(ended(), [])).toBeNull();
  });

  it('lets a final failure of a rank decide, whatever else was said', () => {
    const failure = judgeRanks(ended({ exitCode: 1 }), [
      error('RankFailed', 'lost'),
      error('CorruptData', 'bad bytes'),
    ]);
    expect(failure).toMatchObject({ type: 'CorruptData', message: 'bad bytes', facts: { rank: 1 } });
  });

  it('makes RankFailed of everything else, unknown types too', () => {
    expect(judgeRanks(ended({ exitCode: 1 }), [error('Nonsense', 'what')])).toMatchObject({
      type: 'RankFailed',
      problems: ['rank 1: what'],
    });
  });

  it('shows the last lines, without the events', () => {
    const failure = judgeRanks(ended({ exitCode: 2, tail: ['{"event":"start"}', 'Segmentation fault'] }), []);
    expect(failure?.message).toBe(
      'A rank ended with code 2 without saying why.\nLast lines of the ranks:\nSegmentation fault',
    );
  });

  it("finds the signal of a rank in torchrun's report", () => {
    const failure = judgeRanks(ended({ exitCode: 1, tail: ['  exitcode  : -9 (pid: 7)'] }), []);
    expect(failure?.problems).toEqual([
      'A rank was ended by signal 9 without a word (out of memory, or killed by hand?).',
    ]);
  });
});

describe('parseRankEvent', () => {
  it.each([
    '',
    'hello',
    '{"event":"start"}',
    '{"event":',
    '{"event":"other","rank":0}',
    ' {"event":"end","rank":0,"peakMemory":1}',
  ])('is null for %s', (line) => {
    expect(parseRankEvent(line)).toBeNull();
  });

  it('reads an event', () => {
    const event = { event: 'progress', rank: 3, file: 'model.safetensors', bytes: 7 };
    expect(parseRankEvent(JSON.stringify(event))).toEqual(event);
  });
});
