// Which reporter fits: JSON lines when asked for, a live line on a terminal, plain lines elsewhere.
import { createJsonReporter } from './json-reporter.ts';
import { createLiveReporter } from './live-reporter.ts';
import { createPlainReporter } from './plain-reporter.ts';
import type { Reporter } from './run-event.ts';

export function chooseReporter(options: { readonly json: boolean; readonly showProgress: boolean }): Reporter {
  const reporter = options.json
    ? createJsonReporter()
    : process.stderr.isTTY
      ? createLiveReporter(process.stderr)
      : createPlainReporter((line) => void process.stderr.write(`${line}\n`));
  if (options.showProgress) return reporter;
  return {
    report: (event) => {
      if (event.event !== 'progress') reporter.report(event);
    },
    close: reporter.close,
  };
}
