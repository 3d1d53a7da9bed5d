// What `describe` says, as `--json` gives it.

export interface Description {
  readonly name: string;
  readonly workflow: string;
  readonly consumes: readonly Artifact[];
  readonly produces: readonly Artifact[];
  readonly parameters: readonly Parameter[];
  readonly failures: readonly Failure[];
  readonly exit_codes: readonly { readonly code: number; readonly meaning: string }[];
}

interface Artifact {
  /** As in the artifact types of the step. */
  readonly type: string;
  readonly parameter: string;
  readonly meaning: string;
}

interface Parameter {
  readonly name: string;
  readonly type: string;
  /** A program that starts the workflow must give it. On the command line only where nothing is configured either. */
  readonly required: boolean;
  /** What the schema fills in; null: nothing. */
  readonly default: unknown;
  /** What `config/default.yaml` says on top, with its interpolations; null: nothing. */
  readonly configured: unknown;
  readonly meaning: string;
  /** Other spellings, of the step. */
  readonly aliases: readonly string[];
  /** What is done differently from the step, empty for nothing; null where the step has no such parameter. */
  readonly step: string | null;
}

interface Failure {
  readonly type: string;
  readonly retried: boolean;
  readonly exit_code: number;
  readonly meaning: string;
  readonly advice: string;
}
