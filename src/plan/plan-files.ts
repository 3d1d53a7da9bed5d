// The plan on disk: `plan.json` for everybody, `plan/<file>.json` for the rank that writes the file. Both are parsed when read again.
import { mkdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { DTYPE_BYTES, type DType } from '../checkpoint/types.ts';
import { ConversionError } from '../contract/failures.ts';
import { writeDurably } from '../files/durable.ts';
import { stagingPaths } from '../files/staging.ts';
import type { FilePlan, Plan, PlanSummary } from './types.ts';

const Size = z.int().min(0);
const Sizes = z.array(Size).max(64);
const Digest = z.string().regex(/^[0-9a-f]{64}$/);
const DTypeName = z.enum(Object.keys(DTYPE_BYTES) as [DType, ...DType[]]);
/** A name in the staging directory, or in the checkpoint directory: never a path. */
const FileName = z
  .string()
  .regex(/^[^/\0]+$/)
  .refine((name) => name !== '.' && name !== '..', 'must be a file name');

const CopySchema = z.strictObject({
  item: Size,
  shape: Sizes,
  sourceOffset: Size,
  sourceStrides: Sizes,
  targetOffset: Size,
  targetStrides: Sizes,
});

const FilePlanSchema = z.strictObject({
  name: FileName,
  bytes: Size,
  header: z.string(),
  items: z.array(z.strictObject({ file: FileName, offset: Size, length: Size, dtype: DTypeName, shape: Sizes })),
  tensors: z.array(
    z.strictObject({
      name: z.string(),
      dtype: DTypeName,
      sourceDtype: DTypeName,
      shape: Sizes,
      begin: Size,
      end: Size,
      arithmetic: z.enum(['none', 'add-one']),
      copies: z.array(CopySchema),
    }),
  ),
}) satisfies z.ZodType<FilePlan>;

const BookLineSchema = z.strictObject({ rule: z.string(), tensors: Size, bytes: Size, examples: z.array(z.string()) });

const PlanSummarySchema = z.strictObject({
  format: z.literal(1),
  byteDigest: Digest,
  checkpoint: z.string(),
  family: z.string(),
  files: z.array(z.strictObject({ name: FileName, bytes: Size, header: z.string() })),
  index: z
    .strictObject({ metadata: z.record(z.string(), Size), weight_map: z.record(z.string(), FileName) })
    .nullable(),
  books: z.strictObject({
    mapped: BookLineSchema,
    dropped: z.array(BookLineSchema),
    vocabularyPadding: z.strictObject({ rows: Size, bytes: Size }),
    produced: Size,
    excused: z.array(BookLineSchema),
    unmapped: z.array(z.string()),
    missing: z.array(z.string()),
  }),
  tensors: Size,
  parameters: Size,
  bytes: Size,
}) satisfies z.ZodType<PlanSummary>;

/** Writes the file plans first and `plan.json` last, so that a `plan.json` vouches for all of them. Writing the same plan again is harmless. */
export async function writePlan(plan: Plan, staging: string): Promise<void> {
  const paths = stagingPaths(staging);
  await mkdir(paths.filePlans, { recursive: true });
  for (const file of plan.files) await writeDurably(join(paths.filePlans, `${file.name}.json`), JSON.stringify(file));
  const files = plan.files.map(({ name, bytes, header }) => ({ name, bytes, header }));
  await writePlanSummary({ ...plan, files }, staging);
}

/** `plan.json` alone, of an engine whose ranks need no file plans. */
export async function writePlanSummary(summary: PlanSummary, staging: string): Promise<void> {
  await writeDurably(stagingPaths(staging).plan, JSON.stringify(summary));
}

/** @throws ConversionError SourceChanged where the file is not what `writePlan` left. */
export async function readPlan(staging: string): Promise<PlanSummary> {
  return readJson(stagingPaths(staging).plan, PlanSummarySchema);
}

/** @throws ConversionError SourceChanged where the file is not what `writePlan` left. */
export async function readFilePlan(staging: string, name: string): Promise<FilePlan> {
  return readJson(join(stagingPaths(staging).filePlans, `${FileName.parse(name)}.json`), FilePlanSchema);
}

async function readJson<T>(path: string, schema: z.ZodType<T>): Promise<T> {
  const text = await readFile(path, 'utf8');
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    throw unreadable(path, 'it is no JSON', error);
  }
  const parsed = schema.safeParse(value);
  if (!parsed.success) throw unreadable(path, z.prettifyError(parsed.error), parsed.error);
  return parsed.data;
}

function unreadable(path: string, why: string, cause: unknown): ConversionError {
  return new ConversionError(
    'SourceChanged',
    `${path} is not a plan of this version: ${why}. Delete the staging directory and start again.`,
    { cause, facts: { path } },
  );
}
