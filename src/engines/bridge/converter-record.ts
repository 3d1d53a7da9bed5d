// `converter.json` in staging: which converter wrote what is there, for the manifest and for later attempts that reuse it.
import { join } from 'node:path';
import { z } from 'zod';
import { ConverterRecord, type ConverterGeneration } from '../../contract/bridge.ts';
import { ConversionError } from '../../contract/failures.ts';
import { writeDurably } from '../../files/durable.ts';
import { jsonIfThere } from '../../files/if-there.ts';

const Kept = z.object({ converter: ConverterRecord, warnings: z.array(z.string()) });
export type KeptRecord = z.infer<typeof Kept>;

/** What rank 0 leaves (python/bridge_rank.py, `describe`). */
const Left = ConverterRecord.pick({ script: true, sha256: true, versions: true });

interface Run {
  /** The file of rank 0. */
  readonly left: string;
  readonly generation: ConverterGeneration;
  readonly arguments: readonly string[];
  /** Of the books on what it wrote. */
  readonly warnings: readonly string[];
}

/** @throws ConversionError VerificationFailed where rank 0 left no record: then nobody knows what ran. */
export async function keepConverterRecord(staging: string, run: Run): Promise<void> {
  const left = Left.safeParse(await jsonIfThere(run.left)).data;
  if (!left) {
    const message = `The converter ended with code 0, but ${run.left} does not say which one ran. Run the conversion again.`;
    throw new ConversionError('VerificationFailed', message, { problems: [message], facts: { path: run.left } });
  }
  const converter = { ...left, generation: run.generation, arguments: [...run.arguments] };
  await writeDurably(fileOf(staging), JSON.stringify({ converter, warnings: [...run.warnings] } satisfies KeptRecord));
}

export async function readConverterRecord(staging: string): Promise<KeptRecord | null> {
  return Kept.safeParse(await jsonIfThere(fileOf(staging))).data ?? null;
}

const fileOf = (staging: string): string => join(staging, 'converter.json');
