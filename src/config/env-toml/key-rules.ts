// What becomes of each key of an env.toml profile: the keys that Nemotron's launchers read (nemo_runspec, e27b371), as a table.

/** How a value is turned. `count`: 0 means none; `lines`: text or a list of text; `names`: of secrets, not secret themselves. */
export type Shape = 'plain' | 'names' | 'count' | 'lines' | 'env' | 'hostMounts' | 'leptonMounts' | 'claims' | 'secret';

/** Where a key goes; or, in words, why nothing here is like it. */
export type KeyRule = { readonly to: string; readonly shape: Shape } | { readonly note: string };

export type ImportedExecutor = 'local' | 'slurm' | 'lepton' | 'dgxcloud';

const to = (target: string, shape: Shape = 'plain'): KeyRule => ({ to: target, shape });
const note = (text: string): KeyRule => ({ note: text });

const OWN_CODE = note('nothing is staged: this package is where `node` and `package_root` of the profile say');
const ITS_FOLDER = note('scripts and logs of a job lie in the staging directory, beside hf_path');
const ITS_COMMAND = note('the job runs the ranks of a conversion and nothing else');
const ITS_TRAINING = note('about other steps than a conversion');
const ITS_RAY = note('a conversion needs no Ray');

/** Earlier keys win over later ones with the same target; lists with the same target are joined. */
const EVERYWHERE: Readonly<Record<string, KeyRule>> = {
  container_image: to('container_image'),
  container: to('container_image'),
  nodes: to('nodes', 'count'),
  gpus_per_node: to('gpus_per_node', 'count'),
  nprocs_per_node: to('nproc_per_node', 'count'),
  ntasks_per_node: to('nproc_per_node', 'count'),
  nproc_per_node: to('nproc_per_node', 'count'),
  env_vars: to('env', 'env'),
  workspace: note('only named by other keys of the step; a conversion writes to hf_path'),
  remote_job_dir: ITS_FOLDER,
  nemo_run_dir: ITS_FOLDER,
  pvc_nemo_run_dir: ITS_FOLDER,
  code_src_dir: OWN_CODE,
  repo_root: OWN_CODE,
  pip_extras: OWN_CODE,
  run_command: ITS_COMMAND,
  launcher: note('torchrun, always'),
  ray_version: ITS_RAY,
  existing_ray_cluster: ITS_RAY,
  build_cache_dir: ITS_TRAINING,
  build_image: ITS_TRAINING,
  build_time: ITS_TRAINING,
  build_partition: ITS_TRAINING,
  build_include_gpus: ITS_TRAINING,
  build_gpus_per_node: ITS_TRAINING,
};

const OTHERS: Readonly<Record<ImportedExecutor, Readonly<Record<string, KeyRule>>>> = {
  local: {
    container_image: note('ranks of `local` are processes of the worker; wrap them with `launch_prefix`'),
    container: note('ranks of `local` are processes of the worker; wrap them with `launch_prefix`'),
    nodes: note('`local` is one node'),
    gpus_per_node: note('ranks of `local` see what the worker sees'),
    nprocs_per_node: note('give torchrun.nproc_per_node with the request'),
    ntasks_per_node: note('give torchrun.nproc_per_node with the request'),
    nproc_per_node: note('give torchrun.nproc_per_node with the request'),
    mounts: note('ranks of `local` see what the worker sees'),
    startup_commands: note('do it where the worker starts'),
  },
  slurm: {
    account: to('account'),
    batch_partition: to('partition'),
    partition: to('partition'),
    run_partition: note(
      '`-r` uses the same partition as `-b` here; a second profile that extends this one can name another',
    ),
    time: to('time'),
    cpus_per_task: to('cpus_per_task', 'count'),
    mem: to('mem'),
    exclusive: to('exclusive'),
    mounts: to('mounts', 'hostMounts'),
    lustre_mount: to('mounts', 'hostMounts'),
    setup_lines: to('setup', 'lines'),
    startup_commands: note('runs inside the container before the step; build it into the image'),
    tunnel: note('a worker calls sbatch where it runs: run it on a machine of the cluster instead of through a tunnel'),
    host: note('a worker calls sbatch where it runs: run it on a machine of the cluster instead of through a tunnel'),
    user: note('jobs belong to the user that the worker runs as'),
    identity: note('no tunnel, no key'),
  },
  lepton: {
    resource_shape: to('resource_shape'),
    node_group: to('node_group'),
    node_reservation: to('node_reservation'),
    shared_memory_size: to('shared_memory_size', 'count'),
    mounts: to('mounts', 'leptonMounts'),
    image_pull_secrets: to('image_pull_secrets', 'names'),
    pre_launch_commands: to('setup', 'lines'),
    startup_commands: to('setup', 'lines'),
    custom_spec: note('the step does not use it on Lepton either'),
  },
  dgxcloud: {
    base_url: to('base_url'),
    client_id: to('client_id'),
    app_id: to('client_id'),
    client_secret: to('client_secret_env', 'secret'),
    app_secret: to('client_secret_env', 'secret'),
    project_name: to('project_name'),
    pvcs: to('pvcs', 'claims'),
    distributed_framework: to('distributed_framework'),
    custom_spec: to('custom_spec'),
    pre_launch_commands: to('setup', 'lines'),
    startup_commands: to('setup', 'lines'),
    kube_apiserver_url: note('the API of Run:ai is all that is called'),
    dgxcloud_max_args_chars: note('the command is one short path'),
    mounts: note('the step ignores it on DGX Cloud: volumes are `pvcs`'),
  },
};

/** Rules of one executor in their order, its own before the common ones. */
export function rulesOf(executor: ImportedExecutor): Readonly<Record<string, KeyRule>> {
  return { ...OTHERS[executor], ...withoutKeys(EVERYWHERE, OTHERS[executor]) };
}

function withoutKeys<T>(record: Readonly<Record<string, T>>, keys: object): Record<string, T> {
  return Object.fromEntries(Object.entries(record).filter(([key]) => !Object.hasOwn(keys, key)));
}

/** Sections that are no profiles, and why nothing here needs them. */
export const RESERVED_SECTIONS: Readonly<Record<string, string>> = {
  wandb: 'a conversion reports to Temporal and in its manifest; variables WANDB_* of a profile are kept in its env',
  cli: 'the theme of the nemotron command',
  cache: 'the cache of git repositories that the step stages',
  artifacts: 'the manifest of an export records both artifacts by itself',
};
