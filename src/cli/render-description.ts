// `describe` for people.
import { styleText } from 'node:util';
import type { Description } from './description.ts';

export function renderDescription(description: Description): string {
  const { name, workflow, consumes, produces, parameters, failures, exit_codes } = description;
  const artifacts = (list: Description['consumes']): string[] =>
    columns(list.map(({ type, parameter, meaning }) => [type, parameter, meaning]));
  const lines = [
    `${title(name)}  as workflow ${workflow}`,
    '',
    title('Consumes'),
    ...artifacts(consumes),
    title('Produces'),
    ...artifacts(produces),
    '',
    title('Parameters'),
    ...columns(
      parameters.map((it) => [
        it.name,
        it.type,
        it.meaning + (it.aliases.length === 0 ? '' : ` (also ${it.aliases.join(', ')})`) + describeDefault(it),
      ]),
    ),
    '',
    title('Failures'),
    ...columns(
      failures.map((it) => [
        it.type,
        `${it.retried ? 'retried' : 'final'}, exit ${it.exit_code}`,
        it.meaning,
        it.advice,
      ]),
    ),
    '',
    title('Exit codes'),
    ...columns(exit_codes.map(({ code, meaning }) => [String(code), meaning])),
  ];
  return `${lines.join('\n')}\n`;
}

const title = (text: string): string => styleText('bold', text, { stream: process.stdout });

function describeDefault({ required, configured, default: fallback }: Description['parameters'][number]): string {
  const value = configured ?? fallback;
  if (value === null) return required ? ' [required]' : '';
  return ` [${typeof value === 'string' ? value : JSON.stringify(value)}${required ? "; required in a workflow's request" : ''}]`;
}

/** All but the last column padded to the widest cell, and what would be too wide for that on its own. */
function columns(rows: readonly (readonly string[])[]): string[] {
  const count = Math.max(0, ...rows.map((row) => row.length - 1));
  const widths = Array.from({ length: count }, (_, column) =>
    Math.min(60, Math.max(...rows.map((row) => row[column]?.length ?? 0))),
  );
  return rows.map((row) => `  ${row.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join('  ')}`.trimEnd());
}
