import { Writable } from 'node:stream';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { createLiveReporter } from '../../src/cli/live-reporter.ts';
import { createPlainReporter } from '../../src/cli/plain-reporter.ts';
import type { RunEvent } from '../../src/cli/run-event.ts';

beforeEach(() => {
  vi.useFakeTimers({ now: new Date('2026-01-01T00:00:00Z') });
});
afterEach(() => {
  vi.useRealTimers();
});

const running = (phase: 'convert' | 'checkCompleteness'): RunEvent => ({
  event: 'phase',
  phase,
  state: 'running',
  summary: null,
  seconds: null,
});
const progress = (done: number): RunEvent => ({
  event: 'progress',
  phase: 'convert',
  message: 'converting',
  done_bytes: done,
  total_bytes: 4e9,
  done_files: 1,
  total_files: 4,
  rate: 1e8,
});
const waiting = (attempt: number, reason: string): RunEvent => ({
  event: 'waiting',
  phase: 'checkCompleteness',
  attempt,
  reason,
  next: new Date(Date.now() + 9000).toISOString(),
});

test('plain: phases at once, progress every ten seconds, a reason when it changes or once a minute', () => {
  const lines: string[] = [];
  const { report } = createPlainReporter((line) => lines.push(line));
  report(running('checkCompleteness'));
  report(waiting(1, 'two files are missing\n__0_0.distcp'));
  for (let second = 0; second < 61; second++) {
    report(waiting(2, 'one file is missing'));
    vi.advanceTimersByTime(1000);
  }
  report(running('convert'));
  for (let second = 0; second < 21; second++) {
    report(progress(second * 1e8));
    vi.advanceTimersByTime(1000);
  }
  report({ event: 'phase', phase: 'convert', state: 'done', summary: '4 files', seconds: 21 });
  expect(lines).toEqual([
    'checkCompleteness    running',
    'checkCompleteness    waiting (attempt 1, next in 9.0 s): two files are missing\n  __0_0.distcp',
    'checkCompleteness    waiting (attempt 2, next in 9.0 s): one file is missing',
    'checkCompleteness    waiting (attempt 2, next in 9.0 s): one file is missing',
    'convert              running',
    'convert              1.00 GB of 4.00 GB (25 %), 1 of 4 files, 100 MB/s, 30 s left',
    'convert              2.00 GB of 4.00 GB (50 %), 1 of 4 files, 100 MB/s, 20 s left',
    'convert              done in 21 s: 4 files',
  ]);
});

function fakeTerminal(columns: number) {
  let written = '';
  const stream = new Writable({
    decodeStrings: false,
    write: (text: string, _encoding, done) => {
      written += text;
      done();
    },
  });
  return { stream: Object.assign(stream, { columns }) as unknown as NodeJS.WriteStream, text: () => written };
}

/** What a terminal shows after these bytes: a carriage return with erase starts the line again. */
function screen(written: string): string[] {
  return written.split('\n').map((line) => line.split('\r\u001B[2K').at(-1) ?? '');
}

test('live: one line a phase, rewritten while it runs and kept when it is over', () => {
  const { stream, text } = fakeTerminal(80);
  const { report, close } = createLiveReporter(stream);
  report(running('convert'));
  report(progress(1e9));
  expect(screen(text()).at(-1)).toContain('1.00 GB of 4.00 GB (25 %)');
  vi.advanceTimersByTime(3000);
  expect(screen(text())).toHaveLength(1);
  expect(screen(text()).at(-1)).toMatch(/^ {2}convert {14}3\.0 s /);
  report({ event: 'phase', phase: 'convert', state: 'done', summary: '4 files', seconds: 3 });
  expect(screen(text())).toEqual(['✔ convert              done in 3.0 s: 4 files', '']);
  close();
});

test('live: a line never wraps, counts down and shows no control characters of a message', () => {
  const { stream, text } = fakeTerminal(90);
  const { report, close } = createLiveReporter(stream);
  report(running('checkCompleteness'));
  report(waiting(3, `/runs/a/b/iter_0000001 lacks\n  \u001B[31m__0_0.distcp\u001B[0m ${'x'.repeat(200)}`));
  const line = () => screen(text()).at(-1) ?? '';
  expect(line()).toContain('waiting (attempt 3, next in 9.0 s): …/iter_0000001 lacks');
  expect(line().length).toBeLessThan(90);
  expect(line()).not.toContain('\u001B');
  vi.advanceTimersByTime(4000);
  expect(line()).toContain('next in 5.0 s');
  close();
  expect(line()).toBe('');
});
