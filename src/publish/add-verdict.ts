// The manifest of an export that was published before, once a run has tried the model. Pure, but for the clock.
import type { ConversionInput } from '../contract/input.ts';
import { NOT_VALIDATED } from '../contract/run-phases.ts';
import type { Worker } from '../contract/surroundings.ts';
import { runOf, type PhaseResults } from './compose-manifest.ts';
import type { Manifest } from './manifest.ts';

/** Unchanged where the run has generated nothing: the recorded verdict was enough, or the smoke generation is switched off. */
export function addVerdict(
  published: Manifest,
  input: Pick<ConversionInput, 'smoke' | 'verify' | 'trust_remote_code'>,
  results: PhaseResults,
  { worker, remoteCodeAllowed }: { readonly worker: Worker; readonly remoteCodeAllowed: boolean },
): Manifest {
  const { converted, smoke, verified } = results;
  if (!smoke.validated || converted.published?.smoke) return published;
  const outdated = new Set([...NOT_VALIDATED.warnings, ...published.smoke.warnings]);
  const kept = published.warnings.filter((warning) => !outdated.has(warning));
  return {
    ...published,
    validation: 'VALIDATED',
    reference: { ...published.reference, remote_code_allowed: remoteCodeAllowed },
    options: {
      ...published.options,
      smoke: input.smoke,
      verify: input.verify,
      trust_remote_code: input.trust_remote_code,
    },
    verify: { mode: verified.mode, tensors: verified.tensors, files: verified.files, bytes: verified.bytes },
    smoke,
    warnings: [...new Set([...kept, ...verified.warnings, ...smoke.warnings])],
    run: runOf({ ...results, worker, written: new Date().toISOString() }),
  };
}
