// The events of python/smoke_generate.py, one JSON object a line.
import { z } from 'zod';

const Measure = z.number().nullable();

const LoadEvent = z.object({
  event: z.literal('load'),
  seconds: z.number(),
  device: z.string(),
  dtype: z.string(),
  parameters: z.number(),
  /** Rows of the embedding. */
  vocabulary: z.number(),
  tokenizer_vocabulary: z.number(),
  versions: z.record(z.string(), z.string()),
  errors: z.array(z.string()),
  /** At most 20 keys each; `counts` has the true numbers. */
  missing: z.array(z.string()),
  unexpected: z.array(z.string()),
  mismatched: z.array(z.string()),
  counts: z.object({ missing: z.number(), unexpected: z.number(), mismatched: z.number() }),
});

const PerplexityEvent = z.object({
  event: z.literal('perplexity'),
  passage: z.string(),
  tokens: z.number(),
  /** Every loss of the passage was a finite number. */
  finite: z.boolean(),
  perplexity: Measure,
  shuffled_perplexity: Measure,
  /** Nats. */
  context_gain: Measure,
});

export const SmokeEvent = z.discriminatedUnion('event', [
  LoadEvent,
  PerplexityEvent,
  z.object({ event: z.literal('step'), message: z.string(), tokens: z.number().optional() }),
  z.object({ event: z.literal('sample'), prompt: z.string(), text: z.string(), tokens: z.number() }),
  z.object({ event: z.literal('end'), seconds: z.number() }),
  z.object({ event: z.literal('error'), type: z.string(), message: z.string() }),
]);
export type SmokeEvent = z.infer<typeof SmokeEvent>;

/** The event in a line, or null where the line is something else. */
export function parseSmokeEvent(line: string): SmokeEvent | null {
  if (!line.startsWith('{')) return null;
  try {
    return SmokeEvent.safeParse(JSON.parse(line)).data ?? null;
  } catch {
    return null;
  }
}
