// What a user does with `hf_model_id: from-checkpoint`: the same weights, and transformers computes the same as with the reference.
import { readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { ConversionError } from '../../src/contract/failures.ts';
import { readBasis } from '../../src/engines/build-plan.ts';
import { convert } from '../../src/engines/convert.ts';
import { readCopiedReference } from '../../src/publish/copy-reference.ts';
import {
  digestTensors,
  inputFor,
  iterationOf,
  preflightFor,
  surroundingsFor,
  temporaryDirectory,
  type Fixture,
} from '../support/rank-conversion.ts';
import { runPython } from '../support/run-python.ts';

const FROM_CHECKPOINT = { hf_model_id: 'from-checkpoint', distributed: false } as const;

const Compared = z.object({
  architectures: z.tuple([z.string(), z.string()]),
  problems: z.array(z.array(z.string())),
  difference: z.number(),
  fields: z.record(z.string(), z.tuple([z.unknown(), z.unknown()])),
});

let directory: string;
beforeAll(async () => {
  directory = await temporaryDirectory();
});
afterAll(() => rm(directory, { recursive: true, force: true }));

async function exportTo(name: string, fixture: Fixture, request: object): Promise<string> {
  const input = await inputFor(fixture, join(directory, name), request);
  const { staging } = await convert(input, await preflightFor(input, 1), surroundingsFor());
  return staging;
}

describe.each([
  {
    fixture: 'core-0.19',
    smoke: true,
    architectures: ['Qwen3ForCausalLM', 'Qwen3ForCausalLM'],
    differ: {},
  },
  {
    // No tokenizer in the checkpoint, and so no ids.
    fixture: 'llama-trained',
    smoke: false,
    architectures: ['LlamaForCausalLM', 'LlamaForCausalLM'],
    differ: { bos_token_id: [null, 0], eos_token_id: [null, 0] },
  },
  {
    fixture: 'core-0.16',
    smoke: false,
    architectures: ['Qwen2ForCausalLM', 'Qwen2ForCausalLM'],
    differ: { bos_token_id: [null, 0], eos_token_id: [null, 0] },
  },
] as const)('the export of $fixture', ({ fixture, smoke, architectures, differ }) => {
  it('is the same model as with the reference', async () => {
    const made = await exportTo(`${fixture}-made`, fixture, { ...FROM_CHECKPOINT, smoke: { enabled: smoke } });
    const given = await exportTo(`${fixture}-given`, fixture, { distributed: false });
    const [ours, theirs] = [join(made, 'export'), join(given, 'export')];
    expect(await digestTensors(ours)).toEqual(await digestTensors(theirs));
    const script = join(import.meta.dirname, '../support/compare_models.py');
    const stdout = await runPython(script, [ours, theirs]);
    const { fields, ...compared } = Compared.parse(JSON.parse(stdout));
    expect(compared).toEqual({ architectures, problems: [], difference: 0 });
    const { _name_or_path: _paths, head_dim: _default, ...rest } = fields;
    expect(rest).toEqual(differ);
  });
});

it('says in staging, for the manifest, what it assumed', async () => {
  const staging = await exportTo('assumed', 'core-0.19', FROM_CHECKPOINT);
  expect((await readCopiedReference(staging))?.synthesis).toEqual({
    source: 'run_config.yaml',
    assumed: [
      {
        field: 'max_position_embeddings',
        value: 128,
        why: 'the seq_length of the training run; the model may reach further',
      },
      { field: 'bos_token_id', value: 0, why: '<|endoftext|> in the tokenizer of the checkpoint' },
      { field: 'eos_token_id', value: 0, why: '<|endoftext|> in the tokenizer of the checkpoint' },
      { field: 'pad_token_id', value: null, why: 'no tokenizer in the checkpoint names such a token' },
    ],
  });
  const tokenizer = join(await iterationOf('core-0.19'), 'tokenizer/tokenizer.json');
  expect(await readFile(join(staging, 'export/tokenizer.json'))).toEqual(await readFile(tokenizer));
});

it('is refused without a tokenizer, which the smoke generation needs', async () => {
  const input = await inputFor('llama-trained', join(directory, 'refused'), FROM_CHECKPOINT);
  const error: unknown = await readBasis(input, surroundingsFor()).catch((reason: unknown) => reason);
  expect(error).toBeInstanceOf(ConversionError);
  expect(error).toMatchObject({ type: 'ReferenceUnavailable' });
  expect((error as Error).message).toMatch(/tokenizer does not exist\. Set hf_model_id to .* or smoke\.enabled=false/);
});

it('is the same text at every look', async () => {
  const input = await inputFor('core-0.19', join(directory, 'twice'), FROM_CHECKPOINT);
  const [one, two] = [await readBasis(input, surroundingsFor()), await readBasis(input, surroundingsFor())];
  expect(one.reference).toEqual(two.reference);
  expect(one.reference.digest).toMatch(/^[0-9a-f]{64}$/);
});
