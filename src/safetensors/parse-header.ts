// Reads and validates a safetensors header. No length or number in it is trusted.
import { DTYPE_BYTES, type DType } from '../checkpoint/types.ts';
import { findDuplicateKey } from './find-duplicate-key.ts';
import { type Header, HeaderError, type TensorInfo } from './types.ts';

/** Longest header that the Rust library accepts (`MAX_HEADER_SIZE`), in bytes. */
export const MAX_HEADER_BYTES = 100_000_000;

/**
 * Length of the header text in bytes, from the first 8 bytes of a file of `fileBytes` bytes.
 * @throws HeaderError HeaderTooSmall, HeaderTooLarge, InvalidHeaderLength.
 */
export function parseHeaderLength(start: Uint8Array, fileBytes: number): number {
  if (fileBytes < 8 || start.length < 8)
    throw new HeaderError(
      'HeaderTooSmall',
      `a file has at least 8 bytes, this one ${Math.min(fileBytes, start.length)}`,
    );
  const length = new DataView(start.buffer, start.byteOffset, 8).getBigUint64(0, true);
  if (length > BigInt(MAX_HEADER_BYTES))
    throw new HeaderError(
      'HeaderTooLarge',
      `the length field says ${length} bytes, at most ${MAX_HEADER_BYTES} are allowed`,
    );
  if (Number(length) + 8 > fileBytes)
    throw new HeaderError(
      'InvalidHeaderLength',
      `the length field says ${length} bytes, the file has ${fileBytes - 8} after it`,
    );
  return Number(length);
}

/**
 * Parses the beginning of a file: `bytes` holds at least the length field and the header; `fileBytes` is the size of the whole file.
 * @throws HeaderError with the first defect found.
 */
export function parseHeader(bytes: Uint8Array, fileBytes: number): Header {
  const length = parseHeaderLength(bytes, fileBytes);
  if (bytes.length < 8 + length)
    throw new HeaderError('InvalidHeaderLength', `the header has ${length} bytes, only ${bytes.length - 8} were read`);
  const text = decode(bytes.subarray(8, 8 + length));
  const { __metadata__: metadata, ...entries } = parseObject(text);
  const tensors = Object.entries(entries).map(([name, value]) => [name, parseTensor(name, value)] as const);
  tensors.sort(([, a], [, b]) => a.begin - b.begin || a.end - b.end);
  const end = checkOffsets(tensors);
  const dataBytes = fileBytes - 8 - length;
  if (end !== dataBytes)
    throw new HeaderError(
      'MetadataIncompleteBuffer',
      `the tensors end at byte ${end}, the data section has ${dataBytes} bytes`,
    );
  return { tensors: new Map(tensors), metadata: parseMetadata(metadata), text, dataOffset: 8 + length };
}

function decode(bytes: Uint8Array): string {
  let text: string;
  try {
    text = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch (error) {
    if (!(error instanceof TypeError)) throw error;
    throw new HeaderError('InvalidHeader', 'the header is not UTF-8');
  }
  if (!text.startsWith('{'))
    throw new HeaderError(
      'InvalidHeaderStart',
      `the header begins with ${JSON.stringify(text.slice(0, 1))}, not with "{"`,
    );
  return text;
}

function parseObject(text: string): Record<string, unknown> {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
    throw new HeaderError('InvalidHeaderDeserialization', error.message);
  }
  const duplicate = findDuplicateKey(text);
  if (duplicate !== null) throw new HeaderError('DuplicateKey', `${JSON.stringify(duplicate)} occurs twice`);
  // A text that begins with "{" and parses is an object.
  return value as Record<string, unknown>;
}

function parseMetadata(value: unknown): Record<string, string> {
  if (value === undefined) return {};
  if (!isRecord(value) || !Object.values(value).every((entry) => typeof entry === 'string'))
    throw new HeaderError('InvalidHeaderDeserialization', '__metadata__ must map strings to strings');
  return value as Record<string, string>;
}

function parseTensor(name: string, value: unknown): TensorInfo {
  const label = JSON.stringify(name);
  if (!isRecord(value)) throw new HeaderError('InvalidHeaderDeserialization', `${label} is not an object`);
  const { dtype, shape, data_offsets: offsets } = value;
  if (typeof dtype !== 'string' || !Object.hasOwn(DTYPE_BYTES, dtype))
    throw new HeaderError('InvalidHeaderDeserialization', `${label} has the unknown dtype ${JSON.stringify(dtype)}`);
  if (!isCountList(shape))
    throw new HeaderError(
      'InvalidHeaderDeserialization',
      `${label} has the shape ${JSON.stringify(shape)}, not a list of sizes`,
    );
  if (!isCountList(offsets) || offsets.length !== 2)
    throw new HeaderError(
      'InvalidHeaderDeserialization',
      `${label} has the data_offsets ${JSON.stringify(offsets)}, not [begin, end]`,
    );
  const [begin = 0, end = 0] = offsets;
  const bytes = shape.reduce((product, size) => product * size, DTYPE_BYTES[dtype as DType]);
  if (!Number.isSafeInteger(bytes))
    throw new HeaderError('ValidationOverflow', `${label} has the shape [${shape.join(', ')}]: too large to count`);
  if (end - begin !== bytes)
    throw new HeaderError(
      'TensorInvalidInfo',
      `${label} is ${dtype} [${shape.join(', ')}] = ${bytes} bytes, its data_offsets [${begin}, ${end}] hold ${end - begin}`,
    );
  return { dtype: dtype as DType, shape, begin, end };
}

/** No hole, no overlap: each tensor begins where the one before it ended. Returns the end of the last one. */
function checkOffsets(tensors: readonly (readonly [string, TensorInfo])[]): number {
  let position = 0;
  for (const [name, { begin, end }] of tensors) {
    if (begin !== position)
      throw new HeaderError(
        'InvalidOffset',
        `${JSON.stringify(name)} begins at byte ${begin}, expected ${position} (${begin > position ? 'hole' : 'overlap'})`,
      );
    position = end;
  }
  return position;
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function isCountList(value: unknown): value is number[] {
  return Array.isArray(value) && value.every((entry) => Number.isSafeInteger(entry) && entry >= 0);
}
