// Who this rank is, from the environment of torchrun, or of a plain srun.

export interface Identity {
  readonly rank: number;
  readonly worldSize: number;
  /** Ranks on this machine. */
  readonly localWorldSize: number;
}

/** RANK and WORLD_SIZE, else SLURM_PROCID and SLURM_NTASKS, else a world of one. @throws RangeError for a contradiction. */
export function readIdentity(environment: NodeJS.ProcessEnv): Identity {
  const torch = environment['RANK'] !== undefined || environment['WORLD_SIZE'] !== undefined;
  const [rankName, worldName] = torch ? ['RANK', 'WORLD_SIZE'] : ['SLURM_PROCID', 'SLURM_NTASKS'];
  const rank = count(environment, rankName, 0);
  const worldSize = count(environment, worldName, 1);
  if (rank >= worldSize) throw new RangeError(`${rankName}=${rank} must be below ${worldName}=${worldSize}`);
  const localName = torch ? 'LOCAL_WORLD_SIZE' : 'SLURM_NTASKS_PER_NODE';
  return { rank, worldSize, localWorldSize: Math.max(1, count(environment, localName, worldSize)) };
}

function count(environment: NodeJS.ProcessEnv, name: string, absent: number): number {
  const text = environment[name];
  if (text === undefined || text === '') return absent;
  const value = Number(text);
  if (!Number.isSafeInteger(value) || value < 0) throw new RangeError(`${name}=${text} is not a count`);
  return value;
}
