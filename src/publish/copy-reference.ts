// Config, tokenizer and code of the reference into the staging directory: byte copies, and config.json with its named patches.
import { mkdir, readFile, readdir, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { z } from 'zod';
import { ConversionError } from '../contract/failures.ts';
import type { ConversionInput } from '../contract/input.ts';
import { digestFiles } from '../reference/read-directory.ts';
import type { Reference } from '../reference/types.ts';
import { patchConfig, type PatchedPlan } from './config-patches.ts';
import { writeDurably } from '../files/durable.ts';
import { errorCode } from '../files/error-code.ts';
import { Patch, Synthesis } from './manifest.ts';
import { stagingPaths } from '../files/staging.ts';

const CONFIG = 'config.json';

/** `reference.json` in staging: what was copied, for the manifest and for later attempts. */
export const CopiedReference = z.object({
  id: z.string(),
  revision: z.string().nullable(),
  digest: z.string(),
  /** Names in `export/`, config.json included. */
  files: z.array(z.string()),
  patches: z.array(Patch),
  /** Only where config.json was made from what the training run recorded. */
  synthesis: Synthesis.optional(),
  remote_code: z.array(z.string()),
  warnings: z.array(z.string()),
});
export type CopiedReference = z.infer<typeof CopiedReference>;

/**
 * Copy the reference's small files into `export/`. Safe to repeat; files of an earlier, other reference are removed. Code named
 * by `auto_map` is copied as data and not run.
 * @throws ConversionError ReferenceUnavailable when the files are no longer those of `reference.digest`.
 */
export async function copyReference(
  input: Pick<ConversionInput, 'hf_model_id'>,
  plan: PatchedPlan,
  reference: Reference,
  staging: string,
): Promise<{ patches: Patch[]; warnings: string[] }> {
  const paths = stagingPaths(staging);
  await mkdir(paths.export, { recursive: true });
  const sources = sourcesOf(reference);
  for (const [name, source] of sources) {
    const target = join(paths.export, name);
    await mkdir(dirname(target), { recursive: true });
    await writeDurably(target, await readFile(source));
  }
  const original = await readConfig(reference);
  await refuseChanged(input.hf_model_id, reference, paths.export, sources);
  const { text, patches } = patchConfig(original.toString('utf8'), plan);
  await writeDurably(join(paths.export, CONFIG), patches.length === 0 ? original : text);
  await removeOthers(paths.export, new Set([CONFIG, ...sources.keys()]));
  const copied: CopiedReference = {
    id: reference.id,
    revision: reference.revision,
    digest: reference.digest,
    files: [CONFIG, ...sources.keys()].sort(),
    patches,
    ...(reference.synthesis && { synthesis: describeSynthesis(reference.synthesis) }),
    remote_code: [...reference.remoteCode],
    warnings: [...reference.warnings],
  };
  await writeDurably(paths.reference, `${JSON.stringify(copied, null, 2)}\n`);
  return { patches, warnings: [...reference.warnings] };
}

/** What `copyReference` left in a staging directory, or null when it did not get so far. */
export async function readCopiedReference(staging: string): Promise<CopiedReference | null> {
  try {
    return CopiedReference.parse(JSON.parse(await readFile(stagingPaths(staging).reference, 'utf8')));
  } catch (error) {
    if (errorCode(error) === 'ENOENT') return null;
    throw error;
  }
}

function describeSynthesis({ source, assumed }: NonNullable<Reference['synthesis']>): Synthesis {
  return { source, assumed: assumed.map((assumption) => ({ ...assumption })) };
}

async function readConfig({ path, synthesis }: Reference): Promise<Buffer> {
  return synthesis ? Buffer.from(synthesis.text) : readFile(join(path, CONFIG));
}

function sourcesOf(reference: Reference): Map<string, string> {
  const sources = new Map(reference.files.map((name) => [name, join(reference.path, name)]));
  for (const name of reference.tokenizer?.files ?? []) sources.set(name, join(reference.tokenizer?.path ?? '', name));
  return sources;
}

/** The digest is taken over the copies, so that a file that changed under our hands is noticed. */
async function refuseChanged(
  id: string,
  reference: Reference,
  directory: string,
  sources: ReadonlyMap<string, string>,
): Promise<void> {
  const copies = new Map<string, string | Buffer>([...sources.keys()].map((name) => [name, join(directory, name)]));
  copies.set(CONFIG, await readConfig(reference));
  if ((await digestFiles(copies)) === reference.digest) return;
  throw new ConversionError(
    'ReferenceUnavailable',
    `The files of ${id} at ${reference.path} changed while they were copied. Start the conversion again.`,
  );
}

/** Weights and their index belong to the ranks; everything else that is not of this reference goes. */
async function removeOthers(directory: string, names: ReadonlySet<string>): Promise<void> {
  const found = await readdir(directory, { recursive: true, withFileTypes: true });
  for (const entry of found.filter((candidate) => !candidate.isDirectory())) {
    const path = join(entry.parentPath, entry.name);
    const name = path.slice(directory.length + 1);
    if (!names.has(name) && !/\.safetensors(\.index\.json)?$/.test(name)) await rm(path, { force: true });
  }
}
