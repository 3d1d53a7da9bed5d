import { expect, it } from 'vitest';
import { eventLine } from '../../src/rank/print-events.ts';

const error = {
  event: 'error',
  rank: 0,
  type: 'CorruptData',
  message: 'm',
  problems: ['p'],
  facts: { file: 'f' },
} as const;

it('prints a short event as it is', () => {
  expect(JSON.parse(eventLine(error).toString())).toEqual(error);
});

it.each([
  { ...error, message: 'ü'.repeat(10_000) },
  { ...error, message: '\n"'.repeat(5000), problems: ['x'.repeat(9000)] },
  { ...error, problems: Array.from({ length: 500 }, (_, k) => `problem ${k}`) },
  { ...error, facts: { tail: 'z'.repeat(9000) } },
])('cuts a long one to what the kernel writes whole', (long) => {
  const line = eventLine(long);
  expect(line.length).toBeLessThanOrEqual(4096);
  expect(JSON.parse(line.toString())).toMatchObject({ event: 'error', type: 'CorruptData' });
});
