// The trained fixture through engine bridge and the real Megatron-Bridge, without a GPU: docs/bridge.md says what to install where.
//   node scripts/real-bridge.ts FOLDER_WITH_MEGATRON_BRIDGE [CONVERTER_SCRIPT]
import { cp, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import { runPipeline } from '../src/engines/run-pipeline.ts';
import { bridgeInput, bridgePolicy, bridgeSurroundings } from '../test/support/bridge-worker.ts';
import { copyIteration, digestTensors, expectedOf } from '../test/support/rank-conversion.ts';

const SUPPORT = join(import.meta.dirname, '../test/support/real-bridge');

async function run(packages: string, script: string | null): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), 'real-bridge-'));
  try {
    const megatron_path = await copyIteration('llama-trained', folder);
    await cp(join(SUPPORT, 'run_config.yaml'), join(megatron_path, 'run_config.yaml'));
    const hf_path = join(folder, 'hf');
    const launch = script === null ? { distributed: false } : { torchrun: { nproc_per_node: 2 }, tp: 'auto' as const };
    const input = await bridgeInput(hf_path, { megatron_path, max_shard_size: '2MB', ...launch });
    const environment = { PYTHONPATH: [SUPPORT, packages].join(':') };
    const { engine, ranks, files, tensors, validation } = await runPipeline(
      input,
      bridgeSurroundings(bridgePolicy({ script, environment })),
    );
    const equal = isDeepStrictEqual(await digestTensors(hf_path), (await expectedOf('llama-trained')).tensors);
    console.log(`engine ${engine}, ${ranks} rank(s), ${files} files, ${tensors} tensors, ${validation}`);
    console.log(equal ? 'every tensor has the bytes of engine stream' : 'TENSORS DIFFER');
    if (!equal) process.exitCode = 1;
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

const [packages, script] = process.argv.slice(2);
if (packages === undefined)
  throw new Error('usage: node scripts/real-bridge.ts FOLDER_WITH_MEGATRON_BRIDGE [CONVERTER_SCRIPT]');
await run(resolve(packages), script === undefined ? null : resolve(script));
