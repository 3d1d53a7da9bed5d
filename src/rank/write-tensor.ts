// One output tensor: gather, arithmetic, cast, a block at a time.
import { crc32 } from 'node:zlib';
import { DTYPE_BYTES } from '../checkpoint/types.ts';
import { ConversionError } from '../contract/failures.ts';
import type { PlannedTensor } from '../plan/types.ts';
import type { Buffers } from './buffers.ts';
import { findConverter } from './cast.ts';
import { combineCrc } from './crc-combine.ts';
import { type ElementReader, gatherStrip, type Workbench } from './gather.ts';
import { stripsOf } from './strips.ts';

/**
 * Produces the bytes of `tensor` in order and returns their CRC-32. `emit` must have used a block before it returns: the memory is
 * filled again.
 * @throws ConversionError InvalidInput for a cast that loses finite values; and what the reader throws.
 */
export function writeTensor(
  tensor: PlannedTensor,
  itemAt: (index: number) => ElementReader,
  buffers: Buffers,
  emit: (block: Buffer) => void,
): number {
  const elements = tensor.shape.reduce((product, size) => product * size, 1);
  const fromBytes = DTYPE_BYTES[tensor.sourceDtype];
  const toBytes = DTYPE_BYTES[tensor.dtype];
  const convert = findConverter(tensor.sourceDtype, tensor.dtype, tensor.arithmetic);
  const strided = tensor.copies.some((copy) => (copy.sourceStrides.at(-1) ?? 1) !== 1);
  const block = strided ? buffers.largeBlock() : buffers.block();
  const step = blockElements(tensor, Math.floor(block.length / fromBytes));
  let overflows = 0;
  let crc = 0;
  for (let begin = 0; begin < elements; begin += step) {
    const count = Math.min(step, elements - begin);
    const bench = { block, begin, elementBytes: fromBytes, staging: buffers.staging() };
    const direct = gatherBlock(tensor, itemAt, bench, begin + count);
    let output = block.subarray(0, count * fromBytes);
    if (convert !== null) {
      const room = buffers.output(step * toBytes);
      overflows += convert(block.buffer, room.buffer, count);
      output = room.subarray(0, count * toBytes);
    }
    crc = direct === null || convert !== null ? crc32(output, crc) : combineCrc(crc, direct, output.length);
    emit(output);
  }
  if (overflows > 0) throw overflowed(tensor, overflows);
  return crc;
}

/** Fills `[bench.begin, end)`. Returns the CRC-32 of its source bytes where all came in order and straight to their place, else null. */
export function gatherBlock(
  tensor: PlannedTensor,
  itemAt: (index: number) => ElementReader,
  bench: Workbench,
  end: number,
): number | null {
  let gathered = 0;
  let crc: number | null = 0;
  for (const copy of tensor.copies) {
    for (const strip of stripsOf(copy, bench.begin, end)) {
      const part = gatherStrip(itemAt(copy.item), strip, bench);
      const size = strip.rows * strip.columns;
      const inOrder = strip.target === bench.begin + gathered;
      crc = crc === null || part === null || !inOrder ? null : combineCrc(crc, part, size * bench.elementBytes);
      gathered += size;
    }
  }
  if (gathered !== end - bench.begin) throw uncovered(tensor, bench.begin, end, gathered);
  return crc;
}

/**
 * Elements of a block: whole rows of the interleaved copies where a row fits, so that few rows are cut. Dimensions come by descending
 * target stride, so a row is what the last but one steps over.
 */
function blockElements({ copies }: PlannedTensor, room: number): number {
  const row = Math.max(1, ...copies.map((copy) => copy.targetStrides.at(-2) ?? 1));
  return row <= room ? room - (room % row) : room;
}

function overflowed(tensor: PlannedTensor, count: number): ConversionError {
  const message =
    `${tensor.name}: ${count} finite ${tensor.sourceDtype} values are too large for ${tensor.dtype} and would become infinite. ` +
    `Set dtype=bfloat16, dtype=float32 or dtype=source.`;
  return new ConversionError('InvalidInput', message, { problems: [message], facts: { tensor: tensor.name, count } });
}

/** The memory of a block is used again, so an element that nothing fills would hold foreign bytes. */
function uncovered(tensor: PlannedTensor, begin: number, end: number, gathered: number): ConversionError {
  const message = `${tensor.name}: the plan fills ${gathered} of the ${end - begin} elements from ${begin} to ${end}.`;
  return new ConversionError('BooksNotClosed', message, { problems: [message], facts: { tensor: tensor.name } });
}
