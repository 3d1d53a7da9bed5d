// Reads the fields of a reference `config.json`, and tells all that is missing or ill-typed at once.
import { ConversionError } from '../contract/failures.ts';
import { MTP_FIELDS } from './mtp-fields.ts';
import type { ModelConfig } from './types.ts';

/** Far above every published model; a config with more would cost gigabytes before anything could be compared. */
const MOST: Readonly<Record<string, number>> = {
  num_hidden_layers: 10_000,
  ...Object.fromEntries(MTP_FIELDS.map((field) => [field, 100])),
};
const MOST_OF_EXPERTS = 2 ** 14;
const MOST_OF_OTHERS = 2 ** 26;

/** Reads fields and notes what is wrong; a wrong field reads as 1, false or empty until `finishConfig` throws. */
export interface ConfigReader {
  /** A positive integer; where it is absent or null, `otherwise`, or a problem if that is not given. */
  readonly count: (name: string, otherwise?: number) => number;
  /** The same, but zero is allowed. */
  readonly countOrZero: (name: string, otherwise?: number) => number;
  /** A boolean, false where absent unless `otherwise` says so. */
  readonly flag: (name: string, otherwise?: boolean) => boolean;
  /** A text; `otherwise` where it is absent. */
  readonly text: (name: string, otherwise?: string) => string;
  /** A list of texts, null where it is absent. */
  readonly texts: (name: string) => readonly string[] | null;
  /** Adds a sentence of the family's own. */
  readonly complain: (problem: string) => void;
}

/** @throws ConversionError ReferenceMismatch that names every problem. */
export function readConfig<T>(config: ModelConfig, read: (reader: ConfigReader) => T): T {
  const problems: string[] = [];
  const result = read(makeReader(config, problems));
  if (problems.length === 0) return result;
  throw new ConversionError(
    'ReferenceMismatch',
    `The reference config cannot be used: ${problems.join('; ')}. Set hf_model_id to the base model that this checkpoint was trained from.`,
    { problems },
  );
}

function makeReader(config: ModelConfig, problems: string[]): ConfigReader {
  const complain = (problem: string): void => {
    problems.push(`config.json: ${problem}`);
  };
  const integer = (name: string, least: number, otherwise: number | undefined): number => {
    const value = config[name];
    if (value == null && otherwise !== undefined) return otherwise;
    const kind = least === 0 ? 'an integer of at least 0' : 'a positive integer';
    if (typeof value !== 'number' || !Number.isSafeInteger(value) || value < least) {
      complain(`${name} must be ${kind}, found ${describe(value)}`);
      return 1;
    }
    const most = MOST[name] ?? (name.endsWith('experts') ? MOST_OF_EXPERTS : MOST_OF_OTHERS);
    if (value > most) complain(`${name} must be at most ${most}, found ${value}`);
    return value > most ? 1 : value;
  };
  return {
    complain,
    count: (name, otherwise) => integer(name, 1, otherwise),
    countOrZero: (name, otherwise) => integer(name, 0, otherwise),
    flag: (name, otherwise = false) => {
      const value = config[name];
      if (value == null) return otherwise;
      if (typeof value !== 'boolean') complain(`${name} must be true or false, found ${describe(value)}`);
      return value === true;
    },
    text: (name, otherwise) => {
      const value = config[name];
      if (value == null && otherwise !== undefined) return otherwise;
      if (typeof value === 'string') return value;
      complain(`${name} must be a text, found ${describe(value)}`);
      return '';
    },
    texts: (name) => {
      const value = config[name];
      if (value == null) return null;
      if (Array.isArray(value) && value.every((item): item is string => typeof item === 'string')) return value;
      complain(`${name} must be a list of texts, found ${describe(value)}`);
      return null;
    },
  };
}

function describe(value: unknown): string {
  if (value === undefined) return 'nothing';
  const text = JSON.stringify(value);
  return text.length <= 80 ? text : `${text.slice(0, 77)}...`;
}
