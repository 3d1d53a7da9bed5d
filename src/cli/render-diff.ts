// A comparison as text: both sides, what differs, and the verdict as the last line. Pure but for the colours.
import { styleText } from 'node:util';
import {
  STATUSES,
  type Comparison,
  type SideSummary,
  type Status,
  type TensorComparison,
  type TensorShape,
} from '../compare/types.ts';
import { formatBytes } from '../contract/index.ts';
import { groupNames } from './group-names.ts';

/** @param all one line for each tensor; else those that differ, like ones on one line. */
export function renderDiff(comparison: Comparison, all: boolean): string[] {
  const { a, b, tensors } = comparison;
  const shown = all ? tensors : tensors.filter(({ status }) => status !== 'equal');
  const lines = renderTensors(shown, all);
  return [
    describeSide('A', a),
    describeSide('B', b),
    ...[a, b].flatMap(({ notes }, side) => notes.map((note) => `  note on ${side === 0 ? 'A' : 'B'}: ${note}`)),
    '',
    ...lines,
    ...(lines.length === 0 ? [] : ['']),
    ...renderCounts(comparison),
    renderVerdict(comparison),
  ];
}

function describeSide(label: string, { path, kind, family, tensors, parameters, bytes }: SideSummary): string {
  const what = family === null ? kind : `${kind} of family ${family}`;
  return `${label}  ${path}\n   ${what}: ${tensors} tensors, ${parameters.toLocaleString('en')} parameters, ${formatBytes(bytes)}`;
}

function renderTensors(tensors: readonly TensorComparison[], all: boolean): string[] {
  const groups = all
    ? tensors.map((tensor) => ({ name: tensor.name, members: [tensor] }))
    : groupNames(
        tensors,
        ({ name }) => name,
        ({ status, a, b }) => JSON.stringify([status, a, b]),
      );
  const rows = groups.map(({ name, members }) => ({ name, ...describeGroup(members) }));
  const width = rows.reduce((widest, { name }) => Math.min(80, Math.max(widest, name.length)), 0);
  return rows.map(({ status, name, text }) => `${markOf(status)} ${name.padEnd(width)}  ${text}`);
}

/** The members are alike; the one that is furthest apart speaks for all. */
function describeGroup(members: readonly TensorComparison[]): { readonly status: Status; readonly text: string } {
  const worst = members.reduce((far, member) => (largest(member) > largest(far) ? member : far));
  const text = describeTensor(worst);
  if (members.length === 1) return { status: worst.status, text };
  const furthest = largest(worst) > 0 ? `, the furthest ${worst.name}` : '';
  return { status: worst.status, text: `${members.length} tensors${furthest}: ${text}` };
}

function largest({ distance }: TensorComparison): number {
  return distance?.max_abs_difference ?? 0;
}

function describeTensor({ status, a, b, distance }: TensorComparison): string {
  if (status === 'left_out') return STATUSES[status];
  if (a === null || b === null) return `${STATUSES[status]}: ${describeShape(a ?? b)}`;
  const types = a.dtype === b.dtype ? a.dtype : `${a.dtype} / ${b.dtype}`;
  if (status === 'shape_differs' || status === 'not_comparable')
    return `${STATUSES[status]}: ${describeShape(a)} / ${describeShape(b)}`;
  const head = `${types} [${a.shape.join(', ')}]`;
  if (distance === null || status === 'equal') return `${head} ${STATUSES[status]}`;
  if (status === 'same_values') return `${head} equal numbers`;
  const { different_elements: count, non_finite_differences: odd, max_abs_difference: max, at, values } = distance;
  const elements = a.shape.reduce((product, size) => product * size, 1);
  return [
    `${head} ${count.toLocaleString('en')} of ${elements.toLocaleString('en')} elements differ`,
    ...(odd === 0 ? [] : [`${odd.toLocaleString('en')} of them NaN or infinite on one side`]),
    ...(max === null || max === 0 ? [] : [`max |a-b| ${formatNumber(max)}`]),
    ...(at === null ? [] : [`at [${at.join(', ')}]`]),
    ...(values === null ? [] : [`(${values[0]} / ${values[1]})`]),
  ]
    .join(', ')
    .replaceAll(/, (?=at |\()/g, ' ');
}

function describeShape(tensor: TensorShape | null): string {
  return tensor === null ? '' : `${tensor.dtype} [${tensor.shape.join(', ')}]`;
}

function renderCounts({ counts, tolerance }: Comparison): string[] {
  return Object.entries(STATUSES)
    .map(([status, meaning]) => ({ count: counts[status as Status], meaning }))
    .filter(({ count }) => count > 0)
    .map(({ count, meaning }) => `${String(count).padStart(7)}  ${meaning}`)
    .concat(tolerance === null ? [] : [`         tolerance ${tolerance}`]);
}

function renderVerdict({ equal, counts, tensors, worst, tolerance }: Comparison): string {
  if (equal) {
    const how = tolerance === null ? 'byte for byte' : `as numbers, within ${tolerance}`;
    return `${styleText('green', 'equal')}: ${tensors.length} tensors ${how}`;
  }
  const far =
    worst === null ? '' : `; the largest difference is ${formatNumber(worst.max_abs_difference)} in ${worst.name}`;
  const accepted = tolerance === null ? counts.equal : counts.equal + counts.same_values + counts.within_tolerance;
  return `${styleText('red', 'different')}: ${tensors.length - accepted} of ${tensors.length} tensors are not equal${far}`;
}

const MARKS = { equal: '=', same_values: '~', within_tolerance: '~', only_in_a: '<', only_in_b: '>' } as const;

function markOf(status: Status): string {
  return MARKS[status as keyof typeof MARKS] ?? '!';
}

/** Six figures: enough to tell rounding from damage. */
function formatNumber(value: number): string {
  return String(Number(value.toPrecision(6)));
}
