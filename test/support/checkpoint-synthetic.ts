// A whole synthetic checkpoint of any number of items, written without torch.
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { OP } from '../../src/checkpoint/pickle/opcodes.ts';
import { call, globalOf, int, pickleOf, tensorValue, text, tuple, type Part } from './checkpoint-pickle.ts';
import { tensorArchive } from './checkpoint-zip.ts';

const METADATA = 'torch.distributed.checkpoint.metadata';
const size = (...sizes: readonly number[]): Part => call(globalOf('torch', 'Size'), tuple(...sizes.map(int)));
const dict = (...pairs: readonly (readonly [Part, Part])[]): Part => [
  OP.EMPTY_DICT,
  OP.MARK,
  ...pairs.flat(),
  OP.SETITEMS,
];
const list = (...items: readonly Part[]): Part => [OP.EMPTY_LIST, OP.MARK, ...items, OP.APPENDS];
const record = (module: string, name: string, state: Part): Part => [
  globalOf(module, name),
  OP.EMPTY_TUPLE,
  OP.NEWOBJ,
  state,
  OP.BUILD,
];
const fields = (values: Readonly<Record<string, Part>>): Part =>
  dict(...Object.entries(values).map(([key, value]) => [text(key), value] as const));

/** `tensors` float32 tensors of `rows` chunks [1, 8] each, dealt to `shards` files. */
export async function writeCheckpoint(path: string, tensors: number, rows: number, shards: number): Promise<void> {
  await mkdir(path, { recursive: true });
  const item = tensorArchive(
    pickleOf(tensorValue({ storage: 'FloatStorage', elements: 8, shape: [1, 8], strides: [8, 1] })),
    Buffer.alloc(32, 1),
    { zip64: true },
  );
  const counts = Array.from({ length: shards }, () => 0);
  const dtype = tuple(globalOf('torch', 'float32'), OP.NONE, OP.NEWFALSE, OP.NONE, OP.NEWFALSE);
  const entries: [Part, Part][] = [];
  const places: [Part, Part][] = [];
  for (let tensor = 0; tensor < tensors; tensor += 1) {
    const key = `decoder.layers.${tensor}.weight`;
    const chunks: Part[] = [];
    for (let row = 0; row < rows; row += 1) {
      const shard = row % shards;
      chunks.push(record(METADATA, 'ChunkStorageMetadata', fields({ offsets: size(row, 0), sizes: size(1, 8) })));
      const place = {
        relative_path: text(`__${shard}_0.distcp`),
        offset: int((counts[shard] ?? 0) * item.length),
        length: int(item.length),
      };
      places.push([
        record(METADATA, 'MetadataIndex', fields({ fqn: text(key), offset: size(row, 0), index: int(row) })),
        record('torch.distributed.checkpoint.filesystem', '_StorageInfo', fields(place)),
      ]);
      counts[shard] = (counts[shard] ?? 0) + 1;
    }
    const properties = record(METADATA, 'TensorProperties', dtype);
    const state = fields({ properties, size: size(rows, 8), chunks: list(...chunks) });
    entries.push([text(key), record(METADATA, 'TensorStorageMetadata', state)]);
  }
  for (const [shard, count] of counts.entries()) {
    await writeFile(join(path, `__${shard}_0.distcp`), Buffer.alloc(count * item.length, item));
  }
  const root = fields({ state_dict_metadata: dict(...entries), planner_data: OP.NONE, storage_data: dict(...places) });
  await writeFile(join(path, '.metadata'), pickleOf(record(METADATA, 'Metadata', root)));
  await writeFile(join(path, 'metadata.json'), '{"sharded_backend": "torch_dist", "sharded_backend_version": 1}');
}
