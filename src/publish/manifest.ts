// export_manifest.json: what an export is, where it came from and what was proved about it.
import { createHash } from 'node:crypto';
import { z } from 'zod';
import { ConverterRecord } from '../contract/bridge.ts';
import { SmokeResult } from '../contract/results.ts';

const BookLine = z.object({
  rule: z.string(),
  tensors: z.number(),
  bytes: z.number(),
  examples: z.array(z.string()),
});

/** Relative to the export, and below it: what a manifest names is read, and hashed. */
const FileName = z.string().refine((name) => name.split('/').every((part) => !['', '.', '..'].includes(part)));

export const ManifestFile = z.object({ name: FileName, bytes: z.number(), sha256: z.string() });
export type ManifestFile = z.infer<typeof ManifestFile>;

export const Patch = z.object({
  /** Top-level member of config.json. */
  field: z.string(),
  /** JSON values; `null` for absent. */
  from: z.unknown(),
  to: z.unknown(),
  why: z.string(),
});
export type Patch = z.infer<typeof Patch>;

export const Synthesis = z.object({
  /** What the config was made from: `run_config.yaml`, or the common state. */
  source: z.string(),
  /** Fields of config.json that it does not decide. */
  assumed: z.array(z.object({ field: z.string(), value: z.unknown(), why: z.string() })),
});
export type Synthesis = z.infer<typeof Synthesis>;

/** One artifact, by its type in the Nemotron steps. */
const Artifact = z.object({
  type: z.string(),
  path: z.string(),
  /** sha256 over its content: of `.metadata` for a checkpoint, over name, size and sha256 of every file for an export. */
  digest: z.string(),
});

const Consumed = Artifact.extend({
  /** sha256 over name, size and time of `.metadata` and all shards: which bytes were found complete. */
  shards_digest: z.string(),
});

/** How exports were described before artifacts had digests. */
const NamesOnly = z.object({ checkpoint_megatron: z.string(), checkpoint_hf: z.string() });

export const Manifest = z.object({
  format: z.literal('megatron-to-hf export 1'),
  artifacts: z
    .object({ consumes: z.array(Consumed), produces: z.array(Artifact) })
    .or(NamesOnly)
    .optional(),
  validation: z.enum(['VALIDATED', 'NOT VALIDATED']),
  byte_digest: z.string(),
  source: z.object({
    path: z.string(),
    iteration: z.number().nullable(),
    metadata_digest: z.string(),
    files: z.number(),
    bytes: z.number(),
  }),
  reference: z.object({
    id: z.string(),
    revision: z.string().nullable(),
    digest: z.string(),
    tokenizer_source: z.enum(['reference', 'checkpoint']),
    /** Modules of the reference that loading with trust_remote_code would run. */
    remote_code: z.array(z.string()),
    remote_code_allowed: z.boolean(),
  }),
  engine: z.object({
    name: z.string(),
    version: z.string(),
    node: z.string(),
    family: z.string(),
    architecture: z.string(),
    ranks: z.number(),
    /** Only of engine bridge: what wrote the tensors. */
    converter: ConverterRecord.optional(),
  }),
  /** Parameters of the request that shape the export. */
  options: z.record(z.string(), z.unknown()),
  tensors: z.number(),
  parameters: z.number(),
  /** Tensor bytes, headers not counted. */
  bytes: z.number(),
  /** Every file but this one. */
  files: z.array(ManifestFile),
  books: z.object({
    mapped: BookLine,
    dropped: z.array(BookLine),
    vocabulary_padding: z.object({ rows: z.number(), bytes: z.number() }),
    produced: z.number(),
    excused: z.array(BookLine),
    unmapped: z.array(z.string()),
    missing: z.array(z.string()),
  }),
  config_patches: z.array(Patch),
  /** Only with `hf_model_id: from-checkpoint`: config.json was made, and not copied. */
  config_synthesis: Synthesis.optional(),
  verify: z.object({ mode: z.string(), tensors: z.number(), files: z.number(), bytes: z.number() }),
  smoke: SmokeResult,
  warnings: z.array(z.string()),
  /** Who made it and when: the only part that differs between two runs of the same request. */
  run: z.object({
    kind: z.string(),
    workflow_id: z.string(),
    run_id: z.string(),
    namespace: z.string().nullable(),
    host: z.string(),
    written: z.string(),
    seconds: z.object({ convert: z.number(), verify: z.number(), smoke: z.number() }),
  }),
});
export type Manifest = z.infer<typeof Manifest>;

/** The manifest in a text, or null where it is none of this format. */
export function parseManifest(text: string): Manifest | null {
  try {
    return Manifest.safeParse(JSON.parse(text)).data ?? null;
  } catch {
    return null;
  }
}

export function serializeManifest(manifest: Manifest): string {
  return `${JSON.stringify(manifest, null, 2)}\n`;
}

/** sha256 over name, size and sha256 of every file: the digest of the export as an artifact. */
export function filesDigest(files: readonly ManifestFile[]): string {
  return createHash('sha256')
    .update(JSON.stringify(listFiles(files)))
    .digest('hex');
}

function listFiles(files: readonly ManifestFile[]): unknown[] {
  const sorted = [...files].sort((a, b) => (a.name < b.name ? -1 : 1));
  return sorted.map((file) => [file.name, file.bytes, file.sha256]);
}

/** sha256 over what both manifests must agree on to be one export: the plan, the reference and every file's bytes. */
export function exportDigest(manifest: Pick<Manifest, 'byte_digest' | 'reference' | 'files'>): string {
  const content = [manifest.byte_digest, manifest.reference.digest, ...listFiles(manifest.files)];
  return createHash('sha256').update(JSON.stringify(content)).digest('hex');
}
