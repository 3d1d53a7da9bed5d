// Every rule of the layout, with values from a person and from a configuration default, for both engines.
import { describe, expect, it } from 'vitest';
import { ConversionInput } from '../../src/contract/input.ts';
import type { ModelDimensions } from '../../src/models/types.ts';
import { readLayout, type LayoutFacts } from '../../src/plan/layout-facts.ts';
import { LAYOUT_RULES, layoutProblems, type LayoutProblems } from '../../src/plan/layout-rules.ts';
import { readTrainingValues, type TrainingValues } from '../../src/plan/training-values.ts';

const DENSE: ModelDimensions = {
  layers: 6,
  hidden: 192,
  heads: 6,
  queryGroups: 2,
  headDim: 32,
  ffn: 512,
  vocab: 2000,
  tied: false,
  experts: null,
};
const MOE = { ...DENSE, experts: 12 };

interface Case {
  readonly tp?: number;
  readonly pp?: number;
  readonly ep?: number;
  readonly etp?: number;
  readonly nproc?: number;
  readonly nnodes?: number;
  readonly distributed?: boolean | 'auto';
  readonly strict?: boolean;
  readonly defaulted?: string[];
  readonly engine?: 'stream' | 'bridge';
  readonly model?: ModelDimensions;
  readonly padded?: number;
  readonly training?: TrainingValues;
  readonly files?: number;
}

function judge({
  engine = 'stream',
  model = DENSE,
  padded = 2048,
  training,
  files = 100,
  nproc,
  nnodes,
  ...input
}: Case): LayoutProblems {
  const parsed = ConversionInput.parse({
    megatron_path: '/a',
    hf_model_id: 'b',
    hf_path: '/c',
    torchrun: { nproc_per_node: nproc, nnodes },
    ...input,
  });
  const facts: LayoutFacts = {
    engine,
    ...readLayout(parsed),
    dimensions: model,
    paddedVocab: padded,
    training: training ?? null,
    files,
  };
  return layoutProblems(facts);
}

/** default.yaml of the step: tp=1 pp=1 ep=8 etp=1, eight ranks, all from the configuration. */
const STEP_DEFAULTS: Case = {
  tp: 1,
  pp: 1,
  ep: 8,
  etp: 1,
  nproc: 8,
  defaulted: ['tp', 'pp', 'ep', 'etp', 'torchrun.nproc_per_node'],
};
const NOTHING = { errors: [], warnings: [], notes: [] };

const UNSHARDED =
  'distributed=true is launching multiple ranks, but no model or expert parallelism was configured. ' +
  'Set at least one of tp, pp, cp, ep, or etp above 1 so conversion actually shards the model ' +
  '(for Nemotron MoE checkpoints the common default is tp=1 pp=1 ep=8 etp=1). ' +
  'Or set distributed=false; engine stream needs no layout: leaving tp, pp, ep and etp out is enough.';

const forBridge = (message: string): string =>
  message.replace(
    'engine stream needs no layout: leaving tp, pp, ep and etp out is enough',
    'tp, pp, ep and etp may be auto, where a table knows the model',
  );

describe('ranks', () => {
  it('several without any sharding are refused in the words of the step', () => {
    const all = { tp: 1, pp: 1, ep: 1, etp: 1, nproc: 8 };
    expect(judge(all)).toEqual({ ...NOTHING, errors: [UNSHARDED] });
    expect(judge({ ...all, defaulted: ['tp', 'pp', 'etp'] }).errors).toEqual([UNSHARDED]);
    expect(judge({ ...all, engine: 'bridge', defaulted: ['tp', 'pp', 'ep', 'etp'] }).errors).toEqual([
      forBridge(UNSHARDED),
    ]);
  });

  it('are free for engine stream where nobody spoke of a layout, where there is one rank, or without distribution', () => {
    expect(judge({ nproc: 8 })).toEqual(NOTHING);
    expect(judge({})).toEqual(NOTHING);
    const one = { tp: 1, pp: 1, ep: 1, etp: 1 };
    expect(judge({ ...one, nproc: 8, defaulted: ['tp', 'pp', 'ep', 'etp'] })).toEqual(NOTHING);
    expect(judge({ ...one, nproc: 1 })).toEqual(NOTHING);
    expect(judge({ ...one, nproc: 8, distributed: false })).toEqual(NOTHING);
  });

  it('must be a multiple of tp*pp*cp', () => {
    const message =
      'distributed conversion world size (4) must be divisible by tp*pp*cp (6). ' +
      'Set the conversion rank count and checkpoint parallelism to compatible values: ' +
      'torchrun.nproc_per_node to a multiple of 6, or distributed=false; ' +
      'engine stream needs no layout: leaving tp, pp, ep and etp out is enough.';
    expect(judge({ tp: 2, pp: 3, nproc: 4 }).errors).toEqual([message]);
    expect(judge({ tp: 2, pp: 3, nproc: 4, distributed: 'auto' }).errors).toEqual([message]);
    expect(judge({ tp: 2, pp: 3, nproc: 6 })).toEqual(NOTHING);
    expect(judge({ tp: 2, pp: 3, nproc: 4, defaulted: ['tp', 'pp'] })).toEqual({ ...NOTHING, notes: [message] });
    expect(judge({ tp: 2, pp: 3, nproc: 4, engine: 'bridge', defaulted: ['tp', 'pp'] }).errors).toEqual([
      forBridge(message),
    ]);
    expect(judge({ tp: 2, pp: 3, nproc: 4, distributed: false })).toEqual(NOTHING);
  });

  it('must be a multiple of etp*ep*pp for expert-parallel checkpoints', () => {
    const message =
      'distributed conversion world size (4) must be divisible by etp*ep*pp (3) for expert-parallel checkpoints. ' +
      'Set torchrun.nproc_per_node to a multiple of 3, or distributed=false; ' +
      'engine stream needs no layout: leaving tp, pp, ep and etp out is enough.';
    expect(judge({ ep: 3, nproc: 4, model: MOE }).errors).toEqual([message]);
    expect(judge({ ep: 3, nproc: 3, model: MOE })).toEqual(NOTHING);
  });

  it('on other nodes are out of reach', () => {
    const message =
      'torchrun.nnodes=2, but this worker starts ranks on its own machine only. ' +
      'Set torchrun.nnodes=1, or name a profile that has more nodes: the speed of an export is that of the disk, not of the ranks.';
    expect(judge({ nnodes: 2 }).errors).toEqual([message]);
    expect(judge({ nnodes: 2, defaulted: ['torchrun.nnodes'] })).toEqual({ ...NOTHING, warnings: [message] });
  });

  it('above the number of files are noted', () => {
    expect(judge({ nproc: 4, files: 3 }).notes).toEqual([
      '4 ranks share 3 output file(s), so 1 of them will have nothing to do. ' +
        'Set torchrun.nproc_per_node lower, or max_shard_size smaller.',
    ]);
    expect(judge({ nproc: 4, files: 3, defaulted: ['torchrun.nproc_per_node'] })).toEqual(NOTHING);
  });
});

describe('the model', () => {
  it.each([
    [{ tp: 4 }, 'tp=4 does not fit the model: it must divide num_attention_heads (6). Set tp to one of 1, 2, 3, 6.'],
    [
      { tp: 3, padded: 2049, model: { ...DENSE, ffn: 513 } },
      'tp=3 does not fit the model: it must divide num_key_value_heads (2) or be a multiple of it. Set tp to one of 1, 2, or to a multiple of 2.',
    ],
    [
      { tp: 6, padded: 2046 },
      'tp=6 does not fit the model: it must divide intermediate_size (512). Set tp to one of 1, 2, 4, 8, 16, 32, 64.',
    ],
    [
      { tp: 2, padded: 2001 },
      'tp=2 does not fit the model: it must divide the padded vocabulary of the checkpoint (2001). Set tp to one of 1, 3, 23, 29.',
    ],
    [{ pp: 4 }, 'pp=4 does not fit the model: it must divide num_hidden_layers (6). Set pp to one of 1, 2, 3, 6.'],
    [
      { ep: 8 },
      'ep=8 does not fit the model: num_moe_experts must be non None to use expert-parallel, and this model has no experts. Set ep=1, or leave it out.',
    ],
    [
      { ep: 8, model: MOE },
      'ep=8 does not fit the model: it must divide the number of experts (12). Set ep to one of 1, 2, 3, 4, 6, 12.',
    ],
  ] satisfies [Case, string][])('%j', (facts, message) => {
    expect(judge(facts).errors).toContain(message);
    const names = ['tp', 'pp', 'ep', 'etp'];
    expect(judge({ ...facts, defaulted: names })).toMatchObject({
      errors: [],
      notes: expect.arrayContaining([message]) as string[],
    });
    expect(judge({ ...facts, defaulted: names, engine: 'bridge' }).errors).toContain(message);
  });

  it('reports everything at once', () => {
    expect(judge({ tp: 5, pp: 4, ep: 8, nproc: 3, nnodes: 2 }).errors).toHaveLength(9);
  });

  it('may have uneven stages where the training run recorded them', () => {
    const values = { pipeline_model_parallel_size: 4, num_layers_in_first_pipeline_stage: 1 };
    const training = readTrainingValues({ source: 'run_config.yaml', values });
    expect(judge({ pp: 4, training })).toEqual(NOTHING);
  });

  it('is not asked where the reference cannot be read', () => {
    expect(judge({ tp: 5, model: null as unknown as ModelDimensions, padded: 2000 })).toEqual(NOTHING);
  });
});

describe('the recorded layout', () => {
  const training = readTrainingValues({
    source: 'run_config.yaml',
    values: { tensor_model_parallel_size: 2, pipeline_model_parallel_size: 1, expert_model_parallel_size: 1 },
  });
  const message =
    'tp=1, but the training run recorded 2 (run_config.yaml). ' +
    'Set tp=2, or leave it out: torch_dist holds global tensors, so the layout is not needed.';

  it('fails a strict run that names another one, and warns without strict', () => {
    expect(judge({ tp: 1, training })).toEqual({ ...NOTHING, errors: [message] });
    expect(judge({ tp: 1, training, strict: false })).toEqual({ ...NOTHING, warnings: [message] });
    expect(judge({ tp: 2, pp: 1, ep: 1, etp: 1, nproc: 2, training })).toEqual(NOTHING);
  });

  it("only notes that the step's defaults are others", () => {
    const { errors, warnings, notes } = judge({ ...STEP_DEFAULTS, training });
    expect({ errors, warnings }).toEqual({ errors: [], warnings: [] });
    expect(notes).toContain(
      'ep=8 (a configuration default), but the training run recorded 1 (run_config.yaml). ' +
        'Set ep=1, or leave it out: torch_dist holds global tensors, so the layout is not needed.',
    );
  });
});

it('values of default.yaml never fail engine stream, whatever the model', () => {
  for (const model of [DENSE, MOE, { ...MOE, layers: 7, heads: 5, queryGroups: 5, ffn: 11 }]) {
    for (const nproc of [1, 2, 3, 5, 8]) {
      const { errors } = judge({
        ...STEP_DEFAULTS,
        tp: 3,
        pp: 2,
        nproc,
        nnodes: 3,
        model,
        defaulted: [...(STEP_DEFAULTS.defaulted ?? []), 'torchrun.nnodes'],
      });
      expect(errors).toEqual([]);
    }
  }
});

it('each rule has a name of its own', () => {
  expect(new Set(LAYOUT_RULES.map(({ name }) => name)).size).toBe(LAYOUT_RULES.length);
});
