// What a run that went well leaves behind. Safe in the workflow sandbox.
import type { ConversionInput } from './input.ts';
import type { ConversionResult, Phase } from './results.ts';
import type { Outcome } from './run-phases.ts';

/** `seconds` gives what a phase took, `total` the whole run, both in seconds. */
export function composeResult(
  input: ConversionInput,
  outcome: Outcome,
  seconds: (phase: Phase) => number,
  total: number,
): ConversionResult {
  const { completeness, preflight, converted, verified, smoke, published } = outcome;
  return {
    hf_path: published.path,
    megatron_path: input.megatron_path,
    iteration: completeness.iteration,
    engine: preflight.engine,
    family: preflight.family,
    validation: smoke.validated ? 'VALIDATED' : 'NOT VALIDATED',
    tensors: verified.tensors,
    parameters: verified.parameters,
    bytes: verified.bytes,
    files: verified.files,
    files_reused: converted.files_reused,
    ranks: converted.ranks,
    manifest: published.manifest,
    manifest_digest: published.manifest_digest,
    already_published: published.already_published,
    smoke,
    seconds: {
      wait: seconds('checkCompleteness'),
      convert: seconds('convert'),
      verify: seconds('verify'),
      smoke: seconds('smokeGenerate'),
      total,
    },
    warnings: [...new Set(phasesOf(outcome).flatMap((phase) => phase.warnings))],
  };
}

const phasesOf = (outcome: Outcome): { readonly warnings: readonly string[] }[] => Object.values(outcome);
