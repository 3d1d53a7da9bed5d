import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { expect, it } from 'vitest';
import type { Beat } from '../../src/world/messages.ts';
import { Pulse } from '../../src/world/pulse.ts';

const MEMBER = { rank: 1, token: 't', host: 'far', pid: 7, machine: 'other' };
const beat = (count: number, token = 't'): Beat => ({
  ...MEMBER,
  token,
  count,
  version: '1',
  request: 'r',
  roll: null,
});

it('lives while its count grows, whatever the clocks say', () => {
  const pulse = new Pulse(MEMBER, 60, 'here');
  const start = performance.now();
  for (let minute = 0; minute < 5; minute++) expect(pulse.judge(beat(minute), start + minute * 59_000)).toBeNull();
});

it('is dead when the count stands still, is absent, or is that of another process', () => {
  const start = performance.now();
  for (const last of [beat(3), null, beat(4, 'another')]) {
    const pulse = new Pulse(MEMBER, 60, 'here');
    expect(pulse.judge(beat(3), start)).toBeNull();
    for (let second = 1; second < 60; second++) expect(pulse.judge(last, start + second * 1000)).toBeNull();
    expect(pulse.judge(last, start + 61_000)).toMatch(
      /^rank 1 \(process 7 on far\) has been silent for 1 min 1 s \(retry\.heartbeat\)/,
    );
  }
});

it('lives on after a time in which nobody looked, as when a whole world is suspended', () => {
  const start = performance.now();
  const pulse = new Pulse(MEMBER, 60, 'here');
  expect(pulse.judge(beat(3), start)).toBeNull();
  expect(pulse.judge(beat(3), start + 3_600_000)).toBeNull();
  expect(pulse.judge(beat(4), start + 3_601_000)).toBeNull();
});

it('is dead at once where its process on this machine is gone', async () => {
  const child = spawn('sleep', ['600']);
  const pulse = new Pulse({ ...MEMBER, pid: child.pid ?? 0, machine: 'here' }, 60, 'here');
  expect(pulse.judge(null)).toBeNull();
  child.kill('SIGKILL');
  await once(child, 'exit');
  expect(pulse.judge(beat(1))).toMatch(/ended without a word/);
});
