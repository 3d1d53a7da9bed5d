// An inspection as text. Pure. Tensors that differ only in their layer and expert numbers are one line, unless all are asked for.
import { formatBytes } from '../contract/index.ts';
import { groupNames, maskNumbers } from './group-names.ts';
import type { InspectedTensor, Inspection } from './inspection.ts';
import { renderBooks } from './render-books.ts';
import { renderModel } from './render-model.ts';

export function renderInspection(inspection: Inspection, all: boolean): string[] {
  const { tensors, books } = inspection;
  const shown = all ? tensors : tensors.filter(({ dropped }) => dropped === null);
  return [
    ...renderModel(inspection),
    '',
    ...renderTensors(shown, all, new Set(books?.unmapped)),
    ...(all ? [] : renderDropped(tensors, books !== null)),
    ...(books === null ? [] : ['', ...renderBooks(books)]),
  ];
}

function renderTensors(tensors: readonly InspectedTensor[], all: boolean, unmapped: ReadonlySet<string>): string[] {
  const target = (tensor: InspectedTensor): string => describeTarget(tensor, unmapped.has(tensor.key));
  const groups = all
    ? tensors.map((tensor) => ({ name: tensor.key, members: [tensor] }))
    : groupNames(
        tensors,
        ({ key }) => key,
        (tensor) => JSON.stringify([tensor.dtype, tensor.shape, target(tensor)]),
      );
  const rows = groups.flatMap(({ name, members: [tensor, ...others] }) => {
    if (tensor === undefined) return [];
    const count = others.length === 0 ? '' : `x ${others.length + 1}`;
    return [[name, count, tensor.dtype, `[${tensor.shape.join(', ')}]`, target(tensor)]];
  });
  const widths = [0, 1, 2, 3].map((column) =>
    rows.reduce((width, row) => Math.max(width, row[column]?.length ?? 0), 0),
  );
  return rows.map((row) =>
    row
      .map((cell, column) => cell.padEnd(widths[column] ?? 0))
      .filter((_, column) => widths[column] !== 0)
      .join('  ')
      .trimEnd(),
  );
}

function describeTarget({ to, dropped }: InspectedTensor, unmapped: boolean): string {
  if (unmapped) return 'NOT MAPPED';
  if (dropped !== null) return `dropped: ${dropped}`;
  if (to.length === 0) return '';
  const shown = [...new Set(to.map(maskNumbers))];
  return `-> ${shown.slice(0, 4).join(', ')}${shown.length > 4 ? `, ... ${shown.length} in all` : ''}`;
}

/** What is left out, a line a rule. */
function renderDropped(tensors: readonly InspectedTensor[], planned: boolean): string[] {
  const rules = new Map<string, { tensors: number; bytes: number }>();
  for (const { dropped, bytes } of tensors) {
    if (dropped === null) continue;
    const sum = rules.get(dropped) ?? { tensors: 0, bytes: 0 };
    rules.set(dropped, { tensors: sum.tensors + 1, bytes: sum.bytes + bytes });
  }
  return [...rules].map(([rule, sum]) => {
    // The one rule that a family may overrule.
    const fate = rule === 'mtp' && !planned ? 'converted if the reference has these layers' : 'not converted';
    return `(${sum.tensors} tensors of ${rule}, ${formatBytes(sum.bytes)}: ${fate}; --all lists them)`;
  });
}
