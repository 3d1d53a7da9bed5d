// A worker that offers engine bridge with the stand-in converter, and references for it.
import { cp, mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { BridgePolicy } from '../../src/contract/bridge.ts';
import type { ConversionInput } from '../../src/contract/input.ts';
import type { CompletenessResult } from '../../src/contract/results.ts';
import type { Surroundings } from '../../src/contract/surroundings.ts';
import { digestShardsNow } from '../../src/checkpoint/completeness/digest-shards.ts';
import { readCheckpoint } from '../../src/checkpoint/read-checkpoint.ts';
import { expectedOf, inputFor, PYTHON, surroundingsFor } from './rank-conversion.ts';

const STAND_IN = join(import.meta.dirname, 'bridge-stand-in');
export const SCRIPTS = {
  examples: join(STAND_IN, 'converter/examples/conversion/convert_checkpoints_multi_gpu.py'),
  scripts: join(STAND_IN, 'converter/scripts/conversion/run_conversion.py'),
} as const;

/** @param mode how the stand-in misbehaves (bridge-stand-in/site/stand_in.py) */
export function bridgePolicy(changes: Partial<BridgePolicy> = {}, mode = ''): BridgePolicy {
  return {
    script: SCRIPTS.examples,
    python: [PYTHON],
    extraArgs: [],
    environment: { PYTHONPATH: join(STAND_IN, 'site'), STAND_IN: mode },
    allowedTargets: [],
    ...changes,
  };
}

export function bridgeSurroundings(bridge: BridgePolicy | null, changes: Partial<Surroundings> = {}): Surroundings {
  const { policy, ...rest } = surroundingsFor(changes);
  return { ...rest, policy: { ...policy, bridge } };
}

/** The trained Llama on engine bridge with one rank, which needs no torchrun. */
export function bridgeInput(target: string, request: Parameters<typeof inputFor>[2] = {}): Promise<ConversionInput> {
  return inputFor('llama-trained', target, {
    engine: 'bridge',
    torchrun: { nproc_per_node: 1 },
    max_shard_size: '3MB',
    ...request,
  });
}

/** A reference whose architecture no table knows; of its weights there is the index alone. */
export async function unknownReference(directory: string, changes: Record<string, unknown> = {}): Promise<string> {
  const input = await inputFor('llama-trained', directory);
  const folder = join(directory, 'unknown-reference');
  await mkdir(folder, { recursive: true });
  await cp(input.hf_model_id, folder, { recursive: true });
  const { default: config } = (await import(join(input.hf_model_id, 'config.json'), { with: { type: 'json' } })) as {
    default: Record<string, unknown>;
  };
  const text = JSON.stringify({ ...config, architectures: ['HomegrownForCausalLM'], ...changes });
  await writeFile(join(folder, 'config.json'), text);
  const names = Object.keys((await expectedOf('llama-trained')).tensors);
  const half = Math.ceil(names.length / 2);
  const file = (index: number): string => `model-0000${index < half ? 1 : 2}-of-00002.safetensors`;
  const weight_map = Object.fromEntries(names.map((name, index) => [name, file(index)]));
  await writeFile(join(folder, 'model.safetensors.index.json'), JSON.stringify({ metadata: {}, weight_map }));
  return folder;
}

export async function completenessOf(
  path: string,
): Promise<Pick<CompletenessResult, 'metadata_digest' | 'shards_digest'>> {
  const checkpoint = await readCheckpoint(path);
  return { metadata_digest: checkpoint.metadataDigest, shards_digest: await digestShardsNow(checkpoint) };
}
