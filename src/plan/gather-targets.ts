// Applies the rules of a family table to a checkpoint: which copies fill which target.
import type { DType } from '../checkpoint/types.ts';
import type { Family, ModelDimensions, Rule } from '../models/types.ts';
import { chooseSources, holdsExperts, slotAt, slotsOf, targetName, type SourceGroup } from './choose-sources.ts';
import { copyChunk, type DraftCopy } from './copy-chunk.ts';
import type { Source, SourceIndex } from './index-sources.ts';
import { mapGroup } from './map-group.ts';
import type { RowMap } from './row-maps.ts';
import { volume } from './strides.ts';
import { tilingProblem } from './tiling.ts';
import type { PlannedTensor, Shapes } from './types.ts';

/** One target tensor and the copies that fill it. */
interface GatheredTensor {
  readonly name: string;
  readonly shape: readonly number[];
  readonly dtype: DType;
  readonly arithmetic: PlannedTensor['arithmetic'];
  readonly copies: DraftCopy[];
}

/** A source tensor that a rule takes. */
interface MappedSource {
  readonly source: Source;
  readonly rule: Rule;
  /** Elements that are vocabulary padding. */
  readonly padding: number;
}

export interface Gathered {
  readonly targets: ReadonlyMap<string, GatheredTensor>;
  readonly mapped: readonly MappedSource[];
  /** Rows cut from the embedding and the output layer together. */
  readonly paddingRows: number;
  /** Sentences about tensors whose shape or dtype does not fit. */
  readonly mismatches: readonly string[];
  /** Sentences about chunks that do not cover their tensor exactly once. */
  readonly damages: readonly string[];
}

/** What is put together, and what is known while it is. */
interface Draft {
  readonly dimensions: ModelDimensions;
  readonly expected: Shapes;
  readonly targets: Map<string, GatheredTensor>;
  readonly mapped: MappedSource[];
  readonly mismatches: Set<string>;
  readonly damages: string[];
  /** Keys whose padding is in `paddingRows`: an embedding may be copied more than once. */
  readonly padded: Set<string>;
  paddingRows: number;
}

/** Takes a source only if every target of its rule is expected; what is left over is for the books. */
export function gatherTargets(
  index: SourceIndex,
  family: Family,
  dimensions: ModelDimensions,
  expected: Shapes,
): Gathered {
  const draft: Draft = {
    dimensions,
    expected,
    targets: new Map(),
    mapped: [],
    mismatches: new Set(),
    damages: [],
    padded: new Set(),
    paddingRows: 0,
  };
  for (const rule of family.rules) {
    for (const group of chooseSources(rule, index, dimensions)) {
      const wanted = slotsOf(group.sources[0]).every((slot) =>
        rule.to.every((to) => expected.has(targetName(to, slot, rule, dimensions))),
      );
      if (wanted) gatherGroup(draft, group);
    }
  }
  return { ...draft, mismatches: [...draft.mismatches] };
}

function gatherGroup(draft: Draft, group: SourceGroup): void {
  const { rule, sources } = group;
  const damages = sources.flatMap(({ entry }) => {
    const damage = tilingProblem(entry.shape, entry.chunks);
    return damage === null ? [] : [`${entry.key} [${entry.shape.join(', ')}]: ${damage}`];
  });
  draft.damages.push(...damages);
  const mapped = mapGroup(group, draft.dimensions, draft.expected);
  if (typeof mapped === 'string') draft.mismatches.add(mapped);
  if (damages.length > 0 || typeof mapped === 'string') return;
  let firstRow = 0;
  for (const source of sources) {
    const { entry, leads } = source;
    const padding = mapped.padding * (volume(entry.shape) / (entry.shape[leads.length] || 1));
    draft.mapped.push({ source, rule, padding });
    if (!draft.padded.has(entry.key)) draft.paddingRows += mapped.padding;
    draft.padded.add(entry.key);
    fillTargets(draft, rule, source, firstRow, mapped);
    firstRow += entry.shape[leads.length] ?? 1;
  }
}

function fillTargets(draft: Draft, rule: Rule, source: Source, firstRow: number, map: RowMap): void {
  const { shape, dtype, chunks } = source.entry;
  const rows = { shape, dtype, leads: source.leads.length, firstRow, map };
  for (const chunk of chunks) {
    for (const { lead, target, copy } of copyChunk(chunk, rows)) {
      const to = rule.to[target] ?? '';
      const slot = slotAt(source, lead);
      const tensor = targetOf(draft, targetName(to, slot, rule, draft.dimensions), source, rule);
      const first = holdsExperts(to, slot) ? (slot.expert ?? 0) * volume(tensor.shape.slice(1)) : 0;
      tensor.copies.push(first === 0 ? copy : { ...copy, targetOffset: first + copy.targetOffset });
    }
  }
}

function targetOf(draft: Draft, name: string, { entry }: Source, rule: Rule): GatheredTensor {
  const known = draft.targets.get(name);
  if (known && known.dtype !== entry.dtype) {
    draft.mismatches.add(
      `${name}: put together from tensors of dtype ${known.dtype} and ${entry.dtype} (${entry.key})`,
    );
  }
  if (known) return known;
  const { dtype } = entry;
  const tensor: GatheredTensor = {
    name,
    dtype,
    shape: draft.expected.get(name) ?? [],
    copies: [],
    arithmetic: rule.arithmetic ?? 'none',
  };
  draft.targets.set(name, tensor);
  return tensor;
}
