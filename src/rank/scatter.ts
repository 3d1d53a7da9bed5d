// From the staging buffer to the block, in memory.

/** Runs at the beginning of the staging buffer. Numbers are elements, `elementBytes` excepted. */
export interface Scatter {
  readonly runs: number;
  readonly length: number;
  /** From the beginning of one run to that of the next, in staging. */
  readonly spacing: number;
  readonly target: number;
  readonly targetRunStride: number;
  readonly targetElementStride: number;
  readonly elementBytes: number;
}

/** Below this a call per run costs more than a loop over its elements. */
const SHORT_RUN_BYTES = 64;

/** Copies each run to its place. Both buffers begin at offset 0 of their memory. */
export function scatter(staging: Buffer, block: Buffer, plan: Scatter): void {
  const { runs, length, spacing, target, targetRunStride, targetElementStride, elementBytes } = plan;
  if (targetElementStride !== 1 || length * elementBytes < SHORT_RUN_BYTES) {
    scatterElements(staging, block, plan);
    return;
  }
  for (let run = 0; run < runs; run++) {
    const from = run * spacing * elementBytes;
    staging.copy(block, (target + run * targetRunStride) * elementBytes, from, from + length * elementBytes);
  }
}

/** The target is walked in its order where that is possible: writes in order are cheaper than reads in order. */
function scatterElements(staging: Buffer, block: Buffer, plan: Scatter): void {
  const { elementBytes } = plan;
  const from = viewOf(staging, elementBytes);
  const to = viewOf(block, elementBytes);
  // 8-byte elements are moved as two words: doubles could change NaN patterns on the way, big integers are slow.
  const words = elementBytes === 8 ? 2 : 1;
  for (let word = 0; word < words; word++) moveElements(from, to, plan, words, word);
}

function moveElements(
  from: Uint8Array | Uint16Array | Uint32Array,
  to: Uint8Array | Uint16Array | Uint32Array,
  { runs, length, spacing, target, targetRunStride, targetElementStride }: Scatter,
  words: number,
  word: number,
): void {
  for (let element = 0; element < length; element++) {
    let source = element * words + word;
    let place = (target + element * targetElementStride) * words + word;
    for (let run = 0; run < runs; run++) {
      to[place] = from[source] ?? 0;
      source += spacing * words;
      place += targetRunStride * words;
    }
  }
}

function viewOf(buffer: Buffer, elementBytes: number): Uint8Array | Uint16Array | Uint32Array {
  if (elementBytes === 1) return new Uint8Array(buffer.buffer, buffer.byteOffset, buffer.length);
  if (elementBytes === 2) return new Uint16Array(buffer.buffer, buffer.byteOffset, buffer.length >>> 1);
  return new Uint32Array(buffer.buffer, buffer.byteOffset, buffer.length >>> 2);
}
