// Why a run or an attempt failed, out of the nested errors of the Temporal SDK.
import { ApplicationFailure, CancelledFailure, TerminatedFailure, TimeoutFailure } from '@temporalio/common';

import { type FailureType, isFailureType } from '../contract/index.ts';

export interface FailureReport {
  /** A key of `FAILURES`, or what else happened. */
  readonly type: FailureType | 'Cancelled' | 'Terminated' | 'TimedOut' | 'Other';
  readonly message: string;
  readonly facts: Readonly<Record<string, unknown>>;
  /** One sentence a problem; the message contains them already. */
  readonly problems: readonly string[];
}

/**
 * Finds what counts in an error of `handle.result()`, of a child workflow or of a pending activity: the outermost failure that has a
 * type of ours, else a cancellation, a termination or a timeout.
 */
export function explainFailure(error: unknown): FailureReport {
  const chain = causesOf(error);
  const named = chain.find((it) => it instanceof ApplicationFailure && isFailureType(it.type));
  if (named instanceof ApplicationFailure && isFailureType(named.type)) {
    const [facts, problems] = named.details ?? [];
    return { type: named.type, message: named.message, facts: asRecord(facts), problems: asTexts(problems) };
  }
  const message = chain.at(-1)?.message ?? String(error);
  return { type: kindOf(chain), message, facts: {}, problems: [] };
}

function kindOf(chain: readonly Error[]): FailureReport['type'] {
  if (chain.some((it) => it instanceof CancelledFailure)) return 'Cancelled';
  if (chain.some((it) => it instanceof TerminatedFailure)) return 'Terminated';
  if (chain.some((it) => it instanceof TimeoutFailure)) return 'TimedOut';
  return 'Other';
}

function causesOf(error: unknown): Error[] {
  const chain: Error[] = [];
  for (let it = error; it instanceof Error && !chain.includes(it); it = it.cause) chain.push(it);
  return chain;
}

const asRecord = (value: unknown): Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value) ? { ...value } : {};

const asTexts = (value: unknown): string[] =>
  Array.isArray(value) ? value.filter((it): it is string => typeof it === 'string') : [];
