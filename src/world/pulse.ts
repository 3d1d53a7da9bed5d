// Whether another rank lives, from what can be seen of it: its process on this machine, its beats from anywhere.
import { readFileSync } from 'node:fs';
import { formatSeconds } from '../contract/units.ts';
import type { Beat, Member } from './messages.ts';
import { nameMember } from './self.ts';

/** Follows the beats of one rank by this process's own clock: clocks of two machines need not agree. */
export class Pulse {
  readonly #member: Member;
  readonly #silentSeconds: number;
  readonly #machine: string;
  #count = -1;
  #looked = performance.now();
  #silent = 0;

  /** @param machine that of this process */
  constructor(member: Member, silentSeconds: number, machine: string) {
    this.#member = member;
    this.#silentSeconds = silentSeconds;
    this.#machine = machine;
  }

  /** Why the rank is taken for dead, a part of a sentence that begins with its name; null while it lives. */
  judge(beat: Beat | null, now = performance.now()): string | null {
    const { token, pid, machine } = this.#member;
    const name = nameMember(this.#member);
    if (machine === this.#machine && !isRunning(pid)) {
      return `${name} ended without a word: it was killed, or ran out of memory`;
    }
    if (beat?.token === token && beat.count !== this.#count) {
      this.#count = beat.count;
      this.#silent = 0;
    } else {
      // A long time without a look says more of the one who looks: a world that was suspended as a whole (scontrol suspend) goes on.
      this.#silent += Math.min((now - this.#looked) / 1000, this.#silentSeconds / 2);
    }
    this.#looked = now;
    if (this.#silent <= this.#silentSeconds) return null;
    return `${name} has been silent for ${formatSeconds(Math.round(this.#silent))} (retry.heartbeat): it died, or its machine no longer reaches the file system`;
  }
}

/** A process that has ended and was not yet waited for is over. */
function isRunning(pid: number): boolean {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    return !/^ [ZX]/.test(stat.slice(stat.lastIndexOf(')') + 1));
  } catch {
    return false;
  }
}
