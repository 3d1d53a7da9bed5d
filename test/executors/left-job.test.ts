// A job that an earlier attempt left, where nobody goes on with it: it is ended, whatever the later attempt comes to.
import { existsSync } from 'node:fs';
import { readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { SlurmProfile } from '../../src/contract/profile-slurm.ts';
import type { ConversionInput, PreflightResult } from '../../src/contract/index.ts';
import type { Surroundings } from '../../src/contract/surroundings.ts';
import { convert } from '../../src/engines/convert.ts';
import { endAbandonedJob } from '../../src/engines/end-abandoned-job.ts';
import { endOwnJob } from '../../src/engines/end-own-job.ts';
import { stagingPath } from '../../src/files/staging.ts';
import { leptonProfile, waitingNode } from '../support/cloud-profiles.ts';
import { startLepton } from '../support/lepton-stand-in.ts';
import { inputFor, preflightFor, surroundingsFor, temporaryDirectory } from '../support/rank-conversion.ts';

let directory: string;
beforeAll(async () => {
  directory = await temporaryDirectory();
});
afterAll(async () => {
  await rm(directory, { recursive: true, force: true });
});
const open: (() => Promise<void>)[] = [];
afterEach(async () => {
  vi.unstubAllEnvs();
  for (const close of open.splice(0)) await close();
});

interface Scene {
  readonly input: ConversionInput;
  readonly preflight: PreflightResult;
  readonly record: string;
  /** Makes the ranks of the job go on. */
  readonly go: () => Promise<void>;
  readonly states: () => string[];
  readonly surroundings: (more?: Partial<Surroundings>) => Surroundings;
}

/** A worker has submitted a job, which waits for a file, and has gone. */
async function leaveJob(name: string): Promise<Scene> {
  const scene = await prepare(name, {});
  const shutdown = new AbortController();
  const leaving = convert(
    scene.input,
    scene.preflight,
    scene.surroundings({
      signal: shutdown.signal,
      isHandedOver: async () => true,
      onProgress: ({ message }) => {
        if (message.includes('is running')) shutdown.abort(new Error('the worker shuts down'));
      },
    }),
  );
  await expect(leaving).rejects.toThrow('the worker shuts down');
  expect(scene.states()).toEqual(['Running']);
  return scene;
}

async function prepare(name: string, changes: object): Promise<Scene> {
  const lepton = await startLepton({ queueMs: 50 });
  open.push(() => lepton.close());
  for (const [variable, value] of Object.entries(lepton.environment)) vi.stubEnv(variable, value);
  const request = { profile: 'cloud', distributed: false, max_shard_size: '300KB' };
  const input = await inputFor('llama-trained', join(directory, name), request);
  const preflight = await preflightFor(input, 1);
  const go = join(directory, `${name}-go`);
  const cloud = leptonProfile({ node: waitingNode(go), ...changes });
  return {
    input,
    preflight,
    record: join(stagingPath(input.hf_path, preflight.byte_digest), 'job.json'),
    go: () => writeFile(go, ''),
    states: () => lepton.jobs.map(({ state }) => state),
    surroundings: (more = {}) => {
      const { policy, ...rest } = surroundingsFor(more);
      return { ...rest, policy: { ...policy, profiles: { cloud } } };
    },
  };
}

const cancelled = (): Pick<Surroundings, 'signal'> => ({ signal: AbortSignal.abort(new Error('cancelled')) });

describe('a job that an earlier attempt left', () => {
  it('is ended by a cancel that comes while the next attempt still plans', async () => {
    const { input, preflight, surroundings, states, record } = await leaveJob('cancelled');
    await expect(convert(input, preflight, surroundings(cancelled()))).rejects.toThrow('cancelled');
    expect(states()).toEqual(['Stopped']);
    expect(existsSync(record)).toBe(false);
  });

  it('is left alone by an attempt that is handed over and by that of another owner', async () => {
    const { input, preflight, surroundings, states, record, go } = await leaveJob('left');
    const handed = surroundings({ ...cancelled(), isHandedOver: async () => true });
    await expect(convert(input, preflight, handed)).rejects.toThrow('cancelled');
    const { worker } = surroundings();
    const other = { ...worker, workflowId: 'another', runId: 'another' };
    await expect(convert(input, preflight, surroundings({ worker: other }))).rejects.toMatchObject({
      type: 'TargetOwned',
    });
    await expect(convert(input, preflight, surroundings({ ...cancelled(), worker: other }))).rejects.toThrow();
    expect(states()).toEqual(['Running']);
    expect(JSON.parse(await readFile(record, 'utf8'))).toMatchObject({ ending: false });
    await go();
    await expect(convert(input, preflight, surroundings())).resolves.toMatchObject({ files: preflight.files });
    expect(states()).toEqual(['Completed']);
  });

  it('is ended by a failure that no further attempt can mend', async () => {
    const { input, preflight, surroundings, states, record } = await leaveJob('final');
    const changed = { ...preflight, reference_digest: '0'.repeat(64) };
    await expect(convert(input, changed, surroundings())).rejects.toMatchObject({ type: 'ReferenceUnavailable' });
    expect(states()).toEqual(['Stopped']);
    expect(existsSync(record)).toBe(false);
  });

  it('is ended after the run by its own hand only, and a second time is none too many', async () => {
    const { input, preflight, surroundings, states, record } = await leaveJob('afterwards');
    const { worker } = surroundings();
    const other = surroundings({ worker: { ...worker, workflowId: 'another', runId: 'another' } });
    await endOwnJob(input, preflight, other);
    expect(states()).toEqual(['Running']);
    await endOwnJob(input, preflight, surroundings());
    await endOwnJob(input, preflight, surroundings());
    expect(states()).toEqual(['Stopped']);
    expect(existsSync(record)).toBe(false);
  });

  it('is ended by a failure that is retried only where the last attempt has it', async () => {
    const { input, preflight, surroundings, states } = await leaveJob('last');
    const failure = new Error('EIO');
    await expect(endAbandonedJob(failure, input, preflight, surroundings())).resolves.toBe(failure);
    expect(states()).toEqual(['Running']);
    const last = surroundings({ isLastAttempt: true });
    await expect(endAbandonedJob(failure, input, preflight, last)).resolves.toBe(failure);
    expect(states()).toEqual(['Stopped']);
  });

  it('is told of in the failure where it cannot be ended', async () => {
    const { input, preflight, surroundings, states, record } = await leaveJob('unreachable');
    const changed = { ...preflight, reference_digest: '0'.repeat(64) };
    const { policy, ...rest } = surroundings();
    const lacking = { ...rest, policy: { ...policy, profiles: {} } };
    await expect(convert(input, changed, lacking)).rejects.toMatchObject({
      type: 'ReferenceUnavailable',
      message: expect.stringMatching(
        /changed since they were checked[\s\S]*of profile cloud may still write/,
      ) as string,
    });
    expect(states()).toEqual(['Running']);
    expect(existsSync(record)).toBe(true);
  });

  it('is not taken for one of another kind of scheduler, when the profile of that name has become one', async () => {
    const { input, preflight, surroundings, states } = await leaveJob('turned');
    const { policy, ...rest } = surroundings();
    const turned = { ...policy, profiles: { cloud: SlurmProfile.parse({ executor: 'slurm', bin: '/nowhere' }) } };
    await expect(convert(input, preflight, { ...rest, policy: turned })).rejects.toMatchObject({
      type: 'SchedulerFailed',
      message: expect.stringMatching(/was submitted with executor lepton, and profile cloud is now slurm/) as string,
    });
    expect(states()).toEqual(['Running']);
  });
});

it('waits for files that a network file system shows only after the end of the job', async () => {
  // The ranks go on unseen after their job has ended, which looks the same from here.
  const late = 'setsid env -u CLOUD_STAND_IN_JOB sh -c "sleep 2; exec \\"\\$@\\"" sh "$@" & sleep 0.5';
  const scene = await prepare('late', { node: ['/bin/sh', '-c', late, 'sh', process.execPath] });
  await expect(convert(scene.input, scene.preflight, scene.surroundings())).resolves.toMatchObject({
    files: scene.preflight.files,
  });
  expect(scene.states()).toEqual(['Completed']);
}, 60_000);
