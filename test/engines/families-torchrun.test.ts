// The ranks of the family fixtures are forked, to save their start-up. Here four come from torchrun, with tensor, pipeline, expert and
// expert tensor parallelism at once, and give the same bytes.
import { mkdir, mkdtemp, realpath, rm, symlink } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { execa } from 'execa';
import { expect, it, onTestFinished } from 'vitest';
import { readCheckpoint } from '../../src/checkpoint/read-checkpoint.ts';
import { expectSameTensors, exportLayout } from '../support/family-export.ts';
import { familyFixture } from '../support/family-fixtures.ts';

const ROOT = join(import.meta.dirname, '../..');
/** Milliseconds; four imports of torch and megatron-core share the cores. */
const LIMIT = 900_000;

it(
  'what torchrun saved at TP 2, PP 2, EP 2 and at EP 2, ETP 2 has the bytes of the original',
  { timeout: LIMIT },
  async () => {
    const fixture = await familyFixture('qwen3-moe');
    const source = fixture.layouts.find(({ name }) => name === 'local-spec');
    if (!source) throw new Error('the real models load local-spec, and it is not there');
    const out = await realpath(await mkdtemp(join(tmpdir(), 'm2hf-torchrun-')));
    onTestFinished(() => rm(out, { recursive: true, force: true }));
    await mkdir(join(out, 'layouts'));
    await symlink(dirname(source.path), join(out, 'layouts/local-spec'));
    const sizes = [
      { tp: 2, pp: 2, ep: 2 },
      { ep: 2, etp: 2 },
    ];
    await execa(
      join(ROOT, '.venv/bin/torchrun'),
      [
        '--standalone',
        '--local-addr',
        '127.0.0.1',
        '--nproc-per-node',
        '4',
        join(ROOT, 'test/support/save_under_torchrun.py'),
      ].concat(['qwen_moe', 'qwen3-moe', out, JSON.stringify(sizes)]),
      { timeout: LIMIT, env: { HF_HUB_OFFLINE: '1', OMP_NUM_THREADS: '1', PYTHONDONTWRITEBYTECODE: '1' } },
    );
    for (const name of ['real-tp2-pp2-ep2', 'real-ep2-etp2']) {
      const layout = { name, path: join(out, 'layouts', name, 'iter_0000010') };
      // Four ranks have written, each its own part.
      const { files } = await readCheckpoint(layout.path, AbortSignal.timeout(LIMIT));
      expect(new Set([...files.keys()].map((file) => /^__(\d+)_/.exec(file)?.[1])).size, name).toBe(4);
      const { directory } = await exportLayout(fixture, layout);
      await expectSameTensors(directory, fixture.expected);
    }
  },
);
