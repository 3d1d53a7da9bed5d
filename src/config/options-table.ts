// The generated tables of docs/configuration.md, from the schemas that check the values.
import { join } from 'node:path';
import { PROFILE_SCHEMAS } from '../contract/profiles.ts';
import type { Leaf } from './leaf.ts';
import { requestOptions } from './load-config.ts';
import { listOptions, type Option } from './options.ts';
import { packageConfigFolder } from './package-root.ts';
import { readYaml } from './read-yaml.ts';
import { WorkerFile } from './worker-policy.ts';

/** Parameters of a request: what a program that starts a workflow gets, and what `config/default.yaml` sets on the command line. */
export async function renderOptionsTable(): Promise<string> {
  const { leaves } = await readYaml(join(packageConfigFolder(), 'default.yaml'), 'package');
  const rows = requestOptions().map((option) => [
    code(option.path),
    option.type,
    describeDefault(option),
    describeLeaf(leaves.get(option.path)),
    option.meaning,
  ]);
  return renderTable(['parameter', 'type', 'default', '`default.yaml`', 'meaning'], rows);
}

/** Keys of `worker.yaml`. */
export function renderWorkerTable(): string {
  const rows = listOptions(WorkerFile).map((option) => [
    code(option.path),
    option.type,
    describeDefault(option),
    option.meaning,
  ]);
  return renderTable(['key', 'type', 'default', 'meaning'], rows);
}

/** Keys of a profile with that executor. */
export function renderProfileTable(executor: keyof typeof PROFILE_SCHEMAS): string {
  const rows = listOptions(PROFILE_SCHEMAS[executor]).map((option) => [
    code(option.path),
    option.type,
    describeDefault(option),
    option.meaning,
  ]);
  return renderTable(['key', 'type', 'default', 'meaning'], rows);
}

/** A Markdown table with aligned columns, as the formatter of this repository writes it. Cells hold no line breaks. */
export function renderTable(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const cells = [head, ...rows].map((row) => row.map((cell) => cell.replaceAll('|', '\\|')));
  const widths = head.map((_, column) => Math.max(3, ...cells.map((row) => row[column]?.length ?? 0)));
  const line = (row: readonly string[]) =>
    `| ${widths.map((width, column) => (row[column] ?? '').padEnd(width)).join(' | ')} |`;
  const [first = [], ...others] = cells;
  return [line(first), line(widths.map((width) => '-'.repeat(width))), ...others.map(line)].join('\n');
}

/** Replaces what stands between `<!-- NAME -->` and `<!-- /NAME -->`. @throws Error where the markers are missing. */
export function replaceBetweenMarkers(document: string, name: string, content: string): string {
  const [begin, end] = [`<!-- ${name} -->`, `<!-- /${name} -->`];
  const [from, to] = [document.indexOf(begin), document.indexOf(end)];
  if (from < 0 || to < from) throw new Error(`the document has no ${begin} ... ${end}`);
  return `${document.slice(0, from + begin.length)}\n\n${content}\n\n${document.slice(to)}`;
}

function describeDefault({ required, fallback }: Option): string {
  if (required) return 'required';
  return fallback === undefined ? '' : code(typeof fallback === 'string' ? fallback : JSON.stringify(fallback));
}

function describeLeaf(leaf: Leaf | undefined): string {
  return leaf === undefined ? '' : code(leaf.text ?? JSON.stringify(leaf.value));
}

const code = (text: string): string => `\`${text}\``;
