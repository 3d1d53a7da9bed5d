// One output file: the order and byte ranges of its tensors, its header, and the items that its copies read.
import { DTYPE_BYTES, type Chunk, type DType } from '../checkpoint/types.ts';
import { buildHeader } from '../safetensors/build-header.ts';
import type { DraftCopy } from './copy-chunk.ts';
import type { Copy, FilePlan, PlannedItem, PlannedTensor } from './types.ts';

/** A tensor whose file is decided. */
export interface SizedTensor {
  readonly name: string;
  readonly shape: readonly number[];
  readonly dtype: DType;
  readonly sourceDtype: DType;
  readonly bytes: number;
  readonly arithmetic: PlannedTensor['arithmetic'];
  readonly copies: readonly DraftCopy[];
}

/** The order of dtypes in a file: `Dtype` of safetensors/src/tensor.rs from the last to the first, so that wider elements stay aligned. */
const DTYPE_ORDER: readonly DType[] = [
  'U64',
  'I64',
  'F64',
  'F32',
  'U32',
  'I32',
  'BF16',
  'F16',
  'U16',
  'I16',
  'F8_E4M3',
  'F8_E5M2',
  'I8',
  'U8',
  'BOOL',
];

/** Tensors by dtype and then by name, as the safetensors library sorts them: the same tensors give the same bytes. */
export function layOutFile(file: string, tensors: readonly SizedTensor[]): FilePlan {
  const sorted = [...tensors].sort((a, b) => dtypeRank(a.dtype) - dtypeRank(b.dtype) || (a.name < b.name ? -1 : 1));
  const items: PlannedItem[] = [];
  const indices = new Map<Chunk, number>();
  const itemOf = ({ chunk, dtype }: DraftCopy): number => {
    const known = indices.get(chunk);
    if (known !== undefined) return known;
    items.push({ file: chunk.file, offset: chunk.offset, length: chunk.length, dtype, shape: chunk.sizes });
    indices.set(chunk, items.length - 1);
    return items.length - 1;
  };
  let position = 0;
  const planned = sorted.map(({ bytes, copies, ...tensor }): PlannedTensor => {
    const begin = position;
    position += bytes;
    return { ...tensor, begin, end: position, copies: copies.map(toCopy) };
  });
  function toCopy(draft: DraftCopy): Copy {
    const { shape, sourceOffset, sourceStrides, targetOffset, targetStrides } = draft;
    return { item: itemOf(draft), shape, sourceOffset, sourceStrides, targetOffset, targetStrides };
  }
  const header = buildHeader(planned, { format: 'pt' });
  return { name: file, bytes: 8 + Buffer.byteLength(header) + position, header, items, tensors: planned };
}

/** Bytes of a tensor in the output file. */
export function tensorBytes(shape: readonly number[], dtype: DType): number {
  return shape.reduce((product, size) => product * size, DTYPE_BYTES[dtype]);
}

function dtypeRank(dtype: DType): number {
  return DTYPE_ORDER.indexOf(dtype);
}
