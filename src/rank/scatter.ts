// From the staging buffer to the block, in memory.

/** One axis of a box that is moved. Distances are elements. */
export interface ScatterAxis {
  readonly size: number;
  /** Distance in the staging buffer. */
  readonly from: number;
  /** Distance in the block. */
  readonly to: number;
}

/** A box at the beginning of the staging buffer. */
export interface Scatter {
  readonly runs: ScatterAxis;
  /** The elements of a run follow each other in the staging buffer. */
  readonly elements: ScatterAxis;
  /** First element in the block. */
  readonly target: number;
  readonly elementBytes: number;
}

/** Below this a call per run costs more than a loop over its elements. */
const SHORT_RUN_BYTES = 64;
/** Elements of a tile on each axis: its cache lines, read and written, stay in the first-level cache. */
const TILE = 32;

type Words = Uint8Array | Uint16Array | Uint32Array;

/** Copies each run to its place. Both buffers begin at offset 0 of their memory. */
export function scatter(staging: Buffer, block: Buffer, plan: Scatter): void {
  const { runs, elements, target, elementBytes } = plan;
  const runBytes = elements.size * elementBytes;
  if (elements.to !== 1 || runBytes < SHORT_RUN_BYTES) {
    scatterElements(staging, block, plan);
    return;
  }
  for (let run = 0; run < runs.size; run++) {
    const from = run * runs.from * elementBytes;
    staging.copy(block, (target + run * runs.to) * elementBytes, from, from + runBytes);
  }
}

/** The target is walked in its order within a tile: writes in order are cheaper than reads in order. */
function scatterElements(staging: Buffer, block: Buffer, { runs, elements, target, elementBytes }: Scatter): void {
  const from = viewOf(staging, elementBytes);
  const to = viewOf(block, elementBytes);
  // 8-byte elements are moved as two words: doubles could change NaN patterns on the way, big integers are slow.
  const words = elementBytes === 8 ? 2 : 1;
  const [outer, inner] = (runs.to < elements.to ? [elements, runs] : [runs, elements]).map((axis) =>
    inWords(axis, words),
  );
  if (outer === undefined || inner === undefined) return;
  for (let word = 0; word < words; word++) moveBox(from, to, outer, inner, word, target * words + word);
}

function inWords({ size, from, to }: ScatterAxis, words: number): ScatterAxis {
  return { size, from: from * words, to: to * words };
}

/** `source` and `target` are the first words of the box. */
function moveBox(from: Words, to: Words, outer: ScatterAxis, inner: ScatterAxis, source: number, target: number): void {
  for (let i = 0; i < outer.size; i += TILE) {
    for (let j = 0; j < inner.size; j += TILE) {
      const rows = Math.min(TILE, outer.size - i);
      const columns = Math.min(TILE, inner.size - j);
      let rowSource = source + i * outer.from + j * inner.from;
      let rowTarget = target + i * outer.to + j * inner.to;
      for (let row = 0; row < rows; row++) {
        let position = rowSource;
        let place = rowTarget;
        for (let column = 0; column < columns; column++) {
          to[place] = from[position] ?? 0;
          position += inner.from;
          place += inner.to;
        }
        rowSource += outer.from;
        rowTarget += outer.to;
      }
    }
  }
}

function viewOf(buffer: Buffer, elementBytes: number): Words {
  if (elementBytes === 1) return new Uint8Array(buffer.buffer, buffer.byteOffset, buffer.length);
  if (elementBytes === 2) return new Uint16Array(buffer.buffer, buffer.byteOffset, buffer.length >>> 1);
  return new Uint32Array(buffer.buffer, buffer.byteOffset, buffer.length >>> 2);
}
