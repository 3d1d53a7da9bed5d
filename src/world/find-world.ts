// The world that this process was started in, if any: that of torchrun, or of a Slurm step. From the environment alone. Pure.
import { ConversionError } from '../contract/failures.ts';

export interface World {
  readonly launcher: 'torchrun' | 'slurm';
  readonly rank: number;
  readonly size: number;
  /** The same for all ranks of a world. Not unique for ever: a later world may have it again. */
  readonly id: string;
}

/** From here on numbers stand for the batch script, the interactive shell and the like (`SLURM_MAX_NORMAL_STEP_ID` in slurm.h). */
const FIRST_SPECIAL_STEP = 0xfffffff0;

type Environment = Readonly<Record<string, string | undefined>>;

/**
 * `RANK` and `WORLD_SIZE`, as torchrun sets them; else `SLURM_PROCID` and the number of tasks of a step that `srun` started.
 *
 * The script of an `sbatch` job has SLURM_PROCID=0 and SLURM_NTASKS too, but runs once: only a step has a number (SLURM_STEP_ID). A step
 * of one task is no world either: nobody shares the work, so the command starts ranks of its own as it does without Slurm.
 *
 * @throws ConversionError InvalidInput for values that contradict each other
 */
export function findWorld(environment: Environment): World | null {
  return findTorchrun(environment) ?? findStep(environment);
}

function findTorchrun(environment: Environment): World | null {
  const { RANK, WORLD_SIZE } = environment;
  if (!RANK && !WORLD_SIZE) return null;
  if (!RANK || !WORLD_SIZE) {
    const [there, absent] = RANK ? ['RANK', 'WORLD_SIZE'] : ['WORLD_SIZE', 'RANK'];
    throw contradiction(`${there} is set and ${absent} is not`, `Set both, as torchrun does, or unset ${there}`);
  }
  // Not MASTER_ADDR: each node may have another name for the same host, and node 0 often calls itself localhost.
  const meeting = [environment['TORCHELASTIC_RUN_ID'], environment['MASTER_PORT']];
  return {
    launcher: 'torchrun',
    ...readPlace(environment, 'RANK', 'WORLD_SIZE'),
    id: ['torchrun', ...meeting.map((part) => part ?? '')].join(':'),
  };
}

function findStep(environment: Environment): World | null {
  const { SLURM_PROCID, SLURM_STEP_ID, SLURM_STEP_NUM_TASKS } = environment;
  if (!SLURM_PROCID || !SLURM_STEP_ID || !/^\d+$/.test(SLURM_STEP_ID)) return null;
  if (Number(SLURM_STEP_ID) >= FIRST_SPECIAL_STEP) return null;
  const sizeName = SLURM_STEP_NUM_TASKS ? 'SLURM_STEP_NUM_TASKS' : 'SLURM_NTASKS';
  if (!environment[sizeName]) return null;
  const place = readPlace(environment, 'SLURM_PROCID', sizeName);
  if (place.size === 1) return null;
  return { launcher: 'slurm', ...place, id: `slurm:${environment['SLURM_JOB_ID'] ?? ''}.${SLURM_STEP_ID}` };
}

function readPlace(environment: Environment, rankName: string, sizeName: string): Pick<World, 'rank' | 'size'> {
  const rank = readCount(environment, rankName);
  const size = readCount(environment, sizeName);
  if (rank >= size) {
    throw contradiction(`${rankName}=${rank} is not below ${sizeName}=${size}`, 'Correct the launcher, or unset both');
  }
  return { rank, size };
}

function readCount(environment: Environment, name: string): number {
  const text = environment[name] ?? '';
  const value = Number(text);
  if (/^\d+$/.test(text) && Number.isSafeInteger(value)) return value;
  throw contradiction(`${name}=${text} is not a count`, `Correct the launcher, or unset ${name}`);
}

function contradiction(what: string, advice: string): ConversionError {
  const message = `The environment does not describe a world of ranks: ${what}. ${advice}.`;
  return new ConversionError('InvalidInput', message, { problems: [message] });
}
