// The Hugging Face reference: the small files that give an export its config and tokenizer.

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
  readonly warnings: readonly string[];
}
