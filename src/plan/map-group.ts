// The map of rows for one source or several joined ones, with its result compared with the shapes that the reference calls for.
import type { ModelDimensions } from '../models/types.ts';
import { holdsExperts, slotsOf, targetName, type SourceGroup } from './choose-sources.ts';
import { rowMapProblem, type RowMap } from './row-maps.ts';
import { TRANSFORMS } from './transforms.ts';
import type { Shapes } from './types.ts';

/** @returns the map, or a sentence about the tensor that does not fit. */
export function mapGroup(group: SourceGroup, dimensions: ModelDimensions, expected: Shapes): RowMap | string {
  const { rule, sources } = group;
  const [{ entry, leads }] = sources;
  const name = sources.map((source) => `${source.entry.key} [${source.entry.shape.join(', ')}]`).join(' + ');
  const columns = entry.shape.slice(leads.length + 1);
  const uneven = sources.find((source) => source.entry.shape.slice(source.leads.length + 1).join() !== columns.join());
  if (uneven) return `${name}: the tensors are joined along their rows, but differ in their columns`;
  const parts = sources.map((source) => source.entry.shape[source.leads.length] ?? 1);
  const rows = parts.reduce((sum, part) => sum + part, 0);
  const shapes = expectedShapes(group, dimensions, expected);
  if (typeof shapes === 'string') return `${name}: ${shapes}`;
  const map = TRANSFORMS[rule.transform]({ parts, rows, targets: shapes, dimensions });
  if (typeof map === 'string') return `${name}: ${map}`;
  if (map.transposed && columns.length !== 1) return `${name}: only a matrix can be transposed`;
  for (const [target, to] of rule.to.entries()) {
    const made = map.targetRows[target] ?? 0;
    const shape = map.transposed ? [...columns, made] : [made, ...columns];
    const wanted = shapes[target] ?? [];
    if (shape.join() !== wanted.join()) {
      return `${name}: would give ${to} [${shape.join(', ')}], config.json calls for [${wanted.join(', ')}]`;
    }
  }
  const flaw = rowMapProblem(map, rows);
  return flaw === null ? map : `${name}: transform ${rule.transform} is wrong: ${flaw}`;
}

/** The shape of each target, without an axis of experts; the same for every layer and expert of the group, or a sentence. */
function expectedShapes(
  { rule, sources }: SourceGroup,
  dimensions: ModelDimensions,
  expected: Shapes,
): string | readonly (readonly number[])[] {
  const slots = slotsOf(sources[0]);
  const shapes: (readonly number[])[] = [];
  for (const to of rule.to) {
    let first: readonly number[] | null = null;
    for (const slot of slots) {
      const name = targetName(to, slot, rule, dimensions);
      const whole = expected.get(name) ?? [];
      const fused = holdsExperts(to, slot);
      if (fused && (slot.expert ?? 0) >= (whole[0] ?? 0)) {
        return `holds expert ${slot.expert}, config.json calls for ${name} with ${whole[0] ?? 0} experts`;
      }
      const shape = fused ? whole.slice(1) : whole;
      first ??= shape;
      if (first.join() !== shape.join()) {
        return `config.json calls for different shapes in one stack: [${first.join(', ')}] and ${name} [${shape.join(', ')}]`;
      }
    }
    shapes.push(first ?? []);
  }
  return shapes;
}
