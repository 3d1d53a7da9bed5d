// Where the export lies that is verified and tried out, and what its reference brought along.
import { existsSync } from 'node:fs';
import { ConversionError } from '../contract/failures.ts';
import type { ConversionInput } from '../contract/input.ts';
import type { ConvertResult, PreflightResult } from '../contract/results.ts';
import type { Surroundings } from '../contract/surroundings.ts';
import { stagingPaths } from '../files/staging.ts';
import { readCopiedReference, refuseOtherReference } from '../publish/copy-reference.ts';
import { takeBack } from '../publish/take-back.ts';
import { findPublished } from '../publish/target-state.ts';

export interface FoundExport {
  readonly directory: string;
  /** The export is the published one, so whatever is found, people may be using it already. */
  readonly isPublished: boolean;
  readonly reference: {
    readonly id: string;
    readonly revision: string | null;
    readonly digest: string;
    readonly remoteCode: readonly string[];
  };
}

/**
 * Staging; or the target, where this very export is published already. What a publishing moved that did not end is taken back first: a
 * run that is reset begins anywhere.
 * @throws ConversionError VerificationFailed where neither holds it; TargetOwned where another run works on what is to be taken back.
 */
export async function findExport(
  input: Pick<ConversionInput, 'hf_path'>,
  preflight: Pick<PreflightResult, 'byte_digest' | 'reference_digest'>,
  converted: Pick<ConvertResult, 'staging' | 'published'>,
  surroundings: Pick<Surroundings, 'worker' | 'isOwnerAlive'>,
): Promise<FoundExport> {
  const { staging } = converted;
  const directory = stagingPaths(staging).export;
  if (!converted.published) await takeBack(input.hf_path, staging, preflight.byte_digest, surroundings);
  const copied = converted.published ? null : await readCopiedReference(staging);
  if (copied && existsSync(`${directory}/config.json`)) {
    refuseOtherReference(copied, preflight.reference_digest, staging);
    return { directory, isPublished: false, reference: { ...copied, remoteCode: copied.remote_code } };
  }
  const published = await findPublished(input.hf_path, preflight.byte_digest);
  const reference = published?.manifest.reference;
  if (published && reference?.digest === preflight.reference_digest) {
    const { path } = published;
    return { directory: path, isPublished: true, reference: { ...reference, remoteCode: reference.remote_code } };
  }
  const message = `Neither ${staging} nor ${input.hf_path} holds the export. Run the conversion again.`;
  throw new ConversionError('VerificationFailed', message, { facts: { staging, target: input.hf_path } });
}
