// An inspection as text. Pure. Layers that look alike are one line.
import { formatBytes } from '../contract/index.ts';
import type { BookLine, Books } from '../plan/types.ts';
import type { InspectedTensor, Inspection } from './inspection.ts';

export function renderInspection(inspection: Inspection): string[] {
  const { path, iteration, family, layers, files, parameters, dtypes, training_config: training, tensors } = inspection;
  const types = Object.entries(dtypes).map(
    ([dtype, count]) => `${count.tensors} ${dtype} (${formatBytes(count.bytes)})`,
  );
  return [
    `${path}${iteration === null ? '' : `  iteration ${iteration}`}`,
    `  family      ${family ?? 'not known without --reference'}`,
    `  layers      ${layers ?? 'none found'}`,
    `  parameters  ${parameters.toLocaleString('en')}`,
    `  tensors     ${types.join(', ')} in ${files} files`,
    `  objects     ${inspection.objects.length}`,
    `  training    ${training === null ? 'no configuration recorded' : `configuration from ${training}`}`,
    '',
    ...renderTensors(tensors),
    ...(inspection.books === null ? [] : ['', ...renderBooks(inspection.books)]),
  ];
}

function renderTensors(tensors: readonly InspectedTensor[]): string[] {
  const rows = groupLayers(tensors).map(
    ({ name, tensor, target }) => [name, tensor.dtype, `[${tensor.shape.join(', ')}]`, target] as const,
  );
  const widths = [0, 1, 2].map((column) => Math.max(0, ...rows.map((row) => row[column]?.length ?? 0)));
  return rows.map(([name, dtype, shape, target]) =>
    `${name.padEnd(widths[0] ?? 0)}  ${dtype.padEnd(widths[1] ?? 0)}  ${shape.padEnd(widths[2] ?? 0)}  ${target}`.trimEnd(),
  );
}

interface Group {
  readonly name: string;
  readonly tensor: InspectedTensor;
  readonly target: string;
}

/** `decoder.layers.{0..31}.mlp...` for the same tensor of successive layers; `*` stands for the layer in the targets. */
function groupLayers(tensors: readonly InspectedTensor[]): Group[] {
  const groups = new Map<
    string,
    { readonly tensor: InspectedTensor; readonly pattern: string; readonly layers: number[]; readonly target: string }
  >();
  for (const tensor of tensors) {
    const layer = /\.layers\.(\d+)\./.exec(tensor.key)?.[1];
    const pattern = tensor.key.replace(/\.layers\.\d+\./, '.layers.*.');
    const target = describeTarget(tensor);
    const id = JSON.stringify([pattern, tensor.dtype, tensor.shape, target]);
    const group = groups.get(id) ?? { tensor, pattern, layers: [], target };
    if (layer !== undefined) group.layers.push(Number(layer));
    groups.set(id, group);
  }
  return [...groups.values()].map(({ tensor, pattern, layers, target }) => ({
    name: layers.length < 2 ? tensor.key : pattern.replace('*', describeLayers(layers)),
    tensor,
    target,
  }));
}

function describeTarget({ to, dropped }: InspectedTensor): string {
  if (dropped !== null) return `dropped: ${dropped}`;
  if (to.length === 0) return '';
  const shown = [...new Set(to.map((name) => name.replace(/\.layers\.\d+\./, '.layers.*.')))];
  return `-> ${shown.slice(0, 3).join(', ')}${shown.length > 3 ? `, ... ${shown.length} in all` : ''}`;
}

function describeLayers(layers: readonly number[]): string {
  const sorted = layers.toSorted((a, b) => a - b);
  const [first = 0] = sorted;
  const dense = sorted.every((layer, index) => layer === first + index);
  return dense ? `{${first}..${first + sorted.length - 1}}` : `{${sorted.join(',')}}`;
}

function renderBooks(books: Books): string[] {
  const { rows, bytes } = books.vocabularyPadding;
  return [
    'books',
    countLine('mapped', books.mapped),
    ...books.dropped.map((drop) => countLine(`dropped (${drop.rule})`, drop)),
    ...(rows === 0 ? [] : [`  vocabulary padding cut: ${rows} rows, ${formatBytes(bytes)}`]),
    `  produced: ${books.produced} tensors`,
    ...books.excused.map((excuse) => `  not produced (${excuse.rule}): ${excuse.tensors} tensors`),
    ...books.unmapped.map((key) => `  NOT MAPPED: ${key}`),
    ...books.missing.map((name) => `  NOT PRODUCED: ${name}`),
    books.unmapped.length + books.missing.length === 0 ? '  closed' : '  NOT CLOSED',
  ];
}

function countLine(name: string, { tensors, bytes }: Pick<BookLine, 'tensors' | 'bytes'>): string {
  return `  ${name}: ${tensors} tensors, ${formatBytes(bytes)}`;
}
