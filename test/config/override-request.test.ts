import { expect, it } from 'vitest';
import { overrideRequest, refuseMisspelt } from '../../src/config/override-request.ts';
import type { ConversionRequest } from '../../src/contract/index.ts';

const request: ConversionRequest = {
  megatron_path: '/runs/iter_0000100',
  hf_model_id: 'config/default',
  hf_path: '/exports/hf',
  tp: 2,
  pp: 1,
  defaulted: ['tp', 'pp'],
  wait: { timeout: '1h' },
  smoke: { prompts: ['a ${b} and \\${c}', '???'] },
};
const change = (overrides: readonly string[]) =>
  overrideRequest(request, overrides, { cwd: '/somewhere', environment: { LIMIT: '40' } });

it('changes what is named and keeps the rest, literally', () => {
  const { smoke, ...changed } = change([
    'wait.stall=5m',
    'smoke.max_perplexity=${oc.env:LIMIT}',
    'tp=4',
    'hf_path=./out',
  ]);
  expect(changed).toMatchObject({
    megatron_path: '/runs/iter_0000100',
    // No directory of the person who retries: it was an id then.
    hf_model_id: 'config/default',
    hf_path: '/somewhere/out',
    tp: 4,
    defaulted: ['pp'],
    wait: { timeout: '1h', stall: '5m' },
  });
  expect(smoke).toMatchObject({ prompts: ['a ${b} and \\${c}', '???'], max_perplexity: 40 });
});

it('understands references to the earlier values, null, and the spelling of the step', () => {
  expect(change(['smoke.offload_folder=${hf_path}-tmp', 'smoke.prompts=null', 'torch_dtype=bfloat16'])).toMatchObject({
    dtype: 'bfloat16',
    smoke: { prompts: null, offload_folder: '/exports/hf-tmp' },
  });
});

it('names every problem at once', () => {
  expect(() => change(['tp=0', 'hf_modle_id=x', '--dtype', 'float32'])).toThrow(
    /tp \(command line\)[\s\S]*|hf_model_id[\s\S]*|dtype=float32/,
  );
  try {
    change(['tp=0', 'hf_modle_id=x', '--dtype', 'float32']);
  } catch (error) {
    expect(error).toMatchObject({ type: 'InvalidInput', problems: { length: 3 } });
  }
});

it('says where a node of several belongs, and what a retry takes instead', () => {
  expect(() => change(['torchrun.node_rank=1'])).toThrow(
    /torchrun\.node_rank \(command line\) joins machines by hand, which only `convert` does; .*profile=NAME/,
  );
});

it('refuses before any server is asked what no request could take', () => {
  expect(() => refuseMisspelt(['--tp', '4', 'extra_args=[a]'])).toThrow(/tp=4[\s\S]*extra_args/);
  expect(() => refuseMisspelt(['tp=4', 'hf_path=${hf_revision}'])).not.toThrow();
});
