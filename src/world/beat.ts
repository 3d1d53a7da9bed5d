// The sign of life of a rank: a file in the meeting, written again and again with a growing count.
import { beatName } from './meeting-paths.ts';
import type { Beat } from './messages.ts';
import type { Self } from './self.ts';
import { writeMessage } from './write-message.ts';

/** Seconds between two signs of life: a large world must not wear out the metadata server of its file system. */
export const beatSeconds = (ranks: number): number => Math.min(10, Math.max(1, ranks / 32));

export interface Heart {
  /** From now on the beat says that this rank belongs to the roll of that token. */
  readonly enroll: (roll: string) => void;
  /** Ends once a beat that is just being written is there. */
  readonly stop: () => Promise<void>;
}

export function startBeating(meeting: string, self: Self, ranks: number): Heart {
  let roll: string | null = null;
  let count = 0;
  let last = Promise.resolve();
  const beat = (): void => {
    const message: Beat = { ...self, count: ++count, roll };
    // A beat that cannot be written is silence, and the others draw their conclusions from that. At first the meeting is not there yet.
    last = last.then(() => writeMessage(meeting, beatName(self.rank), message)).catch(() => undefined);
  };
  beat();
  const timer = setInterval(beat, beatSeconds(ranks) * 1000);
  return {
    enroll: (token) => {
      roll = token;
      beat();
    },
    stop: () => {
      clearInterval(timer);
      return last;
    },
  };
}
