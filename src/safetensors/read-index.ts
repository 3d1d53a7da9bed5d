// `model.safetensors.index.json`: which file holds which tensor.
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';

export const INDEX_FILE = 'model.safetensors.index.json';

const IndexSchema = z.object({
  metadata: z.record(z.string(), z.unknown()).default({}),
  weight_map: z.record(z.string(), z.string().regex(/^[^/\\\0]+$/, 'must be a plain file name')),
});

export type SafetensorsIndex = z.infer<typeof IndexSchema>;

/**
 * The index of an export directory, or null where there is none (a single `model.safetensors`).
 * @throws SyntaxError for bad JSON, ZodError for another shape; system errors other than ENOENT pass through.
 */
export async function readIndex(directory: string): Promise<SafetensorsIndex | null> {
  let text: string;
  try {
    text = await readFile(join(directory, INDEX_FILE), 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null;
    throw error;
  }
  return parseIndex(text);
}

/** @throws SyntaxError for bad JSON, ZodError for another shape. */
export function parseIndex(text: string): SafetensorsIndex {
  return IndexSchema.parse(JSON.parse(text));
}
