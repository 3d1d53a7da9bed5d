// The Hugging Face reference: the small files that give an export its config and tokenizer.
import type { TensorInfo } from '../safetensors/types.ts';

/** What the reference stores under one name. */
export type StoredTensor = Pick<TensorInfo, 'dtype' | 'shape'>;

/** The tensors of the reference's own weights. None of their bytes is ever read. */
export interface ReferenceWeights {
  /** Where the names come from, for messages: `model.safetensors.index.json`, or a header. */
  readonly source: string;
  /** By name; null where only the name is known, since the header was not read. */
  readonly tensors: ReadonlyMap<string, StoredTensor | null>;
  /** Which file holds which tensor; only where an index says it. */
  readonly files?: ReadonlyMap<string, string>;
}

/** A config that no file holds: it was made from what the training run recorded. */
export interface Synthesis {
  /** The whole `config.json`. */
  readonly text: string;
  /** What it was made from. */
  readonly source: string;
  /** Fields that the record does not decide, with their values and where these come from. */
  readonly assumed: readonly { readonly field: string; readonly value: unknown; readonly why: string }[];
}

export interface Reference {
  /** As requested: a local directory or a hub id. */
  readonly id: string;
  /** Local directory that holds the files now. */
  readonly path: string;
  /** Commit, for hub references. */
  readonly revision: string | null;
  /** Parsed config.json. */
  readonly config: Readonly<Record<string, unknown>>;
  /** Names of the small files to copy (config.json excluded: it is patched), relative to `path`. */
  readonly files: readonly string[];
  /** With tokenizer_source=checkpoint: the checkpoint's own tokenizer files, which `files` then leaves out. */
  readonly tokenizer: { readonly path: string; readonly files: readonly string[] } | null;
  /** sha256 over names and contents of config.json, `files` and `tokenizer.files`. */
  readonly digest: string;
  /** Modules that config or tokenizer name under `auto_map`; their files are among `files`. Empty without remote code. */
  readonly remoteCode: readonly string[];
  /** Null where the reference has no safetensors files and no index of them, or they cannot be asked for; `warnings` tell of damage. */
  readonly weights: ReferenceWeights | null;
  /** Only with `hf_model_id: from-checkpoint`: `path` then holds no config.json. */
  readonly synthesis?: Synthesis;
  readonly warnings: readonly string[];
}
