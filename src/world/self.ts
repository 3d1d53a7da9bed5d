// This process, as the other ranks of its world see it.
import { createHash, randomUUID } from 'node:crypto';
import { readFileSync, readlinkSync } from 'node:fs';
import { hostname } from 'node:os';
import type { ConversionInput } from '../contract/input.ts';
import type { World } from './find-world.ts';
import type { Beat } from './messages.ts';

export type Self = Omit<Beat, 'count' | 'roll'>;

export function describeMember({ rank }: World, input: ConversionInput, version: string): Self {
  const token = randomUUID();
  return {
    rank,
    token,
    host: hostname(),
    pid: process.pid,
    machine: readMachine() ?? token,
    version,
    request: createHash('sha256').update(JSON.stringify(input)).digest('hex'),
  };
}

/** One boot of one kernel, and one namespace of process ids. Null where the system has no such files. */
function readMachine(): string | null {
  try {
    const boot = readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim();
    return `${boot} ${readlinkSync('/proc/self/ns/pid')}`;
  } catch {
    return null;
  }
}

/** For messages. */
export const nameMember = ({ rank, host, pid }: Pick<Beat, 'rank' | 'host' | 'pid'>): string =>
  `rank ${rank} (process ${pid} on ${host})`;
