// What changes the digest, and what does not (design 11.8).
import { expect, it } from 'vitest';
import { LLAMA } from '../../src/models/llama.ts';
import { makePlan, type PlanRequest } from '../../src/plan/make-plan.ts';
import { makeCheckpoint } from '../support/plan-checkpoint.ts';
import { configOf, makeHuggingFace, makeMegatron, SMALL } from '../support/plan-model.ts';

const { checkpoint } = makeCheckpoint(makeMegatron(SMALL, makeHuggingFace(SMALL)));
const STAMP = { size: '10', mtime: '1700000000000000000', inode: '42' };
const REQUEST: PlanRequest = {
  checkpoint,
  checkpointStat: new Map([['__0_0.distcp', STAMP]]),
  family: LLAMA,
  config: configOf(SMALL),
  input: { strict: true, dtype: 'source', max_shard_size: '5GB' },
};
const digest = (change: Partial<PlanRequest> = {}): string => makePlan({ ...REQUEST, ...change }).byteDigest;
const stamped = (change: Partial<typeof STAMP>): PlanRequest['checkpointStat'] =>
  new Map([['__0_0.distcp', { ...STAMP, ...change }]]);

it('is a sha256 that depends on nothing but its input', () => {
  expect(digest()).toMatch(/^[0-9a-f]{64}$/);
  expect(digest()).toBe(digest());
});

it('changes with the source files, the metadata, the dtype and the split', () => {
  const all = [
    digest(),
    digest({ checkpointStat: stamped({ size: '11' }) }),
    digest({ checkpointStat: stamped({ mtime: '1700000000000000001' }) }),
    digest({ checkpointStat: stamped({ inode: '43' }) }),
    digest({ checkpoint: { ...checkpoint, metadataDigest: 'c'.repeat(64) } }),
    digest({ input: { ...REQUEST.input, dtype: 'float16' } }),
    digest({ input: { ...REQUEST.input, max_shard_size: 1000 } }),
    digest({ config: configOf(SMALL, { vocab_size: 9 }) }),
  ];
  expect(new Set(all).size).toBe(all.length);
});

it('does not change with what decides no byte', () => {
  expect(
    digest({
      config: configOf(SMALL, { rope_theta: 5 }),
      input: { ...REQUEST.input, max_shard_size: '6GB', strict: false },
    }),
  ).toBe(digest());
  const other = new Map([...REQUEST.checkpointStat, ['__9_0.distcp', STAMP]]);
  expect(digest({ checkpointStat: other, checkpoint: { ...checkpoint, path: '/elsewhere/iter_0000001' } })).toBe(
    digest(),
  );
});
