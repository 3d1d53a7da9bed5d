// The parameters of the Nemotron step `convert/megatron_to_hf`, one row each: its default, ours, and what is done differently and why.
// Read by the loader (other spellings, keys that only an operator may set), by `--dry-run`, by `describe` and by docs/step-parameters.md.

export interface StepParameter {
  /** As the step spells it. */
  readonly name: string;
  /** The step's default; null where it has none. */
  readonly fallback: unknown;
  /** The environment variable that the step's `default.yaml` reads it from. */
  readonly variable?: string;
  /** The parameter that it sets here; null where a request cannot set it. */
  readonly ours: string | null;
  /** The command that takes it, where it is no part of a request. */
  readonly only?: 'convert';
  /** What to do instead, after "<name> "; where nothing takes it. */
  readonly instead?: string;
  /** What is done differently here, and why. Empty: nothing. */
  readonly difference: string;
}

/** The step's id: the name under which people know this conversion. */
export const STEP_ID = 'convert/megatron_to_hf';

/** Where the compiled configuration keeps the parameters that the step does not know. */
export const OWN_SECTION = 'megatron_to_hf';

/** The converter in the step's image. */
export const STEP_SCRIPT = '/opt/Megatron-Bridge/examples/conversion/convert_checkpoints_multi_gpu.py';

/** The image that the step's `default.yaml` names. */
export const STEP_IMAGE = 'nvcr.io/nvidia/nemo:26.04';

const OPERATOR = 'which programs run is said by the operator of the worker, never by a request';
const LAYOUT =
  'a torch_dist checkpoint is read without its layout: given by a person it is checked against what the training run recorded, left at the default it never fails a run; `auto` lets engine bridge choose one that uses all ranks';
const NODE = {
  fallback: null,
  ours: null,
  only: 'convert',
  difference:
    'of `convert` only: with `torchrun.nnodes` it starts the ranks of this node, as the step does. A run on a server names a profile with several nodes: no request makes a worker connect to a machine of its choice',
} as const;

const ROWS = [
  {
    name: 'megatron_path',
    fallback: null,
    ours: 'megatron_path',
    difference:
      'may still be being saved: the run waits for it (`wait.*`). The parent run folder is refused, with the iterations it holds',
  },
  {
    name: 'hf_model_id',
    fallback: 'nvidia/NVIDIA-Nemotron-3-Nano-30B-A3B-Base-BF16',
    ours: 'hf_model_id',
    difference:
      '`hf_revision` pins a commit; `from-checkpoint` takes config and tokenizer from what the training run recorded',
  },
  {
    name: 'hf_model',
    fallback: null,
    ours: 'hf_model_id',
    difference:
      'another spelling of `hf_model_id`; the step reads it only where that is unset, which its `default.yaml` never leaves it',
  },
  {
    name: 'hf_path',
    fallback: '${oc.env:CONVERT_OUTPUT_DIR,${oc.env:NEMO_RUN_DIR,${oc.env:PWD}/output}/convert}/megatron_to_hf/hf',
    ours: 'hf_path',
    difference:
      'appears once, complete and validated, or not at all; a relative path means the directory of the caller',
  },
  {
    name: 'script',
    fallback: { path: STEP_SCRIPT },
    ours: null,
    instead: 'is not for a request: the operator sets `bridge.script` in worker.yaml',
    difference: OPERATOR,
  },
  {
    name: 'distributed_script',
    fallback: null,
    ours: null,
    instead: 'is not for a request: the operator sets `bridge.script` in worker.yaml',
    difference: OPERATOR,
  },
  {
    name: 'upstream_script',
    fallback: null,
    ours: null,
    instead: 'is not for a request: the operator sets `bridge.script` in worker.yaml',
    difference: OPERATOR,
  },
  {
    name: 'trust_remote_code',
    fallback: true,
    ours: 'trust_remote_code',
    difference:
      "needed, but not enough: code of a reference runs only where the worker's `remote_code` names it as well",
  },
  { name: 'show_progress', fallback: true, ours: 'show_progress', difference: '' },
  {
    name: 'strict',
    fallback: true,
    ours: 'strict',
    difference: 'holds in every mode; the step drops it where the installed AutoBridge does not know it',
  },
  {
    name: 'distributed',
    fallback: true,
    ours: 'distributed',
    difference: '',
  },
  {
    name: 'use_distributed',
    fallback: null,
    ours: 'distributed',
    difference: 'another spelling of `distributed`; the step reads it only where that is absent',
  },
  { name: 'tp', fallback: 1, variable: 'NEMOTRON_CONVERT_TP', ours: 'tp', difference: LAYOUT },
  { name: 'pp', fallback: 1, variable: 'NEMOTRON_CONVERT_PP', ours: 'pp', difference: 'as `tp`' },
  { name: 'ep', fallback: 8, variable: 'NEMOTRON_CONVERT_EP', ours: 'ep', difference: 'as `tp`' },
  { name: 'etp', fallback: 1, variable: 'NEMOTRON_CONVERT_ETP', ours: 'etp', difference: 'as `tp`' },
  {
    name: 'cp',
    fallback: 1,
    ours: null,
    instead: 'says nothing about a checkpoint: context parallelism splits activations, not weights; leave it out',
    difference: 'the step multiplies the world size that it demands by it; weights are not split by it',
  },
  { name: 'distributed_save', fallback: true, ours: 'distributed_save', difference: '' },
  {
    name: 'save_every_n_ranks',
    fallback: 1,
    ours: 'save_every_n_ranks',
    difference: 'of engine bridge only: engine stream deals whole files to all ranks',
  },
  {
    name: 'torchrun.nproc_per_node',
    fallback: 8,
    variable: 'NEMOTRON_CONVERT_NPROC_PER_NODE',
    ours: 'torchrun.nproc_per_node',
    difference:
      'works on the local machine too, where the step always starts one rank; the default is limited to what is of use (CPUs, files)',
  },
  {
    name: 'torchrun.nnodes',
    fallback: null,
    ours: 'torchrun.nnodes',
    difference:
      'more than one: a profile with several nodes, an existing world, or `convert` with `torchrun.node_rank` on each node',
  },
  { name: 'torchrun.node_rank', ...NODE },
  { name: 'torchrun.master_addr', ...NODE },
  { name: 'torchrun.master_port', ...NODE },
  {
    name: 'torch_dtype',
    fallback: 'bfloat16',
    ours: 'dtype',
    difference:
      '`source` keeps the dtype of each tensor as it was saved: a conversion should not round unless it is asked to. Names of torch are understood (`torch.bfloat16`, `half`, `float`)',
  },
  {
    name: 'dtype',
    fallback: null,
    ours: 'dtype',
    difference: 'another spelling of `torch_dtype`, as in the step',
  },
  {
    name: 'distributed_timeout_minutes',
    fallback: null,
    ours: 'distributed_timeout_minutes',
    difference: 'of engine bridge only: ranks of engine stream never wait for each other',
  },
  {
    name: 'duplicate_pp_tensor_policy',
    fallback: null,
    ours: 'duplicate_pp_tensor_policy',
    difference:
      "of engine bridge only. `error` is what the step does where nobody sets it: the converter refuses a tensor that two pipeline stages hold; `first`, as in the step's `tiny.yaml`, takes that of the first stage",
  },
  {
    name: 'extra_args',
    fallback: [],
    ours: null,
    instead: 'is not for a request: the operator sets `bridge.extra_args` in worker.yaml',
    difference: OPERATOR,
  },
  {
    name: 'distributed_extra_args',
    fallback: [],
    ours: null,
    instead: 'is not for a request: the operator sets `bridge.distributed_extra_args` in worker.yaml',
    difference: OPERATOR,
  },
  {
    name: 'run',
    fallback: { env: { container_image: STEP_IMAGE } },
    ours: null,
    instead:
      'is not for a request: image, nodes, mounts and environment belong to a profile of worker.yaml (`profiles.<name>`); name it with -r or -b',
    difference:
      'a profile of `worker.yaml`, named with `-r` or `-b`: a request cannot choose images, mounts or variables',
  },
] as const satisfies readonly StepParameter[];

export const STEP_PARAMETERS: readonly StepParameter[] = ROWS;
