import { readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { runProcess } from '../../src/launch/run-process.ts';
import {
  checkOwnership,
  readOwner,
  refuseOwned,
  releaseOwnership,
  takeOwnership,
} from '../../src/publish/ownership.ts';
import { ownerPath } from '../../src/files/staging.ts';
import { BYTE_DIGEST, OTHER_DIGEST, makeFolder, surroundings, worker } from '../support/publish-staging.ts';

let folder: Awaited<ReturnType<typeof makeFolder>>;
let target: string;

beforeEach(async () => {
  folder = await makeFolder();
  target = join(folder.path, 'hf');
});
afterEach(() => folder.remove());

const ours = surroundings();
const theirs = surroundings({ worker: worker({ workflowId: 'convert-b', runId: 'run-9', host: 'there' }) });

const isOwnerAlive = (owner: { workflowId: string }): Promise<boolean> => Promise.resolve(owner.workflowId !== 'dead');

describe('takeOwnership', () => {
  it('writes a record, and nothing else stays', async () => {
    await takeOwnership(target, BYTE_DIGEST, ours);
    expect(await readOwner(target)).toMatchObject({ byte_digest: BYTE_DIGEST, worker: ours.worker, target });
    expect(await readdir(folder.path)).toEqual(['.hf.owner.json']);
  });

  it('refuses another owner that is at work, naming both', async () => {
    await takeOwnership(target, BYTE_DIGEST, ours);
    const failure = expect(takeOwnership(target, BYTE_DIGEST, theirs)).rejects;
    await failure.toMatchObject({
      type: 'TargetOwned',
      message: expect.stringMatching(/convert-a.*run-1.*convert-b.*run-9/),
    });
    expect(await readdir(folder.path)).toEqual(['.hf.owner.json']);
  });

  it('refuses another kind of owner, or another namespace, with the same id', async () => {
    await takeOwnership(target, BYTE_DIGEST, ours);
    for (const change of [{ namespace: 'other' }, { kind: 'cli' as const }]) {
      const other = surroundings({ worker: worker(change) });
      await expect(takeOwnership(target, BYTE_DIGEST, other)).rejects.toMatchObject({ type: 'TargetOwned' });
    }
  });

  it('takes two processes of one id for two owners, since ids come again in other containers', async () => {
    const first = worker({ kind: 'cli', workflowId: 'cli-node-12', runId: 'run-1' });
    await takeOwnership(target, BYTE_DIGEST, surroundings({ worker: first }));
    await takeOwnership(target, BYTE_DIGEST, surroundings({ worker: first }));
    const second = surroundings({ worker: { ...first, runId: 'run-2' }, isOwnerAlive: () => Promise.resolve(true) });
    await expect(takeOwnership(target, BYTE_DIGEST, second)).rejects.toThrow('remove ');
  });

  it('lets a later run of the same workflow take over, with another digest too', async () => {
    await takeOwnership(target, BYTE_DIGEST, ours);
    await takeOwnership(target, OTHER_DIGEST, surroundings({ worker: worker({ runId: 'run-2', attempt: 7 }) }));
    expect(await readOwner(target)).toMatchObject({ byte_digest: OTHER_DIGEST, worker: { runId: 'run-2' } });
  });

  it('is lost to a later run of the same workflow: a reset run and the one that it was made of are two', async () => {
    await takeOwnership(target, BYTE_DIGEST, ours);
    const reset = surroundings({ worker: worker({ runId: 'run-2' }) });
    await takeOwnership(target, BYTE_DIGEST, reset);
    await expect(checkOwnership(target, BYTE_DIGEST, ours)).rejects.toMatchObject({ type: 'TargetOwned' });
    await releaseOwnership(target, ours);
    await checkOwnership(target, BYTE_DIGEST, reset);
  });

  it('takes over from an owner that is no longer at work', async () => {
    await takeOwnership(target, BYTE_DIGEST, ours);
    await takeOwnership(target, OTHER_DIGEST, { ...theirs, isOwnerAlive: () => Promise.resolve(false) });
    expect(await readOwner(target)).toMatchObject({ worker: { workflowId: 'convert-b' } });
    await expect(checkOwnership(target, BYTE_DIGEST, ours)).rejects.toMatchObject({ type: 'TargetOwned' });
    expect(await readdir(folder.path)).toEqual(['.hf.owner.json']);
  });

  it('lets exactly one of many win, from nothing and from a dead owner', async () => {
    for (const start of ['nothing', 'a dead owner']) {
      const path = join(folder.path, start);
      if (start !== 'nothing')
        await takeOwnership(path, BYTE_DIGEST, surroundings({ worker: worker({ workflowId: 'dead' }) }));
      const outcomes = await Promise.allSettled(
        Array.from({ length: 12 }, (_, index) =>
          takeOwnership(path, BYTE_DIGEST, surroundings({ worker: worker({ workflowId: `w${index}` }), isOwnerAlive })),
        ),
      );
      const winners = outcomes.filter((outcome) => outcome.status === 'fulfilled');
      expect(winners).toHaveLength(1);
      expect((await readOwner(path))?.nonce).toBe(winners[0]?.value.nonce);
    }
    expect((await readdir(folder.path)).length).toBe(2);
  });

  it('lets exactly one of two processes win, again and again', async () => {
    const program = join(import.meta.dirname, '..', 'support', 'publish-take.ts');
    const dead = surroundings({ worker: worker({ workflowId: 'dead' }) });
    for (let round = 0; round < 60; round += 1) {
      await takeOwnership(join(folder.path, `round-${round}`), BYTE_DIGEST, dead);
    }
    const runs = await Promise.all(
      ['a', 'b'].map((name) =>
        runProcess({ command: [process.execPath, program, folder.path, name, '60'], signal: ours.signal }),
      ),
    );
    expect(runs.map(({ exitCode }) => exitCode)).toEqual([0, 0]);
    const [a = '', b = ''] = runs.map(({ tail }) => tail.at(-1) ?? '');
    expect(a).toMatch(/^[01]{60}$/);
    for (let round = 0; round < 60; round += 1) expect(Number(a[round]) + Number(b[round])).toBe(1);
  });

  it('is final where the parent cannot hold a record', async () => {
    await writeFile(target, 'a file');
    await expect(takeOwnership(join(target, 'hf'), BYTE_DIGEST, ours)).rejects.toMatchObject({ type: 'TargetRefused' });
  });

  it('makes missing parents', async () => {
    const deep = join(target, 'missing', 'parents', 'hf');
    await takeOwnership(deep, BYTE_DIGEST, ours);
    expect((await readOwner(deep))?.target).toBe(deep);
  });

  it('is refused early by a look that writes nothing', async () => {
    await expect(refuseOwned(target, theirs)).resolves.toBeUndefined();
    await takeOwnership(target, BYTE_DIGEST, ours);
    await expect(refuseOwned(target, ours)).resolves.toBeUndefined();
    await expect(refuseOwned(target, { ...theirs, isOwnerAlive: () => Promise.resolve(true) })).rejects.toMatchObject({
      type: 'TargetOwned',
    });
    await expect(
      refuseOwned(target, { ...theirs, isOwnerAlive: () => Promise.resolve(false) }),
    ).resolves.toBeUndefined();
  });

  it('does not touch a record that it cannot read', async () => {
    await writeFile(ownerPath(target), 'not a record');
    await expect(takeOwnership(target, BYTE_DIGEST, ours)).rejects.toMatchObject({ type: 'TargetOwned' });
  });
});

describe('checkOwnership and releaseOwnership', () => {
  it('accept the owner with its digest only', async () => {
    await expect(checkOwnership(target, BYTE_DIGEST, ours)).rejects.toThrow('its ownership record is gone');
    await takeOwnership(target, BYTE_DIGEST, ours);
    await expect(checkOwnership(target, BYTE_DIGEST, ours)).resolves.toBeUndefined();
    await expect(checkOwnership(target, OTHER_DIGEST, ours)).rejects.toMatchObject({ type: 'TargetOwned' });
  });

  it('release only what is ours', async () => {
    await takeOwnership(target, BYTE_DIGEST, ours);
    await releaseOwnership(target, theirs);
    expect(await readOwner(target)).not.toBeNull();
    await releaseOwnership(target, ours);
    await releaseOwnership(target, ours);
    expect(await readOwner(target)).toBeNull();
  });
});
