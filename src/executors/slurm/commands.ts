// Slurm's own programs: sbatch, squeue, scontrol, sacct, scancel.
import { join } from 'node:path';
import { ConversionError } from '../../contract/failures.ts';
import type { SlurmProfile } from '../../contract/profile-slurm.ts';
import { runProcess } from '../../launch/run-process.ts';

/** One of them went wrong; `message` holds what it said. */
export class SlurmError extends Error {
  /** What it wrote to stderr. */
  readonly said: string;

  constructor(command: string, said: string) {
    super(`${command}: ${said}`);
    this.name = 'SlurmError';
    this.said = said;
  }
}

type SlurmProgram = 'sbatch' | 'squeue' | 'scontrol' | 'sacct' | 'scancel';

/** Its standard output. @throws SlurmError for any exit code but 0, and when `signal` ends it; ConversionError SchedulerFailed, final, where this machine has no such program. */
export async function callSlurm(
  profile: Pick<SlurmProfile, 'bin' | 'slurm_conf'>,
  program: SlurmProgram,
  args: readonly string[],
  signal: AbortSignal,
): Promise<string> {
  const conf = profile.slurm_conf ?? process.env['SLURM_CONF'];
  const lines = { stdout: [] as string[], stderr: [] as string[] };
  const result = await runProcess({
    command: [profile.bin == null ? program : join(profile.bin, program), ...args],
    signal,
    env: conf === undefined ? {} : { SLURM_CONF: conf },
    onLine: (line, stream) => lines[stream].push(line),
  });
  if (result.startError !== null) throw notInstalled(program, result.startError);
  if (result.aborted) throw new SlurmError(program, `no answer after ${Math.round(result.seconds)} s`);
  if (result.exitCode !== 0) {
    throw new SlurmError(program, lines.stderr.join('\n') || `exit code ${result.exitCode ?? result.signalName}`);
  }
  return lines.stdout.join('\n');
}

function notInstalled(program: SlurmProgram, said: string): ConversionError {
  const message = `${program} cannot be started on this worker: ${said}. Set bin in the profile to the folder of Slurm's programs, or serve it by a worker that has them.`;
  return new ConversionError('SchedulerFailed', message, { problems: [message], facts: { final: true } });
}
