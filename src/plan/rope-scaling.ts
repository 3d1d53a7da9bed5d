// How rotary positions are stretched: what `config.json` says, and what the training run recorded, in the same words.
// Facts: as for `models/synthesize-rope.ts`; transformers `modeling_rope_utils.py`.
import { hasLatentAttention, hasRotary, pick, type SettingFacts } from './setting-facts.ts';

const KNOWN: ReadonlySet<unknown> = new Set(['yarn', 'llama3', 'linear']);

/** `none`, or for example `yarn by 40`; null where it is a kind that Megatron has no name for, or one for each kind of layer. */
export function configuredScaling({ config }: SettingFacts): string | null {
  const rope = config['rope_parameters'] ?? config['rope_scaling'] ?? {};
  if (typeof rope !== 'object' || Object.values(rope).some((value) => typeof value === 'object' && value !== null)) {
    return null;
  }
  const scaling: Readonly<Record<string, unknown>> = { ...rope };
  const kind = pick(scaling, ['rope_type', 'type']) ?? 'default';
  if (kind === 'default') return 'none';
  return typeof kind === 'string' && KNOWN.has(kind) ? stretched(kind, scaling['factor']) : null;
}

/** The same of the record; null where it does not say, as that of older model classes with fields of their own. */
export function recordedScaling(facts: SettingFacts): string | null {
  const { values } = facts;
  if (!hasRotary(facts)) return null;
  if (hasLatentAttention(facts)) return latentScaling(values);
  if (values['position_embedding_type'] === 'yarn') return stretched('yarn', values['yarn_rotary_scaling_factor']);
  const linear = pick(values, ['seq_len_interpolation_factor', 'rotary_seq_len_interpolation_factor']);
  if (linear !== undefined && linear !== 1) return stretched('linear', linear);
  const flag = pick(values, ['rope_scaling', 'use_rope_scaling']);
  if (flag === true) return stretched('llama3', values['rope_scaling_factor']);
  if (flag !== false) return null;
  // Gemma 3's class stretches by its factor without a flag, older Llama classes by `scale_factor`; Megatron-LM's factor is idle without it.
  const factor = 'use_rope_scaling' in values ? 1 : pick(values, ['scale_factor', 'rope_scaling_factor']);
  return factor === undefined || factor === 1 ? 'none' : null;
}

function latentScaling(values: Readonly<Record<string, unknown>>): string | null {
  const { rope_type: kind, rotary_scaling_factor: factor } = values;
  if (kind === 'rope' || factor === 1) return 'none';
  return kind === 'yarn' ? stretched('yarn', factor) : null;
}

function stretched(kind: string, factor: unknown): string | null {
  if (typeof factor !== 'number') return null;
  return factor === 1 ? 'none' : `${kind} by ${factor}`;
}
