// Whole conversions whose ranks run as a job of a cloud scheduler: the stand-ins really run them.
import { rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import type { Profile } from '../../src/contract/profiles.ts';
import type { Surroundings } from '../../src/contract/surroundings.ts';
import { convert } from '../../src/engines/convert.ts';
import type { Fault } from '../support/cloud-server.ts';
import { findFreePort } from '../support/cloud-nodes.ts';
import { dgxCloudProfile, leptonProfile, waitingNode } from '../support/cloud-profiles.ts';
import { startDgxCloud } from '../support/dgxcloud-stand-in.ts';
import { startLepton } from '../support/lepton-stand-in.ts';
import {
  digestTensors,
  expectedOf,
  inputFor,
  preflightFor,
  surroundingsFor,
  temporaryDirectory,
} from '../support/rank-conversion.ts';

const ROOT = join(import.meta.dirname, '../..');
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

interface StandIn {
  readonly profile: (changes: object) => Profile;
  readonly start: (queueMs: number) => Promise<{
    readonly environment: Readonly<Record<string, string>>;
    readonly faults: Fault[];
    readonly submission: string;
    readonly close: () => Promise<void>;
    /** States or phases of the jobs that were made. */
    readonly states: () => string[];
  }>;
}

const STAND_INS: Readonly<Record<string, StandIn>> = {
  lepton: {
    profile: leptonProfile,
    start: async (queueMs) => {
      const lepton = await startLepton({ queueMs });
      return { ...lepton, submission: 'POST /jobs', states: () => lepton.jobs.map(({ state }) => state) };
    },
  },
  dgxcloud: {
    profile: dgxCloudProfile,
    start: async (queueMs) => {
      const cloud = await startDgxCloud({ queueMs });
      const states = (): string[] => cloud.workloads.map(({ phase }) => phase);
      return { ...cloud, submission: 'POST /api/v1/workloads', states };
    },
  },
};

async function startStandIn(name: string, queueMs = 50): Promise<Awaited<ReturnType<StandIn['start']>>> {
  const standIn = await STAND_INS[name]?.start(queueMs);
  if (standIn === undefined) throw new Error(`no stand-in ${name}`);
  open.push(standIn.close);
  for (const [variable, value] of Object.entries(standIn.environment)) vi.stubEnv(variable, value);
  return standIn;
}

function surroundingsWith(name: string, changes: object, more: Partial<Surroundings> = {}): Surroundings {
  const { policy, ...rest } = surroundingsFor(more);
  const cloud = STAND_INS[name]?.profile(changes);
  if (cloud === undefined) throw new Error(`no profile ${name}`);
  return { ...rest, policy: { ...policy, profiles: { cloud } } };
}

describe.each(Object.keys(STAND_INS))('a conversion on %s', (name) => {
  it('writes the expected tensors with two nodes under torchrun, and tells its progress', async () => {
    const standIn = await startStandIn(name);
    const messages: string[] = [];
    const rendezvous = { MASTER_ADDR: '127.0.0.1', MASTER_PORT: String(await findFreePort()) };
    const surroundings = surroundingsWith(
      name,
      { nodes: 2, nproc_per_node: 1, env: rendezvous },
      { onProgress: ({ message }) => messages.push(message) },
    );
    const input = await inputFor('llama-trained', join(directory, name), { profile: 'cloud', max_shard_size: '300KB' });
    const preflight = await preflightFor(input, 2);
    const result = await convert(input, preflight, surroundings);
    expect(await digestTensors(join(result.staging, 'export'))).toEqual((await expectedOf('llama-trained')).tensors);
    expect(result.files).toBe(preflight.files);
    expect(standIn.states()).toEqual(['Completed']);
    expect(messages.join('\n')).toMatch(
      /submitting job megatron-to-hf-[\s\S]* is (pending|running): [\s\S]* of \d+ files/,
    );
  });

  it('is one job: the next worker takes it up, though the submission got no answer and the worker was gone', async () => {
    const standIn = await startStandIn(name);
    const input = await inputFor('llama-trained', join(directory, `${name}-again`), {
      profile: 'cloud',
      distributed: false,
      max_shard_size: '300KB',
    });
    const preflight = await preflightFor(input, 1);
    const go = join(directory, `${name}-go`);
    const profile = { node: waitingNode(go) };
    standIn.faults.push({ on: standIn.submission, how: 'dropped' });
    await expect(convert(input, preflight, surroundingsWith(name, profile))).rejects.toMatchObject({
      type: 'SchedulerFailed',
      message: expect.stringMatching(/gave no answer when asked to submit/) as string,
    });
    expect(standIn.states()).toHaveLength(1);

    const shutdown = new AbortController();
    const leaving = convert(
      input,
      preflight,
      surroundingsWith(name, profile, {
        signal: shutdown.signal,
        isHandedOver: async () => true,
        onProgress: ({ message }) => {
          if (/ is (pending|running)/.test(message)) shutdown.abort(new Error('the worker shuts down'));
        },
      }),
    );
    await expect(leaving).rejects.toThrow('the worker shuts down');

    await writeFile(go, '');
    const messages: string[] = [];
    const staying = surroundingsWith(name, profile, { onProgress: ({ message }) => messages.push(message) });
    const result = await convert(input, preflight, staying);
    expect(await digestTensors(join(result.staging, 'export'))).toEqual((await expectedOf('llama-trained')).tensors);
    expect(standIn.states()).toEqual(['Completed']);
    expect(messages.join('\n')).toMatch(/is taken up again/);
  });

  it('leaves no job behind when it is cancelled', async () => {
    const standIn = await startStandIn(name, 200);
    const input = await inputFor('llama-trained', join(directory, `${name}-cancelled`), {
      profile: 'cloud',
      distributed: false,
    });
    const cancel = new AbortController();
    const running = convert(
      input,
      await preflightFor(input, 1),
      surroundingsWith(
        name,
        { node: ['/bin/sh', '-c', 'sleep 60'] },
        {
          signal: cancel.signal,
          onProgress: ({ message }) => {
            if (message.includes('is running')) cancel.abort(new Error('cancelled by the caller'));
          },
        },
      ),
    );
    await expect(running).rejects.toThrow('cancelled by the caller');
    expect(standIn.states()).toEqual(['Stopped']);
  });

  it('fails with the last lines of the ranks', async () => {
    await startStandIn(name);
    const input = await inputFor('llama-trained', join(directory, `${name}-failed`), {
      profile: 'cloud',
      distributed: false,
    });
    const broken = surroundingsWith(name, { package_root: join(ROOT, 'no-such-folder') });
    const failure = convert(input, await preflightFor(input, 1), broken);
    await expect(failure).rejects.toMatchObject({
      type: 'RankFailed',
      message: expect.stringMatching(/Job .* of profile cloud[\s\S]*Cannot find module[\s\S]*no-such-folder/) as string,
    });
  });
});
