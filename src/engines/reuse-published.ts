// The export that stands at the target already: is it the one that this request would make? Then nothing is written again.
import { createHash } from 'node:crypto';
import { join } from 'node:path';
import { ConversionError } from '../contract/failures.ts';
import type { ConversionInput } from '../contract/input.ts';
import type { ConvertResult } from '../contract/results.ts';
import type { Plan } from '../plan/types.ts';
import { stagingPath } from '../files/staging.ts';
import { composeConfig } from '../publish/copy-reference.ts';
import { addedFiles } from '../publish/added-files.ts';
import type { Manifest } from '../publish/manifest.ts';
import { findPublished } from '../publish/target-state.ts';
import type { Reference } from '../reference/types.ts';
import { INDEX_FILE } from '../safetensors/read-index.ts';
import { readHeader } from '../safetensors/read-header.ts';
import { HeaderError } from '../safetensors/types.ts';
import { formatIndex } from './convert-index.ts';
import { recordedVerdict } from './reuse-verdict.ts';

type ReusingInput = Pick<ConversionInput, 'hf_path' | 'smoke' | 'trust_remote_code'>;

/** What a request would make. */
export interface Wanted {
  readonly plan: Plan;
  readonly reference: Reference;
}

export type PublishedExport =
  | { readonly state: 'whole'; readonly path: string; readonly manifest: Manifest }
  /** Its manifest tells of this very export, and a file contradicts it. `problem` is a sentence. */
  | { readonly state: 'damaged'; readonly problem: string };

/**
 * Compares what is at `target` with what would be written: byte digest, reference, config.json, index, sizes and the headers of all
 * weights. Null where there is something else, or nothing. No tensor is read: `verify` and `publish` do that.
 */
export async function findPublishedExport(
  target: string,
  { plan, reference }: Wanted,
): Promise<PublishedExport | null> {
  const found = await findPublished(target, plan.byteDigest);
  if (found === null || found.manifest.reference.digest !== reference.digest) return null;
  const recorded = new Map(found.manifest.files.map((file) => [file.name, file]));
  // An older release may have patched the config in another way: then it is another export.
  const small = new Map<string, string | Uint8Array>([['config.json', (await composeConfig(reference, plan)).content]]);
  if (plan.index) small.set(INDEX_FILE, formatIndex(plan.index));
  for (const [name, content] of small) if (recorded.get(name)?.sha256 !== sha256(content)) return null;
  const problems = addedFiles(found.entries, found.manifest);
  for (const { name, bytes, header } of plan.files) {
    if (recorded.get(name)?.bytes !== bytes) return null;
    const problem = await headerProblem(join(found.path, name), header);
    if (problem !== null) problems.push(`${name}: ${problem}`);
  }
  if (problems.length === 0) return { state: 'whole', path: found.path, manifest: found.manifest };
  const problem =
    `hf_path ${target} is this very export by its manifest, but not by its files: ${problems.join('; ')}. ` +
    'Nothing was changed: move the directory away, or delete it, and run again';
  return { state: 'damaged', problem };
}

/**
 * The result of a conversion that has nothing to do, null where there is something to write. The caller owns the target.
 * @throws ConversionError TargetRefused for a damaged export.
 */
export async function reusePublished(
  input: ReusingInput,
  wanted: Wanted,
  started: number,
): Promise<ConvertResult | null> {
  const published = await findPublishedExport(input.hf_path, wanted);
  if (published === null) return null;
  if (published.state === 'damaged') {
    const { problem } = published;
    throw new ConversionError('TargetRefused', `${problem}.`, {
      problems: [problem],
      facts: { target: input.hf_path },
    });
  }
  return reuseResult(input, wanted.plan.byteDigest, published.manifest, started);
}

/** The result of a conversion that found its export published. `started` as of `performance.now()`. */
export function reuseResult(
  input: ReusingInput,
  byteDigest: string,
  manifest: Manifest,
  started: number,
): ConvertResult {
  const weights = manifest.files.filter(({ name }) => name.endsWith('.safetensors'));
  return {
    staging: stagingPath(input.hf_path, byteDigest),
    byte_digest: byteDigest,
    files: weights.length,
    files_reused: weights.length,
    bytes_written: 0,
    bytes_reused: weights.reduce((sum, { bytes }) => sum + bytes, 0),
    bytes_read: 0,
    ranks: manifest.engine.ranks,
    attempt: 0,
    seconds: (performance.now() - started) / 1000,
    published: { smoke: recordedVerdict(manifest, input) },
    warnings: [],
  };
}

/** For the preflight: what will be found again. */
export function describePublished({ manifest }: { readonly manifest: Manifest }): string {
  const { kind, workflow_id: id, run_id: run, written } = manifest.run;
  const who = kind === 'workflow' ? `run ${id} (${run})` : id;
  return `hf_path holds this very export already, ${manifest.validation}, published by ${who} on ${written}: nothing is written again.`;
}

async function headerProblem(path: string, expected: string): Promise<string | null> {
  try {
    return (await readHeader(path)).text === expected ? null : 'its header is not the one that was published';
  } catch (error) {
    if (error instanceof HeaderError) return error.message;
    throw error;
  }
}

const sha256 = (content: string | Uint8Array): string => createHash('sha256').update(content).digest('hex');
