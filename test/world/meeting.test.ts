// Meetings that are not as they should be: words of another world, another rank 0, a file system that fails for a while.
import { existsSync } from 'node:fs';
import { mkdir, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect, it } from 'vitest';
import { gather } from '../../src/world/gather.ts';
import { beatName, goneName, LEADER_FILE } from '../../src/world/meeting-paths.ts';
import { Beat, readMessage } from '../../src/world/messages.ts';
import { openMeeting, removeMeeting } from '../../src/world/open-meeting.ts';
import type { Self } from '../../src/world/self.ts';
import { writeMessage, writeSurely } from '../../src/world/write-message.ts';
import { makeFolder } from '../config/config-folder.ts';

const never = new AbortController().signal;
/** Of another machine, so that its process id says nothing here. */
const self = (rank: number, token: string): Self => ({
  rank,
  token,
  host: 'far',
  pid: 7,
  machine: token,
  version: '1',
  request: 'r',
});
const beat = (rank: number, token: string, count = 1, roll: string | null = null): Beat => ({
  ...self(rank, token),
  count,
  roll,
});

it('takes no farewell and no beat of an earlier world for one of this', async () => {
  const meeting = join(await makeFolder(), 'meeting');
  await openMeeting(meeting, self(0, 'leader'), 2, never);
  await writeMessage(meeting, goneName(1), { token: 'old', why: 'interrupted by SIGTERM', interrupted: true });
  await writeMessage(meeting, beatName(1), beat(1, 'old', 9, 'old leader'));
  const gathering = gather({ meeting, self: self(0, 'leader'), ranks: 2, limitSeconds: 20, signal: never });
  await sleep(300);
  await writeMessage(meeting, beatName(1), beat(1, 'new'));
  const { roll, refusal } = await gathering;
  expect(refusal).toBeNull();
  expect(roll.members.map(({ token }) => token)).toEqual(['leader', 'new']);
});

it('calls the process of a rank that was started anew while another was awaited', async () => {
  const meeting = join(await makeFolder(), 'meeting');
  await openMeeting(meeting, self(0, 'leader'), 3, never);
  await writeMessage(meeting, beatName(1), beat(1, 'first'));
  const gathering = gather({ meeting, self: self(0, 'leader'), ranks: 3, limitSeconds: 20, signal: never });
  await sleep(300);
  await writeMessage(meeting, beatName(1), beat(1, 'second'));
  await writeMessage(meeting, beatName(2), beat(2, 'late'));
  const { roll, refusal } = await gathering;
  expect(refusal).toBeNull();
  expect(roll.members.map(({ token }) => token)).toEqual(['leader', 'second', 'late']);
});

it('a rank 0 that was taken for dead does not remove the meeting of its successor', async () => {
  const meeting = join(await makeFolder(), 'meeting');
  await openMeeting(meeting, self(0, 'first'), 2, never);
  await removeMeeting(meeting, 'first');
  await openMeeting(meeting, self(0, 'second'), 2, never);
  await removeMeeting(meeting, 'first');
  expect(existsSync(join(meeting, LEADER_FILE))).toBe(true);
  await removeMeeting(meeting, 'second');
  expect(existsSync(meeting)).toBe(false);
});

it('a meeting that was opened a moment ago and has no beat yet is another world at work', async () => {
  const meeting = join(await makeFolder(), 'meeting');
  await openMeeting(meeting, self(0, 'first'), 2, never);
  const second = expect(openMeeting(meeting, self(0, 'second'), 2, never)).rejects.toThrow('Another world of the same');
  await sleep(500);
  await writeMessage(meeting, beatName(0), beat(0, 'first'));
  await second;
  expect(existsSync(join(meeting, beatName(0)))).toBe(true);
});

it('a word that others wait for is written as soon as that is possible', async () => {
  const meeting = await makeFolder();
  // A directory in its place is what a full disk cannot be made to be in a test: an error that goes away.
  await mkdir(join(meeting, 'word/in-the-way'), { recursive: true });
  const written = writeSurely(meeting, 'word', { token: 't' }, never);
  await sleep(200);
  await rm(join(meeting, 'word'), { recursive: true });
  await written;
  expect(existsSync(join(meeting, 'word'))).toBe(true);
  await expect(writeSurely(join(meeting, 'gone'), 'word', {}, never)).rejects.toThrow('ENOENT');
  await mkdir(join(meeting, 'word2/in-the-way'), { recursive: true });
  await expect(writeSurely(meeting, 'word2', {}, AbortSignal.timeout(100))).rejects.toThrow(/EISDIR|ENOTEMPTY|EEXIST/);
});

it('a message that cannot be read for a moment is read afterwards; one that stays so ends the world with a reason', async () => {
  const meeting = await makeFolder();
  await mkdir(join(meeting, 'beat'));
  await writeFile(join(meeting, 'next'), JSON.stringify(beat(1, 'there')));
  const reading = readMessage(meeting, 'beat', Beat);
  await sleep(300);
  await rm(join(meeting, 'beat'), { recursive: true });
  await rename(join(meeting, 'next'), join(meeting, 'beat'));
  expect((await reading)?.token).toBe('there');
  await mkdir(join(meeting, 'stays'));
  await expect(readMessage(meeting, 'stays', Beat)).rejects.toMatchObject({
    type: 'RankFailed',
    facts: { final: true },
  });
});
