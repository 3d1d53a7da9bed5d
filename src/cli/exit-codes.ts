// The exit codes of every command. Those of failures are in the failure table of the contract.
import { FAILURES, isFailureType } from '../contract/index.ts';

export const EXIT_CODES = {
  done: { code: 0, meaning: 'done: published, complete, equal, or nothing to do' },
  failed: { code: 1, meaning: 'the run failed; the message names the failure and what to do. `diff`: the two differ' },
  invalid: {
    code: 2,
    meaning:
      'the command line, the configuration or the requested layout is not valid. `diff`: the two cannot be compared',
  },
  stopped: { code: 3, meaning: 'the run was cancelled or terminated' },
  incomplete: {
    code: 4,
    meaning: 'the checkpoint is incomplete, or did not become complete in time, or the run timed out',
  },
  unreachable: {
    code: 5,
    meaning: 'the Temporal server cannot be reached, or was lost on the way: what runs on it goes on',
  },
  interrupted: {
    code: 130,
    meaning: 'interrupted by Ctrl-C or SIGTERM: `run` detached (the run goes on), `convert` ended its ranks',
  },
} as const;

/** Exit code of a failure type; a type that this version does not know is a plain failure. */
export function exitCodeOf(type: string): number {
  return isFailureType(type) ? FAILURES[type].exitCode : EXIT_CODES.failed.code;
}
