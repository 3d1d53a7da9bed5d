// Which source tensors a row of a family table takes: spellings that exist, parts that belong together, and what they give.
import type { ModelDimensions, Rule, Spelling } from '../models/types.ts';
import type { Source, SourceIndex } from './index-sources.ts';

/** One source, or several of the same layers and experts whose rows are joined, in the order of the spelling. */
export interface SourceGroup {
  readonly rule: Rule;
  readonly sources: readonly [Source, ...Source[]];
}

/** One layer and one expert of a source. */
export interface Slot {
  readonly indices: readonly number[];
  /** Null where the source has no experts. */
  readonly expert: number | null;
}

/**
 * Layer by layer and expert by expert the first spelling that exists: one checkpoint may hold fused and separate norms. A source that is
 * copied into several layers is there once for each.
 */
export function chooseSources(rule: Rule, index: SourceIndex, dimensions: ModelDimensions): SourceGroup[] {
  const chosen: SourceGroup[] = [];
  const taken = new Set<string>();
  for (const spelling of rule.from) {
    for (const sources of joinParts(spelling, index)) {
      const ids = slotsOf(sources[0]).map(slotId);
      if (ids.some((id) => taken.has(id))) continue;
      for (const id of ids) taken.add(id);
      chosen.push({ rule, sources });
    }
  }
  const layers = rule.place?.each?.(dimensions);
  return layers ? chosen.flatMap((group) => layers.map((layer) => placeIn(layer, group))) : chosen;
}

function placeIn(layer: number, { rule, sources: [first, ...rest] }: SourceGroup): SourceGroup {
  const at = (source: Source): Source => ({ ...source, indices: [layer] });
  return { rule, sources: [at(first), ...rest.map(at)] };
}

/** Every layer and expert that a source gives. */
export function slotsOf({ entry, indices, expert, leads }: Source): readonly Slot[] {
  let slots: Slot[] = [{ indices, expert }];
  for (const [axis, lead] of leads.entries()) {
    const numbers = Array.from({ length: entry.shape[axis] ?? 0 }, (_, number) => number);
    slots = slots.flatMap((slot) =>
      numbers.map((number) => (lead === 'layer' ? { ...slot, indices: [number] } : { ...slot, expert: number })),
    );
  }
  return slots;
}

/** The slot of a source at one place on its leading axes. */
export function slotAt({ indices, expert, leads }: Source, lead: readonly number[]): Slot {
  const layer = lead[leads.indexOf('layer')];
  return { indices: layer === undefined ? indices : [layer], expert: lead[leads.indexOf('expert')] ?? expert };
}

/** The name of a target at one layer and expert. */
export function targetName(to: string, { indices, expert }: Slot, rule: Rule, dimensions: ModelDimensions): string {
  if (indices.length === 0 && expert === null) return to;
  const layer = rule.place ? rule.place.index(indices, dimensions) : indices[0];
  return to.replace('*', String(layer)).replace('{e}', String(expert));
}

/** Whether a target holds all experts on a leading axis. */
export function holdsExperts(to: string, { expert }: Slot): boolean {
  return expert !== null && !to.includes('{e}');
}

/** The patterns of a spelling. */
export function partsOf(spelling: Spelling): readonly string[] {
  return typeof spelling === 'string' ? [spelling] : spelling;
}

/** The sources of the first part, each with its counterparts; those that lack one are left to the books. */
function joinParts(spelling: Spelling, index: SourceIndex): (readonly [Source, ...Source[]])[] {
  const [first = '', ...others] = partsOf(spelling);
  const counterparts = others.map((part) => {
    const sources = index.byPattern.get(part) ?? [];
    return new Map(sources.map((source) => [sourceId(source), source]));
  });
  const groups: (readonly [Source, ...Source[]])[] = [];
  for (const source of index.byPattern.get(first) ?? []) {
    const rest = counterparts.map((byId) => byId.get(sourceId(source))).filter((other) => other !== undefined);
    if (rest.length === others.length) groups.push([source, ...rest]);
  }
  return groups;
}

/** Equal for sources of the same layers and experts. */
function sourceId({ entry, indices, expert, leads }: Source): string {
  const sizes = leads.map((lead, axis) => `${lead} x ${entry.shape[axis]}`);
  return [indices.join('.'), expert ?? '', ...sizes].join('|');
}

function slotId({ indices, expert }: Slot): string {
  return `${indices.join('.')}|${expert ?? ''}`;
}
