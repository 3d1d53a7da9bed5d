// `model.safetensors.index.json` in `export/`.
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { Plan } from '../plan/types.ts';
import { writeDurably } from '../files/durable.ts';
import { stagingPaths } from '../files/staging.ts';
import { INDEX_FILE } from '../safetensors/read-index.ts';

/** The text as transformers writes it (`json.dumps(index, indent=2, sort_keys=True)` and a line feed); no index for a single file. */
export async function writeIndex(plan: Pick<Plan, 'index'>, staging: string): Promise<void> {
  const path = join(stagingPaths(staging).export, INDEX_FILE);
  if (plan.index === null) await rm(path, { force: true });
  else await writeDurably(path, formatIndex(plan.index));
}

export function formatIndex({ metadata, weight_map }: NonNullable<Plan['index']>): string {
  const sorted = { metadata: sortKeys(metadata), weight_map: sortKeys(weight_map) };
  return `${JSON.stringify(sorted, null, 2)}\n`;
}

function sortKeys<T>(record: Readonly<Record<string, T>>): Record<string, T> {
  return Object.fromEntries(Object.entries(record).sort(([a], [b]) => (a < b ? -1 : 1)));
}
