// The first and the last words of a run, for people.
import { styleText } from 'node:util';
import { formatBytes, formatSeconds, type ConversionResult } from '../contract/index.ts';
import type { Failure } from './describe-failure.ts';
import type { RunEvent } from './run-event.ts';

type Write = (line: string) => void;

/** Which run this is and where it can be watched; or that it begins again. */
export function describeStart(event: Extract<RunEvent, { event: 'started' | 'retrying' | 'reset' }>): string[] {
  if (event.event === 'reset') return [`${event.workflow_id}  was reset and goes on as run ${event.run_id}`];
  if (event.event === 'retrying') {
    const ending = event.earlier_failure === null ? '' : ` that ended in ${event.earlier_failure}`;
    return [
      `${event.workflow_id}  retrying from ${event.from} run ${event.earlier_run_id}${ending}`,
      ...event.notes.map((note) => `  ${note}`),
    ];
  }
  const found = event.fresh ? 'started' : 'already running, attached';
  return [`${event.workflow_id}  ${found} (run ${event.run_id})`, ...(event.ui === null ? [] : [event.ui])];
}

/** Result, failure or detachment. The figures of a result are notes on stderr; its path goes to stdout. */
export function describeEnding(event: RunEvent, write: Write): void {
  if (event.event === 'result') describeResult(event, write);
  else if (event.event === 'failed') describeFailureLines(event, write);
  else if (event.event === 'interrupted') write(event.message);
  else if (event.event === 'detached') {
    write(`detached: the run goes on. Attach again with: ${event.attach}`);
  }
}

function describeResult(result: ConversionResult, write: Write): void {
  const validated = result.validation === 'VALIDATED';
  const style = { stream: process.stderr };
  write('');
  write(styleText(validated ? ['green', 'bold'] : ['yellow', 'bold'], result.validation, style));
  const reused = result.files_reused === 0 ? '' : `, ${result.files_reused} of them reused`;
  write(
    `  model       ${result.family}, ${result.tensors} tensors, ${result.parameters.toLocaleString('en')} parameters`,
  );
  write(
    `  size        ${formatBytes(result.bytes)} in ${result.files} files${reused}, ${result.ranks} ranks, engine ${result.engine}`,
  );
  const { wait, convert, verify, smoke, total } = result.seconds;
  const times = { wait, convert, verify, smoke, total };
  write(
    `  time        ${Object.entries(times)
      .map(([name, seconds]) => `${name} ${formatSeconds(seconds)}`)
      .join(', ')}`,
  );
  write(`  manifest    ${result.manifest}`);
  if (result.already_published) write('  the target already held exactly this export');
  const { perplexity, ratio } = result.smoke;
  if (perplexity !== null) {
    const against = ratio === null ? '' : `, ${ratio.toPrecision(3)} times better than on shuffled tokens`;
    write(`  perplexity  ${perplexity.toPrecision(4)}${against}`);
  }
  for (const sample of result.smoke.samples) {
    write(`  ${styleText('bold', sample.prompt, style)}${sample.text.replaceAll('\n', '\n  ')}`);
  }
  for (const warning of result.warnings) write(`  ${styleText('yellow', 'warning', style)}: ${warning}`);
}

function describeFailureLines(failure: Failure, write: Write): void {
  write(`${styleText('red', failure.type, { stream: process.stderr })}: ${failure.message}`);
  if (failure.advice !== null && !failure.message.includes(failure.advice)) write(failure.advice);
}
