// Phase `verify`: what is on disk, against the plan. Knows only files: it could run on another machine than the ranks did.
import { readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import {
  ConversionError,
  formatBytes,
  type ConversionInput,
  type ConvertResult,
  type PreflightResult,
  type VerifyResult,
} from '../contract/index.ts';
import { readPlan } from '../plan/plan-files.ts';
import type { PlanSummary } from '../plan/types.ts';
import { stagingPaths } from '../files/staging.ts';
import { findFinished } from '../rank/done-record.ts';
import { doneFile, exportedFile } from '../files/staging.ts';
import type { DoneRecord } from '../rank/types.ts';
import { type FileFinding, verifyFile } from './verify-file.ts';
import { indexProblems } from './verify-index.ts';
import { findExport } from './find-export.ts';
import { verifyPublished } from './verify-published.ts';
import { readBack } from './verify-readback.ts';
import type { Surroundings } from '../contract/surroundings.ts';

/**
 * Checks plan, index, headers, sizes and done records; with `verify: readback` every byte again. Files that fail are removed together
 * with their records, so that a next run writes them anew. An export that was published since is compared with its manifest.
 *
 * @throws ConversionError VerificationFailed with every problem; SourceChanged for an unreadable plan.
 */
export async function verify(
  input: Pick<ConversionInput, 'verify' | 'hf_path'>,
  preflight: Pick<PreflightResult, 'byte_digest' | 'reference_digest'>,
  converted: Pick<ConvertResult, 'staging' | 'byte_digest' | 'published'>,
  surroundings: Surroundings,
): Promise<VerifyResult> {
  if (converted.published) return verifyPublished(input, preflight, surroundings);
  const { isPublished } = await findExport(input, preflight, converted, surroundings);
  if (isPublished) return verifyPublished(input, preflight, surroundings);
  const started = performance.now();
  const { staging } = converted;
  const plan = await readPlan(staging);
  const findings: FileFinding[] = [];
  for (const file of plan.files) {
    surroundings.signal.throwIfAborted();
    findings.push(await verifyFile(staging, plan.byteDigest, file));
  }
  const warnings = input.verify === 'readback' ? await readEveryByte(plan, staging, findings, surroundings) : [];
  const problems = [
    ...digestProblems(plan, preflight.byte_digest, converted.byte_digest),
    ...findings.flatMap((finding) => finding.problems),
    ...(await indexProblems(plan, stagingPaths(staging).export)),
    ...countProblems(plan, findings),
    ...(await strangers(plan, staging)),
  ];
  if (problems.length > 0) throw await refuse(problems, findings, staging);
  return {
    mode: input.verify,
    tensors: plan.tensors,
    parameters: plan.parameters,
    bytes: plan.files.reduce((sum, file) => sum + file.bytes, 0),
    files: plan.files.length,
    seconds: (performance.now() - started) / 1000,
    warnings,
  };
}

/** Adds to `findings` what differs. Returns warnings. */
async function readEveryByte(
  plan: PlanSummary,
  staging: string,
  findings: FileFinding[],
  { signal, onProgress }: Surroundings,
): Promise<string[]> {
  const total = plan.files.reduce((sum, file) => sum + file.bytes, 0);
  let before = 0;
  const warnings = new Set<string>();
  for (const [index, file] of plan.files.entries()) {
    const record: DoneRecord | null = findFinished(staging, file.name, plan.byteDigest, file.bytes);
    if (record !== null) {
      const { sha256, cached } = await readBack(exportedFile(staging, file.name), signal, (bytes) => {
        const done = before + bytes;
        onProgress({
          phase: 'verify',
          message: `reading back: ${formatBytes(done)} of ${formatBytes(total)}`,
          done_bytes: done,
          total_bytes: total,
          done_files: index,
          total_files: plan.files.length,
        });
      });
      if (sha256 !== record.sha256)
        findings.push({
          name: file.name,
          problems: [`${file.name}: its bytes have the SHA-256 ${sha256}, written were ${record.sha256}`],
          tensors: 0,
          parameters: 0,
        });
      if (cached !== null) warnings.add(cached);
    }
    before += file.bytes;
  }
  return [...warnings];
}

function digestProblems(plan: PlanSummary, preflight: string, converted: string): string[] {
  if (plan.byteDigest === preflight && plan.byteDigest === converted) return [];
  return [
    `plan.json belongs to the conversion ${plan.byteDigest}, expected ${preflight} (preflight) and ${converted} (convert)`,
  ];
}

function countProblems(plan: PlanSummary, findings: readonly FileFinding[]): string[] {
  if (findings.some((finding) => finding.problems.length > 0)) return [];
  const tensors = findings.reduce((sum, finding) => sum + finding.tensors, 0);
  const parameters = findings.reduce((sum, finding) => sum + finding.parameters, 0);
  if (tensors === plan.tensors && parameters === plan.parameters) return [];
  return [
    `the files hold ${tensors} tensors, ${parameters} parameters; the plan has ${plan.tensors} and ${plan.parameters}`,
  ];
}

/** Weight files that the plan does not know: a loader could take them for part of the model. */
async function strangers(plan: PlanSummary, staging: string): Promise<string[]> {
  const known = new Set(plan.files.map((file) => file.name));
  const names = await readdir(stagingPaths(staging).export).catch((): string[] => []);
  return names
    .filter((name) => name.endsWith('.safetensors') && !known.has(name))
    .map((name) => `${join('export', name)}: not in the plan. Remove it`);
}

async function refuse(
  problems: readonly string[],
  findings: readonly FileFinding[],
  staging: string,
): Promise<ConversionError> {
  const damaged = [...new Set(findings.filter((finding) => finding.problems.length > 0).map(({ name }) => name))];
  for (const name of damaged) {
    // The record first: a file without a record is written again, a record without its file would only be noticed.
    await rm(doneFile(staging, name), { force: true });
    await rm(exportedFile(staging, name), { force: true });
  }
  const advice = damaged.length > 0 ? ` Removed, and written anew by the next run: ${damaged.join(', ')}.` : '';
  const list = problems.map((problem) => `\n  - ${problem}`).join('');
  return new ConversionError(
    'VerificationFailed',
    `${staging} does not agree with the plan:${list}\n${advice.trim()}`.trim(),
    {
      problems,
      facts: { staging, removed: damaged },
    },
  );
}
