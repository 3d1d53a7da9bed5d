// Phase `verify` where nothing was written: the export at the target, against its own manifest.
import { join } from 'node:path';
import { ConversionError, formatBytes } from '../contract/index.ts';
import type { ConversionInput, ConvertResult, VerifyResult } from '../contract/index.ts';
import { errorCode } from '../files/error-code.ts';
import { addedFiles } from '../publish/added-files.ts';
import { hashFile } from '../publish/hash-file.ts';
import type { Manifest, ManifestFile } from '../publish/manifest.ts';
import { findPublished } from '../publish/target-state.ts';
import { readHeader } from '../safetensors/read-header.ts';
import { HeaderError } from '../safetensors/types.ts';
import { readBack } from './verify-readback.ts';
import type { Surroundings } from '../contract/surroundings.ts';

/**
 * Sizes, headers, the bytes of all small files, and what was added for a loader to read; with `verify: readback` every byte of every file. Nothing is removed: people may be using the export.
 * @throws ConversionError VerificationFailed with every problem.
 */
export async function verifyPublished(
  input: Pick<ConversionInput, 'verify' | 'hf_path'>,
  { byte_digest: digest }: Pick<ConvertResult, 'byte_digest'>,
  surroundings: Pick<Surroundings, 'signal' | 'onProgress'>,
): Promise<VerifyResult> {
  const started = performance.now();
  const published = await findPublished(input.hf_path, digest);
  if (published === null)
    throw refuse(input.hf_path, ['it no longer holds the export that the conversion found there, or not all of it']);
  const { manifest, path, entries } = published;
  const weights = manifest.files.filter(({ name }) => name.endsWith('.safetensors'));
  const problems = await headerProblems(path, weights, manifest);
  const read =
    input.verify === 'readback'
      ? await readEveryByte(path, manifest, surroundings)
      : await readSmallFiles(path, manifest, surroundings.signal);
  problems.push(...read.problems, ...addedFiles(entries, manifest));
  if (problems.length > 0) throw refuse(input.hf_path, problems);
  return {
    mode: input.verify,
    tensors: manifest.tensors,
    parameters: manifest.parameters,
    bytes: weights.reduce((sum, { bytes }) => sum + bytes, 0),
    files: weights.length,
    seconds: (performance.now() - started) / 1000,
    warnings: read.warnings,
  };
}

async function headerProblems(path: string, weights: readonly ManifestFile[], manifest: Manifest): Promise<string[]> {
  const problems: string[] = [];
  let tensors = 0;
  let parameters = 0;
  for (const { name } of weights) {
    try {
      for (const { shape } of (await readHeader(join(path, name))).tensors.values()) {
        tensors += 1;
        parameters += shape.reduce((product, length) => product * length, 1);
      }
    } catch (error) {
      if (!(error instanceof HeaderError) && errorCode(error) !== 'ENOENT') throw error;
      problems.push(`${name}: ${error instanceof Error ? error.message : String(error)}`);
    }
  }
  if (problems.length > 0 || (tensors === manifest.tensors && parameters === manifest.parameters)) return problems;
  const expected = `${manifest.tensors} and ${manifest.parameters}`;
  return [`the files hold ${tensors} tensors, ${parameters} parameters; the manifest says ${expected}`];
}

interface Reading {
  readonly problems: string[];
  readonly warnings: string[];
}

/** Config and tokenizer decide what a loader makes of the weights, and cost nothing. */
async function readSmallFiles(path: string, { files }: Manifest, signal: AbortSignal): Promise<Reading> {
  const problems: string[] = [];
  for (const file of files.filter(({ name }) => !name.endsWith('.safetensors'))) {
    problems.push(...byteProblems(file, await hashFile(join(path, file.name), signal)));
  }
  return { problems, warnings: [] };
}

function byteProblems({ name, sha256 }: ManifestFile, found: string): string[] {
  return found === sha256 ? [] : [`${name}: its bytes have the SHA-256 ${found}, published were ${sha256}`];
}

async function readEveryByte(
  path: string,
  { files }: Manifest,
  { signal, onProgress }: Pick<Surroundings, 'signal' | 'onProgress'>,
): Promise<Reading> {
  const total = files.reduce((sum, { bytes }) => sum + bytes, 0);
  const problems: string[] = [];
  const warnings = new Set<string>();
  let before = 0;
  for (const [index, file] of files.entries()) {
    const { name, bytes } = file;
    const found = await readBack(join(path, name), signal, (count) => {
      onProgress({
        phase: 'verify',
        message: `reading back: ${formatBytes(before + count)} of ${formatBytes(total)}`,
        done_bytes: before + count,
        total_bytes: total,
        done_files: index,
        total_files: files.length,
      });
    });
    problems.push(...byteProblems(file, found.sha256));
    if (found.cached !== null) warnings.add(found.cached);
    before += bytes;
  }
  return { problems, warnings: [...warnings] };
}

function refuse(target: string, problems: readonly string[]): ConversionError {
  const list = problems.map((problem) => `\n  - ${problem}`).join('');
  const advice = 'Nothing was changed: move the directory away, or delete it, and run again.';
  const message = `The export that is published at ${target} does not agree with its manifest:${list}\n${advice}`;
  return new ConversionError('VerificationFailed', message, { problems, facts: { target } });
}
