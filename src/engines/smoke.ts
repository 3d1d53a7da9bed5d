// The smoke phase: the staged directory, before anybody sees it.
import { existsSync } from 'node:fs';
import { ConversionError } from '../contract/failures.ts';
import type { ConversionInput } from '../contract/input.ts';
import type { ConvertResult, PreflightResult, SmokeResult } from '../contract/results.ts';
import { NOT_VALIDATED } from '../contract/run-phases.ts';
import { readCopiedReference } from '../publish/copy-reference.ts';
import { stagingPaths } from '../files/staging.ts';
import { findPublished } from '../publish/target-state.ts';
import { isRemoteCodeAllowed } from '../reference/remote-code.ts';
import { guardPhase } from './guard-phase.ts';
import { smokeGenerate } from '../smoke/smoke-generate.ts';
import type { Surroundings } from '../contract/surroundings.ts';

/**
 * Try the export out. Code of the reference runs only where the request and the worker's policy allow it.
 * @throws ConversionError SmokeFailed, SmokeCrashed; PolicyRefused where the model needs code that may not run; VerificationFailed
 * where neither staging nor target holds the export.
 */
export async function smokePhase(
  input: ConversionInput,
  preflight: PreflightResult,
  converted: ConvertResult,
  surroundings: Surroundings,
): Promise<SmokeResult> {
  if (!input.smoke.enabled) return NOT_VALIDATED;
  await guardPhase(input, surroundings.policy, { preflight, converted });
  const directory = await findExport(input, preflight, converted);
  const copied = await readCopiedReference(converted.staging);
  const identity = {
    id: input.hf_model_id,
    revision: preflight.reference_revision,
    digest: preflight.reference_digest,
  };
  const allowed = isRemoteCodeAllowed(input, surroundings.policy, {
    ...(copied ?? identity),
    remoteCode: copied?.remote_code ?? [],
  });
  const refused = !allowed && (copied?.remote_code.length ?? 0) > 0;
  try {
    const result = await smokeGenerate(input, directory, surroundings, { remoteCodeAllowed: allowed });
    const warning = `the reference brings code (${copied?.remote_code.join(', ')}), which was not run`;
    return refused ? { ...result, warnings: [...result.warnings, warning] } : result;
  } catch (error) {
    if (!refused || !(error instanceof ConversionError) || error.type !== 'SmokeCrashed') throw error;
    const why = input.trust_remote_code ? 'this worker does not allow it (remote_code)' : 'trust_remote_code is false';
    const message = `The model needs code of its reference (${copied?.remote_code.join(', ')}), but ${why}. ${error.message}`;
    throw new ConversionError('PolicyRefused', message, { cause: error, facts: { ...identity } });
  }
}

/** Staging, or the target where this very export is published already. */
async function findExport(
  input: ConversionInput,
  preflight: PreflightResult,
  converted: ConvertResult,
): Promise<string> {
  const staged = stagingPaths(converted.staging).export;
  if (existsSync(`${staged}/config.json`)) return staged;
  const published = await findPublished(input.hf_path, preflight.byte_digest);
  if (published) return published.path;
  const message = `Neither ${converted.staging} nor ${input.hf_path} holds the export. Run the conversion again.`;
  throw new ConversionError('VerificationFailed', message, { facts: { staging: converted.staging } });
}
