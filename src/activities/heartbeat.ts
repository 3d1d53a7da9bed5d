// Heartbeats: at a steady pace, with the newest progress as details.
import { Context } from '@temporalio/activity';

import { type Phase, Progress } from '../contract/index.ts';

/** In milliseconds. Below the worker's own throttle (`maxHeartbeatThrottleInterval`), so that each of its turns has something new. */
const PACE = 1000;
// Heartbeats are kept by the server for every pending activity: the failure in them is an excerpt.
const MAX_MESSAGE = 1000;
const MAX_PROBLEMS = 20;

export interface Heart {
  readonly onProgress: (progress: Progress) => void;
  /** Leaves the reason why this attempt fails in the details: a later timeout of the server would forget it. */
  readonly leaveFailure: (message: string, problems: readonly string[]) => void;
  /** Sends what was held back and stops the timer. */
  readonly stop: () => void;
}

/**
 * Starts heartbeating for the current activity. Until the first progress the details of the previous attempt are repeated: the server
 * keeps only the last ones, and an attempt that dies early must not erase what its predecessor left for the next.
 */
export function startHeartbeat(phase: Phase): Heart {
  const context = Context.current();
  let latest: unknown = context.info.heartbeatDetails;
  let failure = Progress.safeParse(latest).data?.failure;
  let sent = 0;
  let held = false;
  const send = (): void => {
    context.heartbeat(latest);
    sent = Date.now();
    held = false;
  };
  const keep = (progress: Progress): void => {
    latest = failure === undefined ? progress : { ...progress, failure };
    held = true;
  };
  send();
  const timer = setInterval(send, PACE);
  return {
    onProgress(progress) {
      keep(progress);
      if (Date.now() - sent >= PACE) send();
    },
    leaveFailure(message, problems) {
      failure = {
        message: message.slice(0, MAX_MESSAGE),
        problems: problems.slice(0, MAX_PROBLEMS).map((line) => line.slice(0, MAX_MESSAGE)),
      };
      keep(Progress.safeParse(latest).data ?? { phase, message: 'failed' });
    },
    stop() {
      clearInterval(timer);
      if (held) send();
    },
  };
}
