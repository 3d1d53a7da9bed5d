// The generated table of docs/recovery.md: the recovery notes of the Nemotron step, and what has become of them here.
import { renderTable } from '../config/options-table.ts';
import { FAILURES, type FailureType } from '../contract/index.ts';

interface RecoveryNote {
  /** How the step names the case: the key in its `step.toml`, or the parameter that its page speaks of. */
  readonly step: string;
  /** What has happened, in few words. */
  readonly problem: string;
  /** In the order in which they are met. */
  readonly failures: readonly FailureType[];
  /** What to type. ID is the workflow id, as `run` printed it. */
  readonly command: string;
}

export const RECOVERY_NOTES: readonly RecoveryNote[] = [
  {
    step: 'incomplete_or_async_checkpoint',
    problem: 'the checkpoint is still being saved, or its save was abandoned',
    failures: ['CheckpointIncomplete', 'WaitTimedOut', 'AmbiguousGenerations'],
    command: 'megatron-to-hf retry ID',
  },
  {
    step: 'bad_megatron_checkpoint_path',
    problem: 'the path is wrong, or is that of the run instead of one iteration',
    failures: ['CheckpointNotFound', 'CheckpointUnsupported', 'CheckpointDamaged'],
    command: 'megatron-to-hf retry ID megatron_path=/runs/sft/iter_0000100',
  },
  {
    step: 'missing_hf_config_or_tokenizer',
    problem: 'config or tokenizer cannot be had, or are those of another model',
    failures: ['ReferenceUnavailable', 'ReferenceMismatch', 'ModelUnsupported'],
    command: 'megatron-to-hf retry ID hf_model_id=<the base model>',
  },
  {
    step: 'distributed=true with tp=pp=ep=etp=1',
    problem: 'several ranks would not shard the model',
    failures: ['LayoutInvalid'],
    command: 'megatron-to-hf retry ID tp=1 pp=1 ep=8 etp=1 (or tp=8 pp=1 ep=1 etp=1 for a dense checkpoint)',
  },
  {
    step: 'validate with a small generation',
    problem: 'the export does not work, or could not be tried',
    failures: ['SmokeFailed', 'SmokeCrashed'],
    command: 'megatron-to-hf retry ID --from smoke',
  },
];

/** One row a note. */
export function renderRecoveryTable(): string {
  const rows = RECOVERY_NOTES.map(({ step, problem, failures, command }) => [
    `\`${step}\`: ${problem}`,
    failures.map((type) => `\`${type}\``).join(', '),
    failures.map((type) => FAILURES[type].advice).join(' '),
    command.replace(/megatron-to-hf [^(]*[^( ]/, (typed) => `\`${typed}\``),
  ]);
  return renderTable(['note of the step', 'failures', 'what to do', 'then'], rows);
}
