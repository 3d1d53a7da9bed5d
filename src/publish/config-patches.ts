// What must change in the reference's config.json for the exported tensors. Everything else stays as it is, byte for byte.
import { promisedMtp } from '../plan/promised-mtp.ts';
import type { Plan } from '../plan/types.ts';
import { parseJsonObject, removeMember, replaceMember } from '../reference/json-text.ts';
import type { Patch } from './manifest.ts';

/** The parts of a plan that the config depends on; headers are enough, so a plan read back from disk serves as well. */
export interface PatchedPlan {
  readonly files: readonly Pick<Plan['files'][number], 'name' | 'header'>[];
  readonly books: { readonly dropped: readonly RuleLine[]; readonly excused: readonly RuleLine[] };
}

type RuleLine = Pick<Plan['books']['dropped'][number], 'rule' | 'tensors'>;

const TORCH_DTYPES: Readonly<Record<string, string>> = {
  F64: 'float64',
  F32: 'float32',
  F16: 'float16',
  BF16: 'bfloat16',
};
/** The name of today, and the one before transformers 5. */
const DTYPE_FIELDS = ['dtype', 'torch_dtype'];
const QUANTIZATION_FIELDS = ['quantization_config', 'compression_config'];

/** Apply the named patches to the text of a config.json. Without any, the text comes back unchanged. */
export function patchConfig(text: string, plan: PatchedPlan): { text: string; patches: Patch[] } {
  const config = parseJsonObject(text);
  const patches = [...dtypePatches(config, plan), ...quantizationPatches(config), ...mtpPatches(config, plan)];
  let patched = text;
  for (const { field, to } of patches) {
    patched = to === null ? removeMember(patched, field) : replaceMember(patched, field, JSON.stringify(to));
  }
  return { text: patched, patches };
}

function dtypePatches(config: Readonly<Record<string, unknown>>, plan: PatchedPlan): Patch[] {
  const exported = prevailingDtype(plan);
  return DTYPE_FIELDS.filter(
    (field) => exported !== null && config[field] !== undefined && config[field] !== exported,
  ).map((field) => ({
    field,
    from: config[field],
    to: exported,
    why: `most bytes of the exported tensors are ${exported}`,
  }));
}

function quantizationPatches(config: Readonly<Record<string, unknown>>): Patch[] {
  return QUANTIZATION_FIELDS.filter((field) => field in config).map((field) => ({
    field,
    from: config[field],
    to: null,
    why: 'the exported tensors are not quantized',
  }));
}

function mtpPatches(config: Readonly<Record<string, unknown>>, plan: PatchedPlan): Patch[] {
  // Left out because the reference has none, or absent because the checkpoint has none.
  const { dropped, excused } = plan.books;
  const isAbsent = [...dropped, ...excused].some(({ rule, tensors }) => rule === 'mtp' && tensors > 0);
  if (!isAbsent) return [];
  return promisedMtp(config).map((field) => ({
    field,
    from: config[field],
    to: 0,
    why: 'the multi-token prediction layers are not exported',
  }));
}

/** The floating-point dtype with the most bytes in the output, by its torch name. */
function prevailingDtype(plan: PatchedPlan): string | null {
  const bytes = new Map<string, number>();
  for (const file of plan.files) {
    for (const [name, entry] of Object.entries(JSON.parse(file.header) as Record<string, HeaderEntry>)) {
      const dtype = name === '__metadata__' ? undefined : TORCH_DTYPES[entry.dtype];
      if (dtype) bytes.set(dtype, (bytes.get(dtype) ?? 0) + entry.data_offsets[1] - entry.data_offsets[0]);
    }
  }
  return [...bytes].sort((a, b) => b[1] - a[1])[0]?.[0] ?? null;
}

interface HeaderEntry {
  readonly dtype: string;
  readonly data_offsets: readonly [number, number];
}
