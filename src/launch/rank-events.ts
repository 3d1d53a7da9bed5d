// The JSON lines of the ranks, taken out of a stream that torchrun writes to as well.
import { z } from 'zod';
import type { RankEvent } from '../rank/types.ts';

const Count = z.number();
const RankEventSchema = z.discriminatedUnion('event', [
  z.object({ event: z.literal('start'), rank: Count, pid: Count, files: Count }),
  z.object({ event: z.literal('progress'), rank: Count, file: z.string(), bytes: Count }),
  z.object({
    event: z.literal('file'),
    rank: Count,
    file: z.string(),
    bytes: Count,
    bytesRead: Count,
    seconds: Count,
  }),
  z.object({ event: z.literal('end'), rank: Count, peakMemory: Count }),
  z.object({
    event: z.literal('error'),
    rank: Count,
    type: z.string(),
    message: z.string(),
    problems: z.array(z.string()),
    facts: z.record(z.string(), z.unknown()),
  }),
]) satisfies z.ZodType<RankEvent>;

/** The event of a line, or null for a line of something else. */
export function parseRankEvent(line: string): RankEvent | null {
  if (!line.startsWith('{"event":')) return null;
  try {
    return RankEventSchema.safeParse(JSON.parse(line)).data ?? null;
  } catch {
    return null;
  }
}
