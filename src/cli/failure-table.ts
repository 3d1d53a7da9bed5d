// The generated tables of docs/exit-codes.md.
import { renderTable } from '../config/options-table.ts';
import { FAILURES } from '../contract/index.ts';
import { EXIT_CODES } from './exit-codes.ts';

/** Every exit code. */
export function renderExitCodeTable(): string {
  const rows = Object.values(EXIT_CODES).map(({ code, meaning }) => [String(code), meaning]);
  return renderTable(['exit code', 'meaning'], rows);
}

/** Every failure type. */
export function renderFailureTable(): string {
  const rows = Object.entries(FAILURES).map(([type, row]) => [
    `\`${type}\``,
    row.retryable ? 'retried' : 'final',
    String(row.exitCode),
    row.meaning,
    row.advice,
  ]);
  return renderTable(['failure', 'attempts', 'exit code', 'meaning', 'what to do'], rows);
}
