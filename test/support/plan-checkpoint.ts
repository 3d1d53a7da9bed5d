// Checkpoints in memory: global tensors of numbered elements, cut into chunks at will.
import type { Checkpoint, Chunk, DType, ObjectEntry, TensorEntry } from '../../src/checkpoint/types.ts';
import type { CheckpointStat } from '../../src/plan/byte-digest.ts';

/** A global tensor: row-major elements. */
export interface Global {
  readonly shape: readonly number[];
  readonly data: readonly number[];
  readonly dtype?: DType;
}

/** Where to cut each axis, without the ends. */
export type Cuts = (key: string, shape: readonly number[]) => readonly (readonly number[])[];

const noCuts: Cuts = () => [];

export interface MemoryCheckpoint {
  readonly checkpoint: Checkpoint;
  readonly stat: CheckpointStat;
  /** Elements of a chunk, by its offset in the one file. */
  readonly payloads: ReadonlyMap<number, readonly number[]>;
}

/** All chunks in one file, `__0_0.distcp`; the position of an item is its number. */
export function makeCheckpoint(
  globals: ReadonlyMap<string, Global>,
  cuts: Cuts = noCuts,
  objects: readonly string[] = [],
): MemoryCheckpoint {
  const payloads = new Map<number, readonly number[]>();
  const tensors = new Map<string, TensorEntry>();
  for (const [key, { shape, data, dtype = 'F32' }] of globals) {
    const chunks = boxes(shape, cuts(key, shape)).map(({ offsets, sizes }): Chunk => {
      const offset = payloads.size;
      payloads.set(offset, slice(data, shape, offsets, sizes));
      return { file: '__0_0.distcp', offset, length: 1, offsets, sizes };
    });
    tensors.set(key, { key, dtype, shape, chunks });
  }
  const entries = objects.map((key): [string, ObjectEntry] => [
    key,
    { key, file: '__0_0.distcp', offset: 0, length: 7 },
  ]);
  const checkpoint: Checkpoint = {
    path: '/checkpoints/iter_0000001',
    iteration: 1,
    metadataDigest: 'a'.repeat(64),
    tensors,
    objects: new Map(entries),
    files: new Map([['__0_0.distcp', payloads.size]]),
  };
  return { checkpoint, payloads, stat: new Map([['__0_0.distcp', { size: '1', mtime: '2', inode: '3' }]]) };
}

/** Every box between the cuts. */
function boxes(
  shape: readonly number[],
  cuts: readonly (readonly number[])[],
): { offsets: number[]; sizes: number[] }[] {
  let out: { offsets: number[]; sizes: number[] }[] = [{ offsets: [], sizes: [] }];
  for (const [axis, size] of shape.entries()) {
    const edges = [0, ...(cuts[axis] ?? []), size];
    out = out.flatMap(({ offsets, sizes }) =>
      edges.slice(1).map((end, k) => {
        const begin = edges[k] ?? 0;
        return { offsets: [...offsets, begin], sizes: [...sizes, end - begin] };
      }),
    );
  }
  return out;
}

function slice(
  data: readonly number[],
  shape: readonly number[],
  offsets: readonly number[],
  sizes: readonly number[],
): number[] {
  let positions = [0];
  for (const [axis, size] of shape.entries()) {
    const indices = Array.from({ length: sizes[axis] ?? 0 }, (_, k) => (offsets[axis] ?? 0) + k);
    positions = positions.flatMap((position) => indices.map((index) => position * size + index));
  }
  return positions.map((position) => data[position] ?? Number.NaN);
}
