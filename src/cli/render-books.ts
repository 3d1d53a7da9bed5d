// The books of a plan as text. Pure.
import { formatBytes } from '../contract/index.ts';
import { DROP_RULES } from '../models/drops.ts';
import type { BookLine, Books } from '../plan/types.ts';
import { groupNames } from './group-names.ts';

export function renderBooks(books: Books): string[] {
  const { rows, bytes } = books.vocabularyPadding;
  const open = books.unmapped.length + books.missing.length;
  return [
    'books',
    countLine('mapped', books.mapped),
    ...books.dropped.map((drop) => `${countLine(`dropped (${drop.rule})`, drop)}${reasonOf(drop.rule)}`),
    ...(rows === 0 ? [] : [`  vocabulary padding cut: ${rows} rows, ${formatBytes(bytes)}`]),
    `  produced: ${books.produced} tensors`,
    ...books.excused.map(
      ({ rule, tensors, examples }) =>
        `  not produced (${rule}): ${tensors} tensors: ${examples.slice(0, 3).join(', ')}${tensors > 3 ? ', ...' : ''}`,
    ),
    ...listOpen('NOT MAPPED', books.unmapped),
    ...listOpen('NOT PRODUCED', books.missing),
    open === 0 ? '  closed' : `  NOT CLOSED: a strict run fails on these ${open}`,
  ];
}

function reasonOf(rule: string): string {
  const why = DROP_RULES.find(({ name }) => name === rule)?.why;
  return why === undefined ? '' : `: ${why}`;
}

function countLine(name: string, { tensors, bytes }: Pick<BookLine, 'tensors' | 'bytes'>): string {
  return `  ${name}: ${tensors} tensors, ${formatBytes(bytes)}`;
}

function listOpen(label: string, names: readonly string[]): string[] {
  const groups = groupNames(
    names,
    (name) => name,
    () => '',
  );
  return groups.map(({ name, members }) => `  ${label}: ${name}${members.length === 1 ? '' : ` (${members.length})`}`);
}
