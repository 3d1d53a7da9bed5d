// One setting that is compared between what the training run recorded and `config.json`: a row of recorded-settings.ts.
import { pick, type SettingFacts } from './setting-facts.ts';

export interface RecordedSetting {
  /** Megatron's names: Megatron-Core's, then that of Megatron-LM's arguments. */
  readonly recorded: readonly string[];
  /** Names in `config.json`, the first of which heads a sentence. */
  readonly config: readonly string[];
  /** For the documentation: how the two are compared. */
  readonly how: string;
  /** For the documentation: the models for which they are. */
  readonly models: string;
  /** Whether a difference fails a strict run; else it is a warning, since a reference may differ there on purpose. */
  readonly failsStrict: boolean;
  readonly when: (facts: SettingFacts) => boolean;
  readonly says: (facts: SettingFacts) => unknown;
  readonly has: (facts: SettingFacts) => unknown;
  readonly agree: (says: unknown, has: unknown) => boolean;
}

type Row = Pick<RecordedSetting, 'recorded' | 'config'> & Partial<RecordedSetting>;

/** Equal numbers, but for the digits that float32 loses. */
export function numbersAgree(says: unknown, has: unknown): boolean {
  if (typeof says !== 'number' || typeof has !== 'number') return true;
  return Math.abs(says - has) <= 1e-6 * Math.max(Math.abs(says), Math.abs(has));
}

export function textsAgree(says: unknown, has: unknown): boolean {
  return typeof says !== 'string' || typeof has !== 'string' || says === has;
}

export function setting(row: Row): RecordedSetting {
  return {
    how: 'equal numbers',
    models: 'all',
    failsStrict: true,
    when: () => true,
    says: ({ config }) => pick(config, row.config),
    has: ({ values }) => pick(values, row.recorded),
    agree: numbersAgree,
    ...row,
  };
}
