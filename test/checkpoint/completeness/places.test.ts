import { chmod, mkdir, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { execa } from 'execa';
import { describe, expect, test } from 'vitest';
import { attempt, twice } from '../../support/checkpoint-attempts.ts';
import { copyFixture, setSaveTimes, temporaryDirectory } from '../../support/checkpoint-fixtures.ts';

const later = (minutes: number): { now: () => number } => ({ now: () => Date.now() + minutes * 60_000 });

/** An iteration directory with these files. */
async function directory(files: Record<string, string>): Promise<string> {
  const path = join(await temporaryDirectory(), 'iter_0000001');
  await mkdir(path);
  for (const [name, content] of Object.entries(files)) {
    await mkdir(dirname(join(path, name)), { recursive: true });
    await writeFile(join(path, name), content);
  }
  return path;
}

describe('a path that does not exist', () => {
  test('nor its parent: final at once', async () => {
    expect((await attempt('/nonexistent/run/iter_0000001')).outcome).toBe('CheckpointNotFound');
  });

  test('beside other iterations: waits, and names them and the tracker', async () => {
    const parent = dirname(await copyFixture('core-0.16'));
    const { outcome, message } = await attempt(join(parent, 'iter_0000240'));
    expect(outcome).toBe('CheckpointIncomplete');
    expect(message).toContain('iter_0000120');
    expect(message).toContain('tracker names iteration 120');
  });

  test('for longer than wait.appear: final', async () => {
    const path = join(await temporaryDirectory(), 'iter_0000001');
    const first = await attempt(path);
    const second = await attempt(path, first, later(29));
    expect(second.outcome).toBe('CheckpointIncomplete');
    const third = await attempt(path, second, later(31));
    expect(third.outcome).toBe('CheckpointNotFound');
    expect(third.message).toContain('wait.appear');
  });

  test('and then appears', async () => {
    const source = await copyFixture('core-0.19');
    const path = join(await temporaryDirectory(), basename(source));
    const first = await attempt(path);
    await symlink(source, path);
    expect((await attempt(path, first)).outcome).toBe('complete');
  });
});

/** As somebody who is not root, whom nothing stops. */
async function unprivileged<T>(act: () => Promise<T>): Promise<T> {
  if (process.geteuid?.() !== 0) return act();
  process.seteuid?.(65_534);
  try {
    return await act();
  } finally {
    process.seteuid?.(0);
  }
}

describe('a path that may not be read', () => {
  test.each([
    ['the directory', '.'],
    ['its parent', '..'],
    ['.metadata', '.metadata'],
    ['a shard', '__0_0.distcp'],
  ])('%s: final at once, and named', async (_what, name) => {
    const path = await copyFixture('core-0.16');
    // The folders of a test are its user's alone.
    for (let above = dirname(path); above !== tmpdir(); above = dirname(above)) await chmod(above, 0o755);
    await setSaveTimes(path);
    const closed = join(path, name);
    await chmod(closed, 0o000);
    const { outcome, message } = await unprivileged(() => twice(path));
    await chmod(closed, 0o755);
    expect(outcome).toBe('CheckpointUnreadable');
    expect(message).toContain(`${name === '..' ? path : closed} may not be read by the user of the worker (uid`);
  });

  test('a link that leads back to itself: final at once', async () => {
    const path = join(await temporaryDirectory(), 'iter_0000001');
    await symlink(path, path);
    const { outcome, message } = await attempt(path);
    expect(outcome).toBe('CheckpointUnreadable');
    expect(message).toContain(`${path} is a link that leads back to itself.`);
  });
});

describe('something else than an iteration', () => {
  test('the folder of the run: its iterations and tracker are named', async () => {
    const path = dirname(await copyFixture('core-0.16'));
    const { outcome, message } = await attempt(path);
    expect(outcome).toBe('CheckpointUnsupported');
    expect(message).toContain(join(path, 'iter_0000120'));
    expect(message).toContain('tracker names iteration 120');
  });

  test.each([
    ['zarr', { 'metadata.json': '{"sharded_backend": "zarr", "sharded_backend_version": 1}' }, '"zarr"'],
    [
      'fsdp_dtensor',
      { '.metadata': 'x', 'run_config.yaml': 'checkpoint: {ckpt_format: fsdp_dtensor}\nmodel: {}' },
      'fsdp_dtensor',
    ],
    ['legacy torch', { 'mp_rank_00/model_optim_rng.pt': 'x' }, 'mp_rank_'],
    ['metadata for each rank', { '__0.metadata': 'x', '__0_0.distcp': 'x' }, 'without collectives'],
    ['a Hugging Face checkpoint', { 'config.json': '{}', 'model.safetensors': 'x' }, 'Hugging Face'],
  ])('%s', async (_, files, part) => {
    const { outcome, message } = await attempt(await directory(files));
    expect(outcome).toBe('CheckpointUnsupported');
    expect(message).toContain(part);
  });

  test('pipes under the names of a checkpoint are not waited for', async () => {
    const path = await directory({});
    await execa('sh', ['-c', 'mkfifo .metadata metadata.json'], { cwd: path });
    expect((await attempt(path)).outcome).toBe('CheckpointUnsupported');
  });

  test('nor is one under the name of common.pt', async () => {
    const path = await copyFixture('core-0.16');
    await rm(join(path, 'common.pt'));
    await execa('mkfifo', [join(path, 'common.pt')]);
    expect((await twice(path)).message).toContain('common.pt is not a regular file');
  });

  test('a file', async () => {
    const path = await copyFixture('core-0.16');
    expect((await attempt(join(path, '.metadata'))).outcome).toBe('CheckpointUnsupported');
  });

  test('a hostile .metadata is final once nothing changes, and named', async () => {
    const path = await directory({});
    await writeFile(join(path, '.metadata'), '\x80\x02cos\nsystem\n.', 'latin1');
    // It may be half of something else that is being written.
    expect((await attempt(path)).outcome).toBe('CheckpointIncomplete');
    await setSaveTimes(path);
    const { outcome, message } = await twice(path);
    expect(outcome).toBe('CheckpointUnsupported');
    expect(message).toContain('os.system');
  });

  test('an asynchronous save that has only written modelopt_state/ and hf/ so far', async () => {
    const path = await directory({
      'modelopt_state/.metadata': 'x',
      'hf/config.json': '{}',
      'hf/model.safetensors': 'x',
    });
    expect((await twice(path)).outcome).toBe('CheckpointIncomplete');
  });
});

describe('allowed_roots', () => {
  test('links are resolved before the test', async () => {
    const path = await copyFixture('core-0.19');
    const inside = await temporaryDirectory();
    await symlink(path, join(inside, 'iter_0000500'));
    expect((await attempt(path, null, { allowedRoots: [dirname(path)] })).outcome).toBe('complete');
    expect((await attempt(join(inside, 'iter_0000500'), null, { allowedRoots: [inside] })).outcome).toBe(
      'PolicyRefused',
    );
    expect((await attempt(`${inside}/../../etc/iter_0000001`, null, { allowedRoots: [inside] })).outcome).toBe(
      'PolicyRefused',
    );
    expect((await attempt(path, null, { allowedRoots: [`${dirname(path)}x`] })).outcome).toBe('PolicyRefused');
  });
});

describe('links inside the checkpoint', () => {
  test('may not lead out of allowed_roots, and nothing of what they name is quoted', async () => {
    const path = await copyFixture('core-0.19');
    const secret = join(await temporaryDirectory(), 'secret');
    await writeFile(secret, 'root:x:0:0');
    await rm(join(path, 'metadata.json'));
    await symlink(secret, join(path, 'metadata.json'));
    const refused = await attempt(path, null, { allowedRoots: [dirname(path)] });
    expect(refused.outcome).toBe('PolicyRefused');
    const allowed = await twice(path);
    for (const { message } of [refused, allowed]) {
      expect(message).toContain('metadata.json');
      expect(message).not.toContain('root:x');
    }
  });
});

describe('two looks', () => {
  test('a fresh checkpoint needs two attempts; the items are read once', async () => {
    const path = await copyFixture('core-0.19');
    const fresh = join(path, 'metadata.json');
    await writeFile(fresh, await readFile(fresh));
    const first = await attempt(path);
    expect(first.outcome).toBe('CheckpointIncomplete');
    expect(first.message).toContain('second look');
    expect(JSON.stringify(first.heartbeat).length).toBeLessThan(1000);
    expect((await attempt(path, first)).outcome).toBe('complete');
  });

  test('a change between them starts the count again', async () => {
    const path = await copyFixture('core-0.19');
    await writeFile(join(path, 'note'), 'x');
    const first = await attempt(path);
    await writeFile(join(path, 'note'), 'longer');
    const second = await attempt(path, first);
    expect(second.outcome).toBe('CheckpointIncomplete');
    expect((await attempt(path, second)).outcome).toBe('complete');
  });

  test('details of another kind are ignored', async () => {
    const path = await copyFixture('core-0.19');
    await rm(join(path, 'train_state.pt'));
    const strange = { heartbeat: { phase: 'convert', carry: { completeness: { digest: 7 } } } };
    const first = await attempt(path, { ...(await attempt(path)), ...strange });
    expect(first.outcome).toBe('CheckpointIncomplete');
  });
});
