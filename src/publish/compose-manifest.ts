// The manifest of one conversion, from the results of its phases and from what lies in staging. Pure.
import { ARTIFACTS } from '../contract/artifacts.ts';
import type { ConversionInput } from '../contract/input.ts';
import type {
  CompletenessResult,
  ConvertResult,
  PreflightResult,
  SmokeResult,
  VerifyResult,
} from '../contract/results.ts';
import type { Worker } from '../contract/surroundings.ts';
import type { PlanSummary } from '../plan/types.ts';
import type { CopiedReference } from './copy-reference.ts';
import { filesDigest, type Manifest, type ManifestFile } from './manifest.ts';

export interface PhaseResults {
  readonly completeness: CompletenessResult;
  readonly preflight: PreflightResult;
  readonly converted: ConvertResult;
  readonly verified: VerifyResult;
  readonly smoke: SmokeResult;
}

export interface ManifestParts extends PhaseResults {
  readonly input: ConversionInput;
  readonly plan: PlanSummary;
  readonly reference: CopiedReference;
  readonly remoteCodeAllowed: boolean;
  readonly files: readonly ManifestFile[];
  readonly worker: Worker;
  readonly version: string;
  /** ISO time. */
  readonly written: string;
}

type RunParts = Pick<ManifestParts, 'worker' | 'written' | 'converted' | 'verified' | 'smoke'>;

/** Parameters that shape the export or say how it was judged; the rest of the request is about how to get there. */
const RECORDED_OPTIONS = [
  'hf_model_id',
  'hf_revision',
  'dtype',
  'max_shard_size',
  'strict',
  'tokenizer_source',
  'trust_remote_code',
  'verify',
  'allow_ambiguous_generations',
  'tp',
  'pp',
  'ep',
  'etp',
  'smoke',
] as const satisfies readonly (keyof ConversionInput)[];

export function composeManifest(parts: ManifestParts): Manifest {
  const { input, completeness, preflight, plan, reference, smoke } = parts;
  const options = RECORDED_OPTIONS.map((name) => [name, input[name]] as const);
  return {
    format: 'megatron-to-hf export 1',
    artifacts: artifactsOf(parts),
    validation: smoke.validated ? 'VALIDATED' : 'NOT VALIDATED',
    byte_digest: plan.byteDigest,
    source: {
      path: completeness.path,
      iteration: completeness.iteration,
      metadata_digest: completeness.metadata_digest,
      files: completeness.files,
      bytes: completeness.bytes,
    },
    reference: {
      id: reference.id,
      revision: reference.revision,
      digest: reference.digest,
      tokenizer_source: reference.synthesis ? 'checkpoint' : input.tokenizer_source,
      remote_code: reference.remote_code,
      remote_code_allowed: parts.remoteCodeAllowed,
    },
    engine: {
      name: preflight.engine,
      version: parts.version,
      node: process.versions.node,
      family: preflight.family,
      architecture: preflight.architecture,
      ranks: parts.converted.ranks,
      ...(parts.converted.converter && { converter: parts.converted.converter }),
    },
    options: Object.fromEntries(options.filter(([, value]) => value !== undefined && value !== null)),
    tensors: plan.tensors,
    parameters: plan.parameters,
    bytes: plan.bytes,
    files: [...parts.files],
    books: booksOf(plan),
    config_patches: reference.patches,
    ...(reference.synthesis && { config_synthesis: reference.synthesis }),
    verify: {
      mode: parts.verified.mode,
      tensors: parts.verified.tensors,
      files: parts.verified.files,
      bytes: parts.verified.bytes,
    },
    smoke,
    warnings: uniqueWarnings(parts),
    run: runOf(parts),
  };
}

function artifactsOf({ input, completeness, files }: ManifestParts): Manifest['artifacts'] {
  const { metadata_digest, shards_digest } = completeness;
  const source = { path: input.megatron_path, digest: metadata_digest, shards_digest };
  return {
    consumes: [{ type: ARTIFACTS.consumes.type, ...source }],
    produces: [{ type: ARTIFACTS.produces.type, path: input.hf_path, digest: filesDigest(files) }],
  };
}

function copyLine(line: PlanSummary['books']['mapped']): Manifest['books']['mapped'] {
  return { ...line, examples: [...line.examples] };
}

function booksOf({ books }: PlanSummary): Manifest['books'] {
  return {
    mapped: copyLine(books.mapped),
    dropped: books.dropped.map(copyLine),
    vocabulary_padding: { ...books.vocabularyPadding },
    produced: books.produced,
    excused: books.excused.map(copyLine),
    unmapped: [...books.unmapped],
    missing: [...books.missing],
  };
}

function uniqueWarnings({ completeness, preflight, converted, verified, smoke, reference }: ManifestParts): string[] {
  const phases = [completeness, preflight, converted, verified, smoke, reference];
  return [...new Set(phases.flatMap(({ warnings }) => warnings))];
}

/** Who made it, and how long it took. */
export function runOf({ worker, written, converted, verified, smoke }: RunParts): Manifest['run'] {
  return {
    kind: worker.kind,
    workflow_id: worker.workflowId,
    run_id: worker.runId,
    namespace: worker.namespace,
    host: worker.host,
    written,
    seconds: { convert: converted.seconds, verify: verified.seconds, smoke: smoke.seconds },
  };
}
