// `checkCompleteness`: looks, judges, and takes the second look itself where the checkpoint is old enough.
import { resolve } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { ConversionError } from '../../contract/failures.ts';
import type { ConversionInput } from '../../contract/input.ts';
import type { CompletenessResult } from '../../contract/results.ts';
import { toSeconds } from '../../contract/units.ts';
import type { Surroundings } from '../../contract/surroundings.ts';
import { findLinksOutside, refuseOutside } from '../../files/allowed-roots.ts';
import { readError } from '../../files/system-error.ts';
import { commonStateKey } from '../common-state.ts';
import type { Checkpoint } from '../types.ts';
import { carryOf, parseCarry, wrapCarry } from './carry.ts';
import { digestShards } from './digest-shards.ts';
import { judge } from './judge.ts';
import { lookAt } from './look-at.ts';
import { survey } from './survey.ts';
import type { Carry, JudgeOptions, Look, Verdict } from './types.ts';

type ExamineInput = Pick<ConversionInput, 'wait' | 'allow_ambiguous_generations'>;
type ExamineSurroundings = Pick<Surroundings, 'signal' | 'onProgress' | 'policy' | 'previous'>;

export interface ExamineOptions {
  /** Milliseconds since 1970. */
  readonly now?: () => number;
  /** Seconds without a change after which the second look is taken in the same call. */
  readonly calm?: number;
  /** Seconds between the two looks of one call. */
  readonly pause?: number;
}

/**
 * One attempt. A checkpoint that changed in the last minute needs two attempts, which compare their looks through heartbeat details.
 *
 * @throws ConversionError CheckpointIncomplete, with the missing files (at most 20) and `unchanged_seconds` as facts, while waiting can
 *   help; CheckpointNotFound, CheckpointUnreadable, CheckpointDamaged, CheckpointUnsupported, AmbiguousGenerations or PolicyRefused when it
 *   cannot.
 */
export async function examineCheckpoint(
  megatronPath: string,
  input: ExamineInput,
  surroundings: ExamineSurroundings,
  options: ExamineOptions = {},
): Promise<CompletenessResult> {
  const path = resolve(megatronPath);
  try {
    return await examine(path, input, surroundings, options);
  } catch (error) {
    throw readError(error, path);
  }
}

async function examine(
  path: string,
  input: ExamineInput,
  surroundings: ExamineSurroundings,
  { now = Date.now, calm = 60, pause = 0.3 }: ExamineOptions,
): Promise<CompletenessResult> {
  await refuseOutside('megatron_path', path, surroundings.policy.allowedRoots);
  const links = await findLinksOutside(path, surroundings.policy.allowedRoots);
  if (links.length > 0)
    throw new ConversionError('PolicyRefused', links.slice(0, 20).join('\n'), { problems: links.slice(0, 20) });
  const options: JudgeOptions = {
    appear: toSeconds(input.wait.appear),
    settle: toSeconds(input.wait.settle),
    stall: toSeconds(input.wait.stall),
    allowAmbiguousGenerations: input.allow_ambiguous_generations,
  };
  const previous = parseCarry(surroundings.previous);
  const look = await lookAt(path, {
    now,
    signal: surroundings.signal,
    checked: previous?.checked ?? null,
    onChecked: throttle(1000, (done, total) => report(surroundings, `checking items: ${done} of ${total}`, previous)),
  });
  let carry = carryOf(look, previous);
  let verdict = judge(look, previous, options, now());
  if (verdict.verdict === 'incomplete' && verdict.unconfirmed && now() - look.newest > calm * 1000) {
    await setTimeout(pause * 1000, undefined, { signal: surroundings.signal });
    const second = await survey(path, now());
    carry = carryOf(second, carry);
    if (second.digest === look.digest) verdict = judge(look, carry, options, now());
  }
  report(surroundings, verdict.verdict === 'complete' ? 'the checkpoint is complete' : verdict.message, carry);
  return conclude(look, verdict);
}

function conclude(look: Look, verdict: Verdict): CompletenessResult {
  const { path } = look;
  if (verdict.verdict === 'final') {
    throw new ConversionError(verdict.type, verdict.message, { problems: verdict.problems, facts: { path } });
  }
  if (verdict.verdict === 'incomplete') {
    const { message, missing, unchangedSeconds, stalled } = verdict;
    throw new ConversionError('CheckpointIncomplete', message, {
      problems: [message],
      facts: { path, missing, unchanged_seconds: unchangedSeconds, stalled },
    });
  }
  if (look.checkpoint === null) throw new Error('a complete verdict without .metadata');
  return summarise(look, look.checkpoint, verdict.warnings);
}

function summarise(look: Look, checkpoint: Checkpoint, warnings: readonly string[]): CompletenessResult {
  const names = new Set(look.entries.map(({ name }) => name));
  const chunks = [...checkpoint.tensors.values()].reduce((sum, entry) => sum + entry.chunks.length, 0);
  return {
    path: look.path,
    iteration: checkpoint.iteration,
    metadata_digest: checkpoint.metadataDigest,
    shards_digest: digestShards(look.entries, checkpoint),
    common_state: names.has('common.pt') ? 'common.pt' : commonStateKey(checkpoint) === null ? 'absent' : 'entry',
    files: checkpoint.files.size,
    bytes: look.entries.filter(({ name }) => checkpoint.files.has(name)).reduce((sum, { size }) => sum + size, 0),
    items: chunks + checkpoint.objects.size,
    tracker: look.tracker,
    run_config: names.has('run_config.yaml'),
    warnings: [...warnings],
  };
}

/** Heartbeats stay small: one line, without the list that the failure itself carries. */
function report(surroundings: ExamineSurroundings, text: string, carry: Carry | null): void {
  const message = text.split('\n', 1).join().slice(0, 300);
  surroundings.onProgress({
    phase: 'checkCompleteness',
    message,
    ...(carry === null ? {} : { carry: wrapCarry(carry) }),
  });
}

function throttle(
  interval: number,
  call: (done: number, total: number) => void,
): (done: number, total: number) => void {
  let last = 0;
  return (done, total) => {
    if (performance.now() - last < interval) return;
    last = performance.now();
    call(done, total);
  };
}
