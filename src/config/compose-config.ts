// The part `config` of what `--dry-run` prints: the step's keys with the step's meanings, ours in a section of their own.
import type { ConversionInput } from '../contract/index.ts';
import type { NodeLaunch } from './node-launch.ts';
import { OWN_SECTION, STEP_SCRIPT } from './step-parameters.ts';

/** The parameters of a request that the step has under the same name. */
const SHARED = [
  'megatron_path',
  'hf_model_id',
  'hf_path',
  'trust_remote_code',
  'show_progress',
  'strict',
  'distributed',
  'tp',
  'pp',
  'ep',
  'etp',
  'distributed_save',
  'save_every_n_ranks',
  'torchrun',
  'distributed_timeout_minutes',
  'duplicate_pp_tensor_policy',
] as const satisfies readonly (keyof ConversionInput)[];

const NOWHERE: NodeLaunch = { node_rank: null, master_addr: null, master_port: null };

/**
 * The part `config`: the step's keys with the step's meanings, and everything else in one section of its own. What nobody chose is listed
 * there with its value, so that reading it back gives the same request.
 */
export function composeConfig(input: ConversionInput, node: NodeLaunch = NOWHERE): Record<string, unknown> {
  const shared: readonly string[] = SHARED;
  const { defaulted, dtype, ...own } = Object.fromEntries(
    Object.entries(input).filter(([key]) => !shared.includes(key)),
  ) as Partial<ConversionInput>;
  const { nproc_per_node = null, nnodes = null } = input.torchrun;
  return {
    megatron_path: input.megatron_path,
    hf_model_id: input.hf_model_id,
    hf_path: input.hf_path,
    script: { path: STEP_SCRIPT },
    trust_remote_code: input.trust_remote_code,
    show_progress: input.show_progress,
    strict: input.strict,
    distributed: input.distributed,
    tp: input.tp ?? null,
    pp: input.pp ?? null,
    ep: input.ep ?? null,
    etp: input.etp ?? null,
    distributed_save: input.distributed_save,
    save_every_n_ranks: input.save_every_n_ranks,
    torchrun: { nproc_per_node, nnodes, ...node },
    torch_dtype: dtype === 'source' ? null : dtype,
    distributed_timeout_minutes: input.distributed_timeout_minutes ?? null,
    extra_args: [],
    distributed_extra_args: [],
    duplicate_pp_tensor_policy: input.duplicate_pp_tensor_policy,
    [OWN_SECTION]: {
      ...(withoutNothing(own) as object),
      defaulted: Object.fromEntries((defaulted ?? []).map((path) => [path, valueAt(input, path)])),
    },
  };
}

/** Text that reads back as itself: what looks like an interpolation is escaped. */
export function escapeInterpolations(value: unknown): unknown {
  if (typeof value === 'string')
    return value.replaceAll(/(\\*)\$\{/g, (_, slashes: string) => `${slashes}${slashes}\\\${`);
  if (Array.isArray(value)) return value.map(escapeInterpolations);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, child]: [string, unknown]) => [key, escapeInterpolations(child)]),
  );
}

function valueAt(input: ConversionInput, path: string): unknown {
  return path.split('.').reduce<unknown>((node, key) => (node as Record<string, unknown>)[key], input);
}

/** Sections in which nothing is set say nothing. */
function withoutNothing(value: unknown): unknown {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return value;
  const entries = Object.entries(value).map(([key, child]: [string, unknown]) => [key, withoutNothing(child)] as const);
  return Object.fromEntries(
    entries.filter(
      ([, child]) =>
        child !== undefined &&
        (typeof child !== 'object' || child === null || Array.isArray(child) || Object.keys(child).length > 0),
    ),
  );
}
