// Events as JSON lines on stdout, for scripts.
import type { Reporter } from './run-event.ts';

export function createJsonReporter(): Reporter {
  return {
    report: (event) => void process.stdout.write(`${JSON.stringify(event)}\n`),
    close: () => undefined,
  };
}
