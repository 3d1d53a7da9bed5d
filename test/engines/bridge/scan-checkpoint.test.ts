import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { readCheckpoint } from '../../../src/checkpoint/read-checkpoint.ts';
import { readRunConfigTargets } from '../../../src/checkpoint/run-config-targets.ts';
import { refuseTarget } from '../../../src/engines/bridge/allowed-targets.ts';
import { scanCheckpoint } from '../../../src/engines/bridge/scan-checkpoint.ts';
import { makeFolder } from '../../config/config-folder.ts';
import { archiveOf } from '../../support/checkpoint-zip.ts';
import { copyIteration, iterationOf, temporaryDirectory } from '../../support/rank-conversion.ts';

describe('names that may be instantiated', () => {
  it.each([
    'megatron.bridge.training.config.ConfigContainer',
    'megatron.bridge.models.gpt_provider.GPTModelProvider',
    'megatron.core.optimizer.optimizer_config.OptimizerConfig',
    'megatron.core.transformer.enums.AttnBackend',
    'megatron.bridge.training.config.CheckpointConfig',
    'megatron.core.models.gpt.gpt_layer_specs.get_gpt_layer_with_transformer_engine_spec',
    'megatron.core.activations.squared_relu',
    'megatron.core.utils.init_method_normal.<locals>.<lambda>',
    'megatron.bridge.models.gemma.modeling_gemma4._gemma4_block_spec',
    'torch.bfloat16',
    'torch.float8_e4m3fn',
    'torch.nn.functional.silu',
    'torch._C._nn.gelu',
    'transformers.generation.configuration_utils.GenerationConfig.from_dict',
    'signal.Signals',
  ])('%s', (name) => {
    expect(refuseTarget(name, [])).toBeNull();
  });

  it.each([
    ['os.system', 'outside Megatron'],
    ['builtins.eval', 'outside Megatron'],
    ['subprocess.Popen', 'outside Megatron'],
    ['torch.load', 'outside Megatron'],
    ['torch.hub.load', 'outside Megatron'],
    ['transformers.AutoModel.from_pretrained', 'outside Megatron'],
    ['megatronx.core.A', 'outside Megatron'],
    ['megatron.core.utils.os.system', 'os leads out'],
    ['megatron.core.utils.subprocess.Popen', 'subprocess leads out'],
    ['megatron.bridge.models.conversion.auto_bridge.AutoBridge.from_hf_pretrained', 'auto_bridge leads out'],
    ['megatron.bridge.utils.instantiate_utils.register_allowed_target_prefix', 'instantiate_utils leads out'],
    ['megatron.core.dist_checkpointing.torch.load', 'torch leads out'],
    ['megatron.bridge.training.config.ConfigContainer.from_yaml', 'from_yaml reads'],
    ['megatron.bridge.models.gpt_provider.GPTModelProvider.from_hf_pretrained', 'from_hf_pretrained reads'],
    ['megatron.core.dist_checkpointing.load_common_state_dict', 'load_common_state_dict reads'],
    ['megatron.core.__loader__.load_module', 'no part of a name'],
    ['megatron.core..x', 'no part of a name'],
    ['', 'outside Megatron'],
  ])('not %s', (name, why) => {
    expect(refuseTarget(name, [])).toContain(why);
  });

  it("those of the operator's own modules, and of no others", () => {
    expect(refuseTarget('my_models.provider.Provider', ['my_models.'])).toBeNull();
    expect(refuseTarget('my_models_too.Provider', ['my_models'])).not.toBeNull();
  });
});

const read = async (text: string) => readRunConfigTargets(await makeFolder({ 'run_config.yaml': text }));

describe('run_config.yaml', () => {
  it('gives every _target_, wherever it hides', async () => {
    const text = [
      '_target_: a.A',
      'model: {_target_: b.B, list: [{"\\x5ftarget_": c.C}]}',
      'base: &anchor {_target_: d.D}',
      'twice: {_target_: e.E, _target_: f.F}',
      'merged: {<<: *anchor}',
    ].join('\n');
    expect(await read(text)).toEqual({ targets: ['a.A', 'b.B', 'c.C', 'd.D', 'e.E', 'f.F'], hidden: [] });
  });

  it('tells of what it cannot judge', async () => {
    const found = await read('a: {_target_: [os, system]}\nb: "${oc.create:{_target_: os.system}}"\n? [x]\n: 1\n');
    expect(found?.targets).toEqual([]);
    expect(found?.hidden).toEqual([
      'a _target_ that is no plain text',
      'a key that is no plain text',
      'text that another reader could take for a _target_',
      expect.stringContaining('the interpolation'),
    ]);
  });

  it('gives the name of a builder, and knows no other word that a loader might call by', async () => {
    const found = await read('model: {_target_: a.A, _builder_: os.system, _call_: true, _load_: x}\n');
    expect(found).toEqual({ targets: ['a.A', 'os.system'], hidden: ['the key "_load_"'] });
  });

  // Each of them is a mapping with `_target_: os.system` for PyYAML 6, and has no such key in YAML 1.2.
  it.each([
    'm: {?_target_: os.system, a: 1}\n',
    'm: {a: 1, ?"\\x5ftarget_": os.system}\n',
    'm: {a: 1, ?"_tar\\\n  get_": os.system}\n',
    'a: 1 # x\u2028_target_: os.system\n',
    'a: 1 # x\u0085_target_: os.system\n',
    'a: 1 # x\u2029"\\u005ftarget_": os.system\n',
  ])('tells of a key that only PyYAML sees: %j', async (text) => {
    expect(await read(text)).toEqual({ targets: [], hidden: ['text that another reader could take for a _target_'] });
  });

  it('tells of an interpolation that only PyYAML sees, and leaves longer words alone', async () => {
    expect((await read('a: 1 # x\u2028b: ${oc.env:HOME}\n'))?.hidden).toHaveLength(1);
    expect(await read('lora_target_modules: [q]\na: "\\n \\x41"\n')).toEqual({ targets: [], hidden: [] });
  });

  it('must be a mapping', async () => {
    await expect(read('- a\n')).rejects.toThrow('it is no mapping');
    await expect(read('a: [\n')).rejects.toThrow('cannot be read');
  });
});

/** A string of a pickle, shorter than 256 characters. */
const text = (value: string): string => `X${String.fromCharCode(value.length)}\0\0\0${value}`;

/** What `torch.save` writes of an object without tensors. */
function torchFile(pickle: string): Buffer {
  return archiveOf([{ name: 'archive/data.pkl', data: Buffer.from(`\x80\x02${pickle}.`, 'latin1') }]);
}

describe('a checkpoint', () => {
  it('of the fixtures has nothing to refuse', async () => {
    for (const fixture of ['llama-trained', 'core-0.19'] as const) {
      expect(await scanCheckpoint(await readCheckpoint(await iterationOf(fixture)), [])).toEqual([]);
    }
  });

  it('is refused for a state of ModelOpt that holds more than data, and for iterations inside it', async () => {
    const path = await copyIteration('llama-trained', await temporaryDirectory());
    await mkdir(join(path, 'modelopt_state'));
    await writeFile(join(path, 'modelopt_state/common.pt'), torchFile(`}${text('modelopt_state_dict')}]s`));
    expect(await scanCheckpoint(await readCheckpoint(path), [])).toEqual([]);
    await writeFile(join(path, 'modelopt_state/common.pt'), torchFile(`cposix\nsystem\n${text('true')}\x85R`));
    await mkdir(join(path, 'iter_0000009'));
    expect(await scanCheckpoint(await readCheckpoint(path), [])).toEqual([
      expect.stringMatching(/modelopt_state\/common.pt is not loaded .* "posix.system"/),
      expect.stringContaining('holds iter_0000009'),
    ]);
  });

  it('of Megatron-LM is refused for a spec that leads elsewhere, and for code of its tokenizer', async () => {
    const path = await copyIteration('llama-trained', await temporaryDirectory());
    const spec = `${text('spec')}]${text('os')}a${text('system')}as`;
    const options = `${text('hf_tokenizer_kwargs')}}${text('trust_remote_code')}\x88ss`;
    const args = `}${text('args')}cargparse\nNamespace\n)\x81}${spec}${options}bs`;
    await writeFile(join(path, 'common.pt'), torchFile(args));
    const problems = await scanCheckpoint(await readCheckpoint(path), []);
    expect(problems).toEqual([
      expect.stringContaining('name the spec "os.system" (it lies outside Megatron)'),
      expect.stringContaining('set trust_remote_code'),
    ]);
  });

  it('that names something else is refused by name', async () => {
    const path = await copyIteration('core-0.19', await temporaryDirectory());
    await writeFile(
      join(path, 'run_config.yaml'),
      'model:\n  _target_: my_models.Provider\n  act: {_target_: os.system}\n',
    );
    const checkpoint = await readCheckpoint(path);
    const problems = await scanCheckpoint(checkpoint, ['my_models']);
    expect(problems).toHaveLength(1);
    expect(problems[0]).toContain('names the _target_ "os.system" (it lies outside Megatron)');
    expect(await scanCheckpoint(checkpoint, [])).toHaveLength(2);
  });
});
