// The smoke phase: the staged directory, before anybody sees it; or the published one, where nothing was written.
import { ConversionError } from '../contract/failures.ts';
import type { ConversionInput } from '../contract/input.ts';
import type { ConvertResult, PreflightResult, SmokeResult } from '../contract/results.ts';
import { NOT_VALIDATED } from '../contract/run-phases.ts';
import { explainRefusedCode } from '../reference/remote-code.ts';
import { findExport } from './find-export.ts';
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
  if (converted.published?.smoke) return converted.published.smoke;
  if (!input.smoke.enabled) return NOT_VALIDATED;
  await guardPhase(input, surroundings.policy, { preflight, converted });
  const { directory, isPublished, reference } = await findExport(input, preflight, converted, surroundings);
  const why = explainRefusedCode(input, surroundings.policy, reference);
  const code = reference.remoteCode.join(', ');
  const refused = why !== null && code !== '';
  try {
    const result = await smokeGenerate(input, directory, surroundings, { remoteCodeAllowed: why === null });
    const warning = `the reference brings code (${code}), which was not run`;
    return refused ? { ...result, warnings: [...result.warnings, warning] } : result;
  } catch (error) {
    if (!(error instanceof ConversionError)) throw error;
    if (error.type === 'SmokeFailed') throw tellWhereItIs(error, directory, isPublished);
    if (!refused || error.type !== 'SmokeCrashed') throw error;
    const message = `The model needs code of its reference (${code}), which may not run: ${why}. ${error.message}`;
    const { id, revision, digest } = reference;
    throw new ConversionError('PolicyRefused', message, { cause: error, facts: { id, revision, digest } });
  }
}

/** For whoever inspects it. */
function tellWhereItIs(error: ConversionError, directory: string, isPublished: boolean): ConversionError {
  const where = isPublished
    ? `It was published before this run, without this test: ${directory} is left as it is. Remove it where nobody may use it.`
    : `It is not published; the files are kept in ${directory}.`;
  const { problems, facts } = error;
  return new ConversionError(error.type, `${error.message}\n${where}`, { problems, facts, cause: error });
}
