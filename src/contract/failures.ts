// The failure vocabulary: one table for the wire, the command line and the documentation. Safe in the workflow sandbox.

interface FailureRow {
  /** `true` where another attempt of the same activity can help. */
  readonly retryable: boolean;
  /** Exit code of the command line when a run ends with this failure. */
  readonly exitCode: number;
  /** What it means, one sentence. */
  readonly meaning: string;
  /** What to do next, one sentence. */
  readonly advice: string;
}

/** Every failure type that crosses the wire as `ApplicationFailure.type`. The names are API: parents in any language match on them. */
export const FAILURES = {
  InvalidInput: {
    retryable: false,
    exitCode: 2,
    meaning: 'The request does not fit the input schema.',
    advice: 'Correct what the message names; `megatron-to-hf run --help` lists all parameters.',
  },
  CheckpointIncomplete: {
    retryable: true,
    exitCode: 4,
    meaning: 'The checkpoint is still being saved, or its save was abandoned.',
    advice: 'Wait for the asynchronous save to finish; the run retries by itself until wait.timeout.',
  },
  WaitTimedOut: {
    retryable: false,
    exitCode: 4,
    meaning: 'The checkpoint did not become complete in the time allowed.',
    advice:
      'Check that the training job finished its save, then retry from a complete iter_* directory (megatron-to-hf retry ID).',
  },
  CheckpointNotFound: {
    retryable: false,
    exitCode: 1,
    meaning: 'The checkpoint directory does not exist, and neither does its parent.',
    advice: 'Correct megatron_path; it must name one iteration directory, normally iter_NNNNNNN.',
  },
  CheckpointUnreadable: {
    retryable: false,
    exitCode: 1,
    meaning: 'The worker may not read the checkpoint, or its path leads nowhere.',
    advice: 'Let the user of the worker read every file and enter every directory of the path, then start again.',
  },
  CheckpointDamaged: {
    retryable: false,
    exitCode: 1,
    meaning: 'The checkpoint contradicts itself; waiting cannot repair it.',
    advice: 'Save the checkpoint again, or convert another iteration.',
  },
  CheckpointUnsupported: {
    retryable: false,
    exitCode: 1,
    meaning: 'The directory is not one iteration of a torch_dist checkpoint.',
    advice: 'Point megatron_path at a concrete iter_* directory of a torch_dist checkpoint.',
  },
  AmbiguousGenerations: {
    retryable: false,
    exitCode: 1,
    meaning: 'Some shards are clearly younger than the metadata: two saves may be mixed in one directory.',
    advice:
      'Save again into an empty directory, or set allow_ambiguous_generations=true when you know that the files belong together.',
  },
  LayoutInvalid: {
    retryable: false,
    exitCode: 2,
    meaning: 'The requested parallel layout, target or resources break one or more rules.',
    advice: 'Set what the message names for each problem.',
  },
  ReferenceUnavailable: {
    retryable: false,
    exitCode: 1,
    meaning: 'The Hugging Face config or tokenizer could not be obtained.',
    advice:
      'Set hf_model_id to the original base model or a local config source, then retry (megatron-to-hf retry ID hf_model_id=...).',
  },
  ReferenceMismatch: {
    retryable: false,
    exitCode: 1,
    meaning: 'The Hugging Face reference describes another model than the checkpoint holds.',
    advice:
      'Set hf_model_id to the base model that this checkpoint was trained from, then retry (megatron-to-hf retry ID hf_model_id=...).',
  },
  ModelUnsupported: {
    retryable: false,
    exitCode: 1,
    meaning: 'No engine on this worker knows the model family.',
    advice: 'Use a supported architecture, or a worker that has the bridge engine enabled.',
  },
  PolicyRefused: {
    retryable: false,
    exitCode: 1,
    meaning: 'The worker policy does not allow this path, this remote code or this profile.',
    advice: 'Ask the operator to extend allowed_roots, remote_code or profiles in the worker configuration.',
  },
  BooksNotClosed: {
    retryable: false,
    exitCode: 1,
    meaning: 'Some source tensor is neither mapped nor dropped by a rule, or some expected tensor is not produced.',
    advice: 'Read the list of tensors; set strict=false only if you accept the loss that it names.',
  },
  TargetRefused: {
    retryable: false,
    exitCode: 1,
    meaning: 'The target directory may not be written.',
    advice: 'Choose another hf_path, or set overwrite=true to replace what is there.',
  },
  TargetOwned: {
    retryable: false,
    exitCode: 1,
    meaning: 'Another run is working on the same target.',
    advice: 'Wait for the other run or cancel it; the message names it.',
  },
  InsufficientSpace: {
    retryable: false,
    exitCode: 1,
    meaning: 'The disk has not enough room for the export.',
    advice: 'Free the stated number of bytes or choose an hf_path on another file system.',
  },
  SourceChanged: {
    retryable: false,
    exitCode: 1,
    meaning: 'The checkpoint changed while it was being converted.',
    advice: 'Start again once nothing writes to the checkpoint.',
  },
  CorruptData: {
    retryable: false,
    exitCode: 1,
    meaning: 'The bytes of a tensor do not have the checksum that was written with them.',
    advice: 'Restore the named shard from another copy, or convert another iteration.',
  },
  RankFailed: {
    retryable: true,
    exitCode: 1,
    meaning: 'A conversion rank died.',
    advice: 'Read the last lines of the rank in the failure; finished files are reused by the next attempt.',
  },
  ConversionStalled: {
    retryable: true,
    exitCode: 1,
    meaning: 'The ranks made no progress for retry.stall.',
    advice: 'Check the file systems of source and target.',
  },
  SchedulerFailed: {
    retryable: true,
    exitCode: 1,
    meaning: 'The scheduler of the profile does not answer, or refuses the job.',
    advice:
      'Read what it said; a job that was submitted runs on while attempts follow, and the next one finds it by its name.',
  },
  JobLost: {
    retryable: true,
    exitCode: 1,
    meaning: 'The job was pre-empted, its node failed, or the scheduler forgot it without a result.',
    advice: 'Nothing: the next attempt submits another job, which reuses the finished files.',
  },
  JobTimeLimit: {
    retryable: false,
    exitCode: 1,
    meaning: 'The job reached the time limit of its profile.',
    advice: 'Raise the time limit of the profile, then start the same request again; finished files are reused.',
  },
  JobCancelled: {
    retryable: false,
    exitCode: 1,
    meaning: 'Somebody cancelled the job in the scheduler.',
    advice: 'Start the same request again when the job may run; finished files are reused.',
  },
  VerificationFailed: {
    retryable: false,
    exitCode: 1,
    meaning: 'What is on disk does not agree with the plan.',
    advice: 'Check the target file system, then run again; damaged files are written anew.',
  },
  SmokeFailed: {
    retryable: false,
    exitCode: 1,
    meaning: 'The exported model loads but does not work.',
    advice:
      'Inspect the generated text and the report, then check hf_model_id and the family mapping; a retry (megatron-to-hf retry ID) converts nothing again.',
  },
  SmokeCrashed: {
    retryable: true,
    exitCode: 1,
    meaning: 'The smoke generation process died before it gave a verdict.',
    advice:
      'Read its last lines; check memory and the Python environment of the worker, then repeat the smoke generation alone (megatron-to-hf retry ID --from smoke).',
  },
  PublishFailed: {
    retryable: true,
    exitCode: 1,
    meaning: 'The finished directory could not be moved into place.',
    advice: 'Check permissions and space beside hf_path; publishing resumes where it stopped.',
  },
  UnexpectedFailure: {
    retryable: true,
    exitCode: 1,
    meaning: 'A phase failed in a way that has no name here, or its worker was lost again and again.',
    advice: "Read the cause and the worker's log, then start the same request again; finished files are reused.",
  },
} as const satisfies Record<string, FailureRow>;

export type FailureType = keyof typeof FAILURES;

/** Whether a text, such as the `type` of an `ApplicationFailure`, is one of ours. */
export function isFailureType(type: unknown): type is FailureType {
  return typeof type === 'string' && Object.hasOwn(FAILURES, type);
}

/** The one error that the domain throws. Adapters translate it: to `ApplicationFailure` in activities, to an exit code in the command line. */
export class ConversionError extends Error {
  readonly type: FailureType;
  /** Every problem found, one sentence each; the message already contains them. */
  readonly problems: readonly string[];
  /** Small JSON-safe facts for scripts (paths, byte counts). */
  readonly facts: Readonly<Record<string, unknown>>;

  constructor(
    type: FailureType,
    message: string,
    options: { problems?: readonly string[]; facts?: Record<string, unknown>; cause?: unknown } = {},
  ) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.name = 'ConversionError';
    this.type = type;
    this.problems = options.problems ?? [];
    this.facts = options.facts ?? {};
  }
}
