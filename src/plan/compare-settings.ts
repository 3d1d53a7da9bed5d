// Settings that shape no tensor, or that shapes show only in part, in the reference and in what the training run recorded.
import type { TrainingConfig } from '../checkpoint/types.ts';
import type { Family, ModelConfig } from '../models/types.ts';
import { RECORDED_SETTINGS } from './recorded-settings.ts';
import type { RecordedSetting } from './setting.ts';

/** Warnings: sentences with both values; empty where they agree or one side says nothing. */
export function compareSettings(config: ModelConfig, training: TrainingConfig): string[] {
  const rows = RECORDED_SETTINGS.filter(({ failsStrict }) => !failsStrict);
  return rows.flatMap((row) =>
    describe(row, config, training).map(
      (sentence) => `${sentence}. The export takes that of config.json; check hf_model_id.`,
    ),
  );
}

/** Doubts, which fail a strict run. What the family judges by rows of its own is left to these. */
export function doubtSettings(family: Family, config: ModelConfig, training: TrainingConfig): string[] {
  const judged = new Set([
    ...family.demands.flatMap(({ names }) => names),
    ...Object.keys(family.recorded?.(config) ?? {}),
  ]);
  const rows = RECORDED_SETTINGS.filter(
    ({ failsStrict, recorded }) => failsStrict && !recorded.some((name) => judged.has(name)),
  );
  return rows.flatMap((row) => describe(row, config, training));
}

function describe(row: RecordedSetting, config: ModelConfig, { values, source }: TrainingConfig): string[] {
  const facts = { config, values };
  if (!row.when(facts)) return [];
  const [says, has] = [row.says(facts), row.has(facts)];
  if (says == null || has == null || row.agree(says, has)) return [];
  const field = row.config.find((name) => !name.includes('.') && config[name] != null) ?? row.config[0] ?? '';
  const named = row.recorded.find((name) => values[name] != null) ?? '';
  const where = named === '' || named === field ? source : `${named} of ${source}`;
  return [`${field}: config.json says ${show(says)}, the training run recorded ${show(has)} (${where})`];
}

function show(value: unknown): string {
  return typeof value === 'string' ? value : JSON.stringify(value);
}
