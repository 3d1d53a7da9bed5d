import { createHash } from 'node:crypto';
import { expect, test } from 'vitest';
import { filesDigest, parseManifest, serializeManifest } from '../../src/publish/manifest.ts';
import { manifestOf } from '../support/publish-staging.ts';

const FILES = [
  { name: 'b', bytes: 2, sha256: '22' },
  { name: 'a', bytes: 1, sha256: '11' },
];

test('the digest of an export is that of its files by name, size and content, whatever their order', () => {
  const expected = createHash('sha256').update('[["a",1,"11"],["b",2,"22"]]').digest('hex');
  expect(filesDigest(FILES)).toBe(expected);
  expect(filesDigest(FILES.toReversed())).toBe(expected);
  expect(filesDigest([{ name: 'a', bytes: 1, sha256: '12' }])).not.toBe(filesDigest(FILES.slice(1)));
});

test.each([
  ['none', undefined],
  ['names and paths only', { checkpoint_megatron: '/run/iter_0000001', checkpoint_hf: '/out/hf' }],
  [
    'types, paths and digests',
    {
      consumes: [{ type: 'checkpoint_megatron', path: '/run/iter_0000001', digest: 'ab', shards_digest: 'cd' }],
      produces: [{ type: 'checkpoint_hf', path: '/out/hf', digest: 'ef' }],
    },
  ],
])('a manifest is read with its artifacts as they were written: %s', (_, artifacts) => {
  const text = serializeManifest({ ...manifestOf('/out/hf'), artifacts });
  expect(parseManifest(text)?.artifacts).toEqual(artifacts);
});

test('artifacts of another shape are no manifest', () => {
  const text = JSON.stringify({ ...manifestOf('/out/hf'), artifacts: { consumes: 'x' } });
  expect(parseManifest(text)).toBeNull();
});

test.each(['../precious', '/etc/passwd', 'a/../../b', '', 'a//b'])(
  'a file that is not below its export is no file of it: %o',
  (name) => {
    const text = JSON.stringify({ ...manifestOf('/out/hf'), files: [{ name, bytes: 1, sha256: '11' }] });
    expect(parseManifest(text)).toBeNull();
  },
);
