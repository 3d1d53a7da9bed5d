// Checkpoints without data, from a config alone: the keys, shapes and chunks that Megatron would write for it.
import type { Checkpoint, Chunk, DType, TensorEntry } from '../../src/checkpoint/types.ts';
import type { Family, ModelConfig } from '../../src/models/types.ts';

export interface MetadataOptions {
  readonly dtype?: DType;
  /** Extra rows of embedding and output layer. */
  readonly padding?: number;
  /** Chunks along axis 0 of each matrix. */
  readonly tp?: number;
  readonly files?: number;
}

export function makeMetadata(family: Family, config: ModelConfig, options: MetadataOptions = {}): Checkpoint {
  const { dtype = 'BF16', padding = 0, tp = 1, files = 1 } = options;
  const dimensions = family.dimensions(config);
  const expected = family.expected(dimensions, config);
  const tensors = new Map<string, TensorEntry>();
  const sizes = new Map<string, number>();
  const taken = new Set<string>();
  for (const rule of family.rules) {
    const from = rule.from.find((spelling) => typeof spelling === 'string') ?? '';
    const targets = rule.to.map((to) => to.replace('*', '0'));
    if (targets.some((name) => taken.has(name) || !expected.has(name))) continue;
    for (const name of targets) taken.add(name);
    const shapes = targets.map((name) => expected.get(name) ?? []);
    const rows = shapes.reduce((sum, [count = 0]) => sum + count, rule.transform === 'vocabulary' ? padding : 0);
    const rest = shapes[0]?.slice(1) ?? [];
    const stacked = from.includes('.*.');
    const key = from.replace('.*.', '.');
    const shape = [...(stacked ? [dimensions.layers] : []), rows, ...rest];
    const chunks: Chunk[] = [];
    for (let layer = 0; layer < (stacked ? dimensions.layers : 1); layer += 1) {
      for (let rank = 0; rank < (rest.length === 0 ? 1 : tp); rank += 1) {
        const begin = Math.floor((rows * rank) / tp);
        const end = rest.length === 0 ? rows : Math.floor((rows * (rank + 1)) / tp);
        const file = `__${chunks.length % files}_0.distcp`;
        const offset = sizes.get(file) ?? 0;
        const length = 2048 + 2 * (end - begin) * (rest[0] ?? 1);
        sizes.set(file, offset + length);
        const front = stacked ? [layer] : [];
        chunks.push({
          file,
          offset,
          length,
          offsets: [...front, begin, ...rest.map(() => 0)],
          sizes: [...front.map(() => 1), end - begin, ...rest],
        });
      }
    }
    tensors.set(key, { key, dtype, shape, chunks });
  }
  return {
    path: '/checkpoints/iter_0000001',
    iteration: 1,
    metadataDigest: 'b'.repeat(64),
    tensors,
    objects: new Map(),
    files: sizes,
  };
}
