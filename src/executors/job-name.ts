// The name of a job: made of the run's digest, so that whoever looks for it later finds it without having been told.
import { createHash } from 'node:crypto';
import { resolve } from 'node:path';

const PREFIX = 'megatron-to-hf-';
const CHARACTERS = 16;

/**
 * 31 characters of `a-z0-9-`: what Slurm, Lepton (36) and DGX Cloud (34) all accept. The staging directory's name holds the digest of
 * the output bytes, and its path the target: the same work is the same job, and two targets never share one.
 */
export function nameJob(staging: string): string {
  return PREFIX + createHash('sha256').update(resolve(staging)).digest('hex').slice(0, CHARACTERS);
}
