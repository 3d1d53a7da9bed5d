import { rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { BridgePolicy } from '../../../src/contract/bridge.ts';
import { ConversionError } from '../../../src/contract/failures.ts';
import type { ConversionRequest } from '../../../src/contract/index.ts';
import type { PreflightResult } from '../../../src/contract/results.ts';
import { validateParallelism } from '../../../src/engines/preflight.ts';
import {
  bridgeInput,
  bridgePolicy,
  bridgeSurroundings,
  completenessOf,
  SCRIPTS,
  unknownReference,
} from '../../support/bridge-worker.ts';
import { copyIteration, temporaryDirectory } from '../../support/rank-conversion.ts';

let directory: string;
beforeAll(async () => {
  directory = await temporaryDirectory();
});
afterAll(async () => {
  await rm(directory, { recursive: true, force: true });
});

async function preflight(
  request: Partial<ConversionRequest> = {},
  bridge: BridgePolicy | null = bridgePolicy(),
): Promise<PreflightResult> {
  const input = await bridgeInput(join(directory, 'hf'), request);
  return validateParallelism(input, await completenessOf(input.megatron_path), bridgeSurroundings(bridge));
}

async function failure(...args: Parameters<typeof preflight>): Promise<ConversionError> {
  const error: unknown = await preflight(...args).catch((reason: unknown) => reason);
  expect(error).toBeInstanceOf(ConversionError);
  return error as ConversionError;
}

describe('the layout', () => {
  it('must split the model over several ranks, in the words of the step', async () => {
    const error = await failure({ torchrun: { nproc_per_node: 2 }, tp: 1, pp: 1, ep: 1, etp: 1 });
    expect(error.type).toBe('LayoutInvalid');
    expect(error.message).toContain(
      'distributed=true is launching multiple ranks, but no model or expert parallelism was configured. ' +
        'Set at least one of tp, pp, cp, ep, or etp above 1',
    );
  });

  it('fails by a default too: all problems at once', async () => {
    const error = await failure({ torchrun: { nproc_per_node: 6 }, tp: 4, ep: 8, defaulted: ['tp', 'ep'] });
    expect(error.message).toContain('distributed conversion world size (6) must be divisible by tp*pp*cp (4).');
    expect(error.message).toContain('distributed conversion world size (6) must be divisible by etp*ep*pp (8)');
    expect(error.message).not.toContain('engine stream needs no layout');
  });

  it('may be auto', async () => {
    const { notes, ranks } = await preflight({ torchrun: { nproc_per_node: 2 }, tp: 'auto' });
    expect(ranks).toBe(2);
    expect(notes.join('\n')).toContain('tp=2 (auto) for 2 ranks');
  });
});

describe('the converter', () => {
  it('must be there, unless one process is enough', async () => {
    const bridge = bridgePolicy({ script: '/nowhere/convert.py' });
    const error = await failure({}, bridge);
    expect(error.type).toBe('ModelUnsupported');
    expect(error.message).toContain('Distributed conversion script not found: /nowhere/convert.py.');
    expect((await preflight({ distributed: false }, bridge)).ranks).toBe(1);
  });

  it('must know what is asked of it', async () => {
    const error = await failure({ distributed_timeout_minutes: 30 });
    expect(error.message).toContain('has no --distributed-timeout-minutes');
    const newer = await failure({}, bridgePolicy({ script: SCRIPTS.scripts }));
    expect(newer.message).toContain('has no run_config.yaml');
  });

  it('is refused where the worker does not offer it', async () => {
    expect((await failure({}, null)).type).toBe('PolicyRefused');
    const error = await failure({ engine: 'auto', hf_model_id: await unknownReference(directory) }, null);
    expect(error.type).toBe('ModelUnsupported');
  });

  it('never sees a checkpoint that would have it run something else', async () => {
    const path = await copyIteration('llama-trained', join(directory, 'hostile'));
    await writeFile(join(path, 'run_config.yaml'), 'model:\n  _target_: subprocess.call\n  args: [touch, /tmp/x]\n');
    const error = await failure({ megatron_path: path });
    expect(error.type).toBe('PolicyRefused');
    expect(error.message).toContain('"subprocess.call"');
  });
});

const digest = async (request: Partial<ConversionRequest>, bridge = bridgePolicy()) =>
  (await preflight(request, bridge)).byte_digest;

describe('a model that no table knows', () => {
  it('needs the names of its tensors', async () => {
    const reference = await unknownReference(directory);
    await rm(join(reference, 'model.safetensors.index.json'));
    const error = await failure({ engine: 'auto', hf_model_id: reference });
    expect(error.type).toBe('ReferenceUnavailable');
    expect(error.message).toContain('nobody could tell whether the export is whole');
  });

  it('is planned by them: the files of the reference, figures of the checkpoint', async () => {
    const hf_model_id = await unknownReference(directory);
    const result = await preflight({ engine: 'auto', hf_model_id });
    expect(result).toMatchObject({ engine: 'bridge', architecture: 'HomegrownForCausalLM', tensors: 39, files: 2 });
    expect(result.parameters).toBe(2_342_592);
    expect(result.bytes).toBe(2 * 2_342_592);
    expect((await preflight({ engine: 'auto', hf_model_id, dtype: 'float32' })).bytes).toBe(4 * 2_342_592);
    expect(result.warnings.join('\n')).toContain('1 ranks take a GPU each, and this worker has 0');
  });

  it('the digest is that of what decides the bytes', async () => {
    const usual = await digest({});
    expect(
      await digest({ smoke: { enabled: false }, show_progress: false, verify: 'readback', distributed_save: false }),
    ).toBe(usual);
    expect(await digest({ dtype: 'float32' })).not.toBe(usual);
    expect(await digest({}, bridgePolicy({ extraArgs: ['--x'] }))).not.toBe(usual);
    // The converter builds the model from it.
    const megatron_path = await copyIteration('llama-trained', join(directory, 'recorded'));
    const before = await digest({ megatron_path });
    await writeFile(join(megatron_path, 'run_config.yaml'), 'model: {rotary_base: 10000}\n');
    const between = await digest({ megatron_path });
    await writeFile(join(megatron_path, 'run_config.yaml'), 'model: {rotary_base: 20000}\n');
    expect(new Set([before, between, await digest({ megatron_path })]).size).toBe(3);
  });
});
