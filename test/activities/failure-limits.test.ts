// A failure must reach its reader: the server refuses payloads of 2 MB, and shows then that a worker went silent.
import { ApplicationFailure } from '@temporalio/common';
import { describe, expect, it } from 'vitest';
import { toApplicationFailure } from '../../src/activities/to-application-failure.ts';
import { ConversionError, ConversionInput } from '../../src/contract/index.ts';
import { activityOptions } from '../../src/workflows/activity-options.ts';

const lines = Array.from(
  { length: 45_000 },
  (_, k) => `model.layers.${k}.mlp.experts.weight: would give [1, 2], config.json calls for [2, 1]`,
);

function failureOf(error: Error): ApplicationFailure {
  const failure = toApplicationFailure(error);
  if (failure instanceof ApplicationFailure) return failure;
  throw new Error('no ApplicationFailure');
}

/** Characters of everything that travels. */
function sizeOf({ message, details, cause }: ApplicationFailure): number {
  const causes = cause instanceof Error ? cause.message.length + (cause.stack?.length ?? 0) : 0;
  return message.length + JSON.stringify(details).length + causes;
}

describe('a failure with a line for each of 45,000 tensors', () => {
  it('is short, also as the cause of another, and keeps its type and its first lines', () => {
    const inner = new ConversionError('ReferenceMismatch', lines.join('\n'), { problems: lines });
    const outer = new ConversionError('LayoutInvalid', `2 things:\n${lines.join('\n')}`, {
      problems: lines,
      cause: inner,
    });
    const failure = failureOf(outer);
    expect(sizeOf(failure)).toBeLessThan(200_000);
    expect(failure.type).toBe('LayoutInvalid');
    expect(failure.cause?.message).toContain('model.layers.0.');
  });

  it('is short where the facts are long', () => {
    const facts = { path: '/a', tail: lines };
    const failure = failureOf(new ConversionError('ConversionStalled', 'stalled', { facts }));
    expect(failure.details?.[0]).toEqual({ path: '/a', shortened: true });
  });

  it('leaves small causes and facts alone', () => {
    const cause = new Error('EIO');
    const failure = failureOf(new ConversionError('RankFailed', 'a rank failed', { facts: { exitCode: 1 }, cause }));
    expect(failure.cause).toBe(cause);
    expect(failure.details?.[0]).toEqual({ exitCode: 1 });
  });
});

describe('long texts in a request', () => {
  it('are refused, and a path as long as Linux allows has a short summary', () => {
    const request = { megatron_path: '/a', hf_model_id: 'b', hf_path: `/${'x'.repeat(100_000)}` };
    expect(ConversionInput.safeParse(request).success).toBe(false);
    const input = ConversionInput.parse({ ...request, hf_path: `/${'x'.repeat(4000)}` });
    expect(new TextEncoder().encode(activityOptions(input).publish.summary).length).toBeLessThanOrEqual(200);
  });
});
