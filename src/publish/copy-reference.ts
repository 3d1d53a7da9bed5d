// Config, tokenizer and code of the reference into the staging directory: byte copies, and config.json with its named patches.
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { ConversionError } from '../contract/failures.ts';
import type { ConversionInput } from '../contract/input.ts';
import { digestFiles } from '../reference/read-directory.ts';
import type { Reference } from '../reference/types.ts';
import { patchConfig, type PatchedPlan } from './config-patches.ts';
import { writeInStaging } from '../files/durable.ts';
import { errorCode } from '../files/error-code.ts';
import { Patch, Synthesis } from './manifest.ts';
import { stagingPaths } from '../files/staging.ts';
import { removeOthers } from './remove-others.ts';

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
 * @throws ConversionError ReferenceUnavailable when the files are no longer those of `reference.digest`; InsufficientSpace, TargetRefused.
 */
export async function copyReference(
  input: Pick<ConversionInput, 'hf_model_id'>,
  plan: PatchedPlan,
  reference: Reference,
  staging: string,
): Promise<{ patches: Patch[]; warnings: string[] }> {
  const paths = stagingPaths(staging);
  const sources = sourcesOf(reference);
  for (const [name, source] of sources) {
    await writeInStaging(join(paths.export, name), await readFile(source));
  }
  const { content, patches } = await composeConfig(reference, plan);
  await refuseChanged(input.hf_model_id, reference, paths.export, sources);
  await writeInStaging(join(paths.export, CONFIG), content);
  // Weights and their index belong to the ranks; everything else that is not of this reference goes.
  const isWeight = /\.safetensors(\.index\.json)?$/;
  await removeOthers(paths.export, (name) => name === CONFIG || sources.has(name) || isWeight.test(name));
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
  await writeInStaging(paths.reference, `${JSON.stringify(copied, null, 2)}\n`);
  return { patches, warnings: [...reference.warnings] };
}

/** config.json as it is exported: the reference's own bytes where nothing is patched. */
export async function composeConfig(
  reference: Reference,
  plan: PatchedPlan,
): Promise<{ content: string | Buffer; patches: Patch[] }> {
  const original = await readConfig(reference);
  const { text, patches } = patchConfig(original.toString('utf8'), plan);
  return { content: patches.length === 0 ? original : text, patches };
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

/**
 * The staging directory is that of the bytes: a later request for the same bytes may have put other files beside them.
 * @throws ConversionError VerificationFailed.
 */
export function refuseOtherReference({ id, digest }: CopiedReference, expected: string, staging: string): void {
  if (digest === expected) return;
  const message = `${staging} holds by now the files of another reference (${id}), of another request for the same weights. Run the conversion again.`;
  throw new ConversionError('VerificationFailed', message, { problems: [message], facts: { staging, reference: id } });
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
