// Applies the rules of a family table to a checkpoint: which copies fill which target.
import type { DType } from '../checkpoint/types.ts';
import type { Family, ModelDimensions, Rule } from '../models/types.ts';
import { copyChunk, type DraftCopy } from './copy-chunk.ts';
import type { Source, SourceIndex } from './index-sources.ts';
import { rowMapProblem, type RowMap } from './row-maps.ts';
import { volume } from './strides.ts';
import { tilingProblem } from './tiling.ts';
import { TRANSFORMS } from './transforms.ts';

/** One target tensor and the copies that fill it. */
interface GatheredTensor {
  readonly name: string;
  readonly shape: readonly number[];
  readonly dtype: DType;
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
  /** Sentences about tensors whose shape does not fit the reference. */
  readonly mismatches: readonly string[];
  /** Sentences about chunks that do not cover their tensor exactly once. */
  readonly damages: readonly string[];
}

type Expected = ReadonlyMap<string, readonly number[]>;

/** Takes a source only if every target of its rule is expected; what is left over is for the books. */
export function gatherTargets(
  index: SourceIndex,
  family: Family,
  dimensions: ModelDimensions,
  expected: Expected,
): Gathered {
  const gathered = {
    targets: new Map<string, GatheredTensor>(),
    mapped: [] as MappedSource[],
    paddingRows: 0,
    mismatches: [] as string[],
    damages: [] as string[],
  };
  for (const rule of family.rules) {
    for (const source of chooseSpellings(rule, index)) {
      const layers = layersOf(source);
      const wanted = layers.every((layer) => rule.to.every((to) => expected.has(atLayer(to, layer))));
      if (wanted) gatherSource(gathered, source, rule, dimensions, expected);
    }
  }
  return gathered;
}

/** Layer by layer the first spelling that exists: one checkpoint may hold fused and separate norms. */
function chooseSpellings(rule: Rule, index: SourceIndex): Source[] {
  const chosen: Source[] = [];
  const taken = new Set<number | null>();
  for (const name of rule.from) {
    const free = (index.byPattern.get(name) ?? []).filter((source) => layersOf(source).every((at) => !taken.has(at)));
    for (const source of free) for (const layer of layersOf(source)) taken.add(layer);
    chosen.push(...free);
  }
  return chosen;
}

function gatherSource(
  gathered: { targets: Map<string, GatheredTensor>; mapped: MappedSource[]; paddingRows: number } & {
    mismatches: string[];
    damages: string[];
  },
  source: Source,
  rule: Rule,
  dimensions: ModelDimensions,
  expected: Expected,
): void {
  const { entry, stacked } = source;
  const damage = tilingProblem(entry.shape, entry.chunks);
  if (damage) gathered.damages.push(`${entry.key} [${entry.shape.join(', ')}]: ${damage}`);
  const { map, problem } = mapRows(source, rule, dimensions, expected);
  if (problem) gathered.mismatches.push(`${entry.key} [${entry.shape.join(', ')}]: ${problem}`);
  if (damage || !map) return;
  const rest = entry.shape.slice(stacked ? 2 : 1);
  const padding = map.padding * volume(rest) * (stacked ? (entry.shape[0] ?? 1) : 1);
  gathered.mapped.push({ source, rule, padding });
  gathered.paddingRows += map.padding;
  for (const chunk of entry.chunks) {
    for (const { layer, target, copy } of copyChunk(chunk, entry.dtype, entry.shape, stacked, map)) {
      const name = atLayer(rule.to[target] ?? '', layer ?? source.layer);
      const known = gathered.targets.get(name);
      if (known) known.copies.push(copy);
      else {
        const shape = expected.get(name) ?? [];
        gathered.targets.set(name, { name, shape, dtype: entry.dtype, copies: [copy] });
      }
    }
  }
}

/** The map of rows for one source, with its result compared with the expected shapes. */
function mapRows(
  source: Source,
  rule: Rule,
  dimensions: ModelDimensions,
  expected: Expected,
): { map: RowMap | null; problem: string | null } {
  const [rows = 1, ...rest] = source.stacked ? source.entry.shape.slice(1) : source.entry.shape;
  const map = TRANSFORMS[rule.transform](rows, dimensions);
  if (typeof map === 'string') return { map: null, problem: map };
  const [layer = null] = layersOf(source);
  for (const [target, to] of rule.to.entries()) {
    const name = atLayer(to, layer);
    const wanted = expected.get(name) ?? [];
    const made = [map.targetRows[target] ?? 0, ...rest];
    if (wanted.length !== made.length || wanted.some((size, k) => size !== made[k])) {
      return {
        map: null,
        problem: `would give ${name} [${made.join(', ')}], config.json calls for [${wanted.join(', ')}]`,
      };
    }
  }
  const flaw = rowMapProblem(map, rows);
  return flaw ? { map: null, problem: `transform ${rule.transform} is wrong: ${flaw}` } : { map, problem: null };
}

/** Every layer that a source gives; `[null]` where it belongs to no layer. */
function layersOf({ entry, layer, stacked }: Source): readonly (number | null)[] {
  return stacked ? Array.from({ length: entry.shape[0] ?? 0 }, (_, index) => index) : [layer];
}

/** A pattern at one layer. */
function atLayer(pattern: string, layer: number | null): string {
  return layer === null ? pattern : pattern.replace('*', String(layer));
}
