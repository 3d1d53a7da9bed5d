// Events as plain lines on stderr, for logs: what changed, and every ten seconds how far it is.
import type { Phase } from '../contract/index.ts';
import { describeAttempt, describePhaseEnd, describeProgress, phaseColumn } from './describe-event.ts';
import { describeEnding, describeStart } from './describe-ending.ts';
import type { Reporter, RunEvent } from './run-event.ts';

/** Milliseconds. */
const PROGRESS_PACE = 10_000;
const REASON_PACE = 60_000;

export function createPlainReporter(write: (line: string) => void): Reporter {
  const line = (phase: Phase, text: string) => write(`${phaseColumn(phase)}  ${text.replaceAll('\n', '\n  ')}`);
  let lastProgress = 0;
  let lastReason = { text: '', at: 0 };
  const show = (event: RunEvent): void => {
    const now = Date.now();
    switch (event.event) {
      case 'phase':
        lastProgress = now;
        lastReason = { text: '', at: 0 };
        line(event.phase, event.state === 'running' ? 'running' : describePhaseEnd(event));
        break;
      case 'progress':
        if (now - lastProgress < PROGRESS_PACE) break;
        lastProgress = now;
        line(event.phase, describeProgress(event));
        break;
      case 'waiting':
        if (event.reason === lastReason.text && now - lastReason.at < REASON_PACE) break;
        lastReason = { text: event.reason, at: now };
        line(event.phase, `waiting (${describeAttempt(event, now)}): ${event.reason}`);
        break;
      case 'started':
      case 'retrying':
      case 'reset':
        for (const text of describeStart(event)) write(text);
        break;
      default:
        describeEnding(event, write);
    }
  };
  return { report: show, close: () => undefined };
}
