// Where the ranks of a world meet: files in one directory beside the target, on the file system that all of them share.
import { createHash } from 'node:crypto';
import { join } from 'node:path';
import { besideTarget } from '../files/staging.ts';
import type { World } from './find-world.ts';

/** `<parent>/.<name>.world-<digest>`: the same for all ranks of a world. */
export function meetingPath(target: string, { id, size }: Pick<World, 'id' | 'size'>): string {
  const digest = createHash('sha256').update(`${id}:${size}`).digest('hex').slice(0, 12);
  return besideTarget(target, `world-${digest}`);
}

/** Written by rank 0 when it has made the directory: whose meeting this is. */
export const LEADER_FILE = 'leader.json';
export const beatName = (rank: number): string => `beat-${rank}.json`;
/** Written by rank 0: who belongs to this meeting. */
export const ROLL_FILE = 'roll.json';
/** Written by rank 0: what to convert. Tasks are numbered from 1. */
export const taskName = (task: number): string => `task-${task}.json`;
/** Written by rank 0: the ranks shall stop working on a task. */
export const stopName = (task: number): string => `stop-${task}.json`;
/** Written by rank 0: how it all ended. */
export const END_FILE = 'end.json';
/** How a rank's share of a task ended. */
export const resultName = (task: number, rank: number): string => `result-${task}-${rank}.json`;
/** Written by a rank that leaves before the end. */
export const goneName = (rank: number): string => `gone-${rank}.json`;
/** Made by the first rank that tells a person that rank 0 is gone. */
export const TOLD_FILE = 'told';

export const inMeeting = (meeting: string, name: string): string => join(meeting, name);
