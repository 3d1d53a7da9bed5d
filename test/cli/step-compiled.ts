// What the Nemotron step compiles: OmegaConf.load of its default.yaml, its dotlist merged, interpolations resolved, `run` taken off; in /work.
// Recorded with OmegaConf 2.3.0 and the step's default.yaml of commit e27b371 (August 2026). What comes from the environment is text there.

export interface StepCompilation {
  readonly name: string;
  readonly dotlist: readonly string[];
  readonly environment: Readonly<Record<string, string>>;
  readonly config: Readonly<Record<string, unknown>>;
}

const DEFAULT = {
  megatron_path: '/lustre/runs/sft/checkpoints/iter_0000100',
  hf_model_id: 'nvidia/NVIDIA-Nemotron-3-Nano-30B-A3B-Base-BF16',
  hf_path: '/work/output/convert/megatron_to_hf/hf',
  script: { path: '/opt/Megatron-Bridge/examples/conversion/convert_checkpoints_multi_gpu.py' },
  trust_remote_code: true,
  show_progress: true,
  strict: true,
  distributed: true,
  tp: '1',
  pp: '1',
  ep: '8',
  etp: '1',
  distributed_save: true,
  save_every_n_ranks: 1,
  torchrun: { nproc_per_node: '8' },
} as const;

/** Each states what differs from the default. */
export const STEP_COMPILATIONS: readonly StepCompilation[] = [
  {
    name: 'the default',
    dotlist: ['megatron_path=/lustre/runs/sft/checkpoints/iter_0000100'],
    environment: {},
    config: { ...DEFAULT },
  },
  {
    name: 'the layout of a dense model',
    dotlist: ['megatron_path=/lustre/runs/sft/checkpoints/iter_0000100', 'tp=8', 'pp=1', 'ep=1', 'etp=1'],
    environment: {},
    config: { ...DEFAULT, tp: 8, pp: 1, ep: 1, etp: 1 },
  },
  {
    name: 'the environment',
    dotlist: ['megatron_path=/lustre/runs/sft/checkpoints/iter_0000100'],
    environment: {
      NEMOTRON_CONVERT_TP: '2',
      NEMOTRON_CONVERT_PP: '4',
      NEMOTRON_CONVERT_EP: '1',
      NEMOTRON_CONVERT_ETP: '1',
      NEMOTRON_CONVERT_NPROC_PER_NODE: '16',
      CONVERT_OUTPUT_DIR: '/out',
    },
    config: {
      ...DEFAULT,
      hf_path: '/out/megatron_to_hf/hf',
      tp: '2',
      pp: '4',
      ep: '1',
      torchrun: { nproc_per_node: '16' },
    },
  },
  {
    name: 'the command line over the environment',
    dotlist: ['megatron_path=/lustre/runs/sft/checkpoints/iter_0000100', 'tp=4', 'torchrun.nproc_per_node=2'],
    environment: { NEMOTRON_CONVERT_TP: '2', NEMO_RUN_DIR: '/nemo_run' },
    config: { ...DEFAULT, hf_path: '/nemo_run/convert/megatron_to_hf/hf', tp: 4, torchrun: { nproc_per_node: 2 } },
  },
  {
    name: 'every flag turned',
    dotlist: [
      'megatron_path=/lustre/runs/sft/checkpoints/iter_0000100',
      'trust_remote_code=false',
      'show_progress=no',
      'strict=off',
      'distributed=auto',
      'distributed_save=False',
      'save_every_n_ranks=4',
    ],
    environment: {},
    config: {
      ...DEFAULT,
      trust_remote_code: false,
      show_progress: false,
      strict: false,
      distributed: 'auto',
      distributed_save: false,
      save_every_n_ranks: 4,
    },
  },
  {
    name: 'keys that default.yaml leaves out',
    dotlist: [
      'megatron_path=/lustre/runs/sft/checkpoints/iter_0000100',
      'torch_dtype=float16',
      'distributed_timeout_minutes=30',
      'duplicate_pp_tensor_policy=first',
      'torchrun.nnodes=2',
      'extra_args=[]',
      'distributed_extra_args=[]',
      'torchrun.node_rank=null',
    ],
    environment: {},
    config: {
      ...DEFAULT,
      torchrun: { nproc_per_node: '8', nnodes: 2, node_rank: null },
      torch_dtype: 'float16',
      distributed_timeout_minutes: 30,
      duplicate_pp_tensor_policy: 'first',
      extra_args: [],
      distributed_extra_args: [],
    },
  },
  {
    name: 'another model and target',
    dotlist: [
      'megatron_path=/lustre/runs/sft/checkpoints/iter_0000100',
      'hf_model_id=meta-llama/Llama-3.1-8B',
      'hf_path=/lustre/output/convert/sft-hf',
    ],
    environment: {},
    config: { ...DEFAULT, hf_model_id: 'meta-llama/Llama-3.1-8B', hf_path: '/lustre/output/convert/sft-hf' },
  },
];
