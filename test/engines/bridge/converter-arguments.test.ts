import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { COMMAND_LINES } from '../../../src/engines/bridge/command-lines.ts';
import { converterArguments, type ConverterOptions } from '../../../src/engines/bridge/converter-arguments.ts';
import { findConverter } from '../../../src/engines/bridge/find-converter.ts';
import { makeFolder } from '../../config/config-folder.ts';
import { SCRIPTS } from '../../support/bridge-worker.ts';

const PATHS = { reference: '/r', checkpoint: '/c/iter_0000001', output: '/o' };
const OPTIONS: ConverterOptions = {
  generation: 'examples',
  layout: { tp: 1, pp: 1, ep: 8, etp: 1 },
  torchDtype: 'bfloat16',
  trustRemoteCode: false,
  input: {
    strict: true,
    show_progress: true,
    distributed_save: true,
    save_every_n_ranks: 1,
    distributed_timeout_minutes: null,
  },
  extraArgs: [],
};
const line = (changes: Partial<ConverterOptions>, input: Partial<ConverterOptions['input']> = {}): string =>
  converterArguments({ ...OPTIONS, ...changes, input: { ...OPTIONS.input, ...input } }, PATHS).join(' ');

describe('the arguments', () => {
  it('of the older generation are those of the Nemotron step', () => {
    expect(line({})).toBe(
      'export --hf-model /r --megatron-path /c/iter_0000001 --hf-path /o --tp 1 --pp 1 --ep 8 --etp 1 --torch-dtype bfloat16 ' +
        '--distributed-save --save-every-n-ranks 1',
    );
    const all = { strict: false, show_progress: false, save_every_n_ranks: 4, distributed_timeout_minutes: 90 };
    expect(line({ trustRemoteCode: true, extraArgs: ['--x', 'y'] }, all)).toBe(
      'export --hf-model /r --megatron-path /c/iter_0000001 --hf-path /o --tp 1 --pp 1 --ep 8 --etp 1 --torch-dtype bfloat16 ' +
        '--trust-remote-code --no-progress --not-strict --distributed-timeout-minutes 90 --distributed-save --save-every-n-ranks 4 --x y',
    );
    expect(line({}, { distributed_save: false })).not.toContain('save');
  });

  it('of the newer generation name the device, and switch off what is on by default', () => {
    expect(line({ generation: 'scripts' })).toContain('export --device gpu --hf-model /r');
    expect(line({ generation: 'scripts' }, { distributed_save: false })).toMatch(/--no-distributed-save$/);
  });

  it('of the helper have no layout and nothing of the operator', () => {
    expect(line({ generation: 'helper', extraArgs: ['--x'] }, { strict: false })).toBe(
      '--hf-model /r --megatron-path /c/iter_0000001 --hf-path /o --torch-dtype bfloat16 --not-strict',
    );
  });

  it.each(['examples', 'scripts', 'helper'] as const)('of %s are on its recorded command line', (generation) => {
    const { valued, flags } = COMMAND_LINES[generation];
    const words = ['strict', 'loose'].flatMap((kind) =>
      line(
        { generation, trustRemoteCode: true },
        {
          strict: kind === 'strict',
          show_progress: false,
          distributed_save: kind === 'strict',
          distributed_timeout_minutes: 3,
        },
      ).split(' '),
    );
    const options = [...new Set(words.filter((word) => word.startsWith('--')))];
    expect(options.filter((option) => !valued.includes(option) && !flags.includes(option))).toEqual([]);
  });
});

describe('the recorded command lines', () => {
  it.each(['examples', 'scripts'] as const)('are those of the stand-in (%s)', async (generation) => {
    const text = await readFile(SCRIPTS[generation], 'utf8');
    const { valued, flags, sometimes } = COMMAND_LINES[generation];
    const common = /^--(?:tp|pp|ep|etp)$|^--no-distributed-save$/;
    const options = [...valued, ...flags].filter((option) => !common.test(option) && !sometimes.includes(option));
    expect(options.filter((option) => !text.includes(`"${option}"`))).toEqual([]);
  });
});

describe('findConverter', () => {
  it('tells the generation by the name, and what this very script lacks', async () => {
    expect(await findConverter({ script: SCRIPTS.scripts }, true)).toMatchObject({
      generation: 'scripts',
      lacking: [],
    });
    expect(await findConverter({ script: SCRIPTS.examples }, true)).toMatchObject({
      generation: 'examples',
      lacking: ['--distributed-timeout-minutes'],
    });
    const folder = await makeFolder({});
    const newer = join(folder, 'convert_checkpoints_multi_gpu.py');
    await writeFile(newer, 'parser.add_argument(\n    "--distributed-timeout-minutes",\n)');
    expect(await findConverter({ script: newer }, true)).toMatchObject({ generation: 'examples', lacking: [] });
  });

  it('says where it looked in vain, in the words of the step', async () => {
    expect(await findConverter({ script: '/nowhere/convert.py' }, true)).toContain(
      'Distributed conversion script not found: /nowhere/convert.py. ',
    );
    expect(await findConverter({ script: null }, true)).toContain(
      '/opt/Megatron-Bridge/examples/conversion/convert_checkpoints_multi_gpu.py',
    );
  });

  it('takes a script elsewhere at its word, and needs its path', async () => {
    expect(await findConverter({ script: '/opt/mb/run_conversion.py' }, false)).toMatchObject({
      generation: 'scripts',
    });
    expect(await findConverter({ script: null }, false)).toContain('set bridge.script');
  });
});
