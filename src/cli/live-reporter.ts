// One line a phase on a terminal: the current one is rewritten in place, finished ones stay.
import { stripVTControlCharacters, styleText } from 'node:util';
import { formatSeconds } from '../contract/index.ts';
import { describeEnding, describeStart } from './describe-ending.ts';
import { describeAttempt, describePhaseEnd, describeProgress, phaseColumn } from './describe-event.ts';
import type { Reporter, RunEvent } from './run-event.ts';

/** Milliseconds between two drawings: the clock and the countdown must move. */
const TICK = 500;
const CLEAR_LINE = '\r\u001B[2K';
const MARKS = { done: ['green', '✔'], failed: ['red', '✖'], skipped: ['yellow', '–'] } as const;

interface Current {
  readonly phase: string;
  readonly since: number;
  readonly last: RunEvent | null;
}

export function createLiveReporter(stream: NodeJS.WriteStream): Reporter {
  let current: Current | null = null;
  const style = (format: Parameters<typeof styleText>[0], text: string) => styleText(format, text, { stream });
  const erase = () => void stream.write(CLEAR_LINE);
  const draw = (): void => {
    if (current === null) return;
    stream.write(CLEAR_LINE + fitLine(describeCurrent(current), stream.columns, style));
  };
  const keep = (text: string): void => {
    erase();
    stream.write(`${text}\n`);
    draw();
  };
  const timer = setInterval(draw, TICK);
  timer.unref();
  return {
    report(event) {
      switch (event.event) {
        case 'started':
        case 'retrying':
        case 'reset':
          for (const text of describeStart(event)) keep(text);
          break;
        case 'phase':
          if (event.state === 'running') {
            current = { phase: event.phase, since: Date.now() - (event.seconds ?? 0) * 1000, last: null };
          } else {
            const [color, mark] = MARKS[event.state];
            current = null;
            keep(`${style(color, mark)} ${phaseColumn(event.phase)}  ${describePhaseEnd(event)}`);
          }
          break;
        case 'progress':
        case 'waiting':
          current = { since: Date.now(), ...current, phase: event.phase, last: event };
          break;
        default:
          current = null;
          erase();
          describeEnding(event, (text) => void stream.write(`${text}\n`));
      }
      draw();
    },
    close() {
      clearInterval(timer);
      if (current !== null) erase();
      current = null;
    },
  };
}

function describeCurrent({ phase, since, last }: Current): string {
  const now = Date.now();
  const head = `  ${phaseColumn(phase)}  ${formatSeconds(Math.floor((now - since) / 1000))}`;
  if (last?.event === 'progress') return `${head}  ${describeProgress(last)}`;
  if (last?.event === 'waiting') return `${head}  waiting (${describeAttempt(last, now)}): ${last.reason}`;
  return head;
}

/** A line that wraps could not be rewritten; control characters of a message must not reach the terminal. */
function fitLine(text: string, columns: number, style: (format: 'cyan', text: string) => string): string {
  const flat = shortenPaths(stripVTControlCharacters(text).replaceAll(/\s*\n\s*/g, ' '));
  return style('cyan', flat.length < columns ? flat : `${flat.slice(0, Math.max(0, columns - 2))}…`);
}

/** `/runs/sft/iter_0000100` as `…/iter_0000100`: one line has no room for what the command already names. */
function shortenPaths(text: string): string {
  return text.replaceAll(/(?<![\w.…])(?:\/[^\s/:,]+){2,}(\/[^\s/:,]+)/g, '…$1');
}
