// What our cache keeps of a repository's weights: names, and dtypes and shapes where a header was read.
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { DTYPE_BYTES, type DType } from '../checkpoint/types.ts';
import { isMissing } from '../files/error-code.ts';
import type { ReferenceWeights, StoredTensor } from './types.ts';
import { writeWhole } from './write-whole.ts';

/** Names of weights, and sentences about what could not be read. */
export interface WeightsRead {
  readonly weights: ReferenceWeights | null;
  readonly warnings: readonly string[];
}

/** Hidden, so that it is none of the small files of the reference. */
const RECORD_FILE = '.weights.json';

const TensorSchema = z.object({
  dtype: z.custom<DType>((value) => typeof value === 'string' && Object.hasOwn(DTYPE_BYTES, value)),
  shape: z.array(z.int().nonnegative()),
});
// A list of pairs: no name of a tensor can be taken for a member of an object.
const RecordSchema = z.object({
  format: z.literal(2),
  source: z.string().nullable(),
  tensors: z.array(z.tuple([z.string(), TensorSchema.nullable()])),
  files: z.array(z.tuple([z.string(), z.string()])).nullable(),
  warnings: z.array(z.string()),
});

/** The record in a snapshot of our own cache, or null where it is absent or damaged: then it is fetched again. */
export async function readWeightsRecord(directory: string): Promise<WeightsRead | null> {
  const text = await readFile(join(directory, RECORD_FILE), 'utf8').catch((error: unknown) => {
    if (isMissing(error)) return null;
    throw error;
  });
  const record = RecordSchema.safeParse(parseOrNull(text ?? 'null')).data;
  if (!record) return null;
  const { source, files, warnings } = record;
  const weights =
    source === null ? null : { source, tensors: new Map(record.tensors), ...(files && { files: new Map(files) }) };
  return { weights, warnings };
}

export async function writeWeightsRecord(directory: string, { weights, warnings }: WeightsRead): Promise<void> {
  const tensors: [string, StoredTensor | null][] = [...(weights?.tensors ?? [])];
  const record: z.infer<typeof RecordSchema> = {
    format: 2,
    source: weights?.source ?? null,
    tensors: tensors.map(([name, tensor]) => [name, tensor && { dtype: tensor.dtype, shape: [...tensor.shape] }]),
    files: weights?.files ? [...weights.files] : null,
    warnings: [...warnings],
  };
  await writeWhole(join(directory, RECORD_FILE), JSON.stringify(record));
}

function parseOrNull(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    if (error instanceof SyntaxError) return null;
    throw error;
  }
}
