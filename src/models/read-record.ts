// Reads what a training run recorded, to make a `config.json` from it: tells all that is missing at once, and all that is assumed.
import type { TrainingConfig } from '../checkpoint/types.ts';

/** A value of the config that the record does not decide. */
export interface Assumption {
  /** Top-level member of `config.json`. */
  readonly field: string;
  readonly value: unknown;
  /** Where the value comes from instead, or why it can be left to chance; a clause. */
  readonly why: string;
}

/** What the keys of a checkpoint show of its model. */
export interface StoredFacts {
  /** Rows of the word embedding, padding included. */
  readonly vocabularyRows: number;
  readonly hasOutputLayer: boolean;
}

export interface ModelRecord {
  readonly training: TrainingConfig;
  readonly stored: StoredFacts;
}

/** Names are alternatives, Megatron-Core's first; the first one that was recorded counts. `null` means that the run recorded none. */
export interface RecordReader extends ModelRecord {
  readonly value: (...names: string[]) => unknown;
  /** Positive integer. */
  readonly count: (...names: string[]) => number | null;
  readonly number: (...names: string[]) => number | null;
  readonly flag: (...names: string[]) => boolean | null;
  readonly text: (...names: string[]) => string | null;
  /** The value, or where it is null a complaint that none of `names` was recorded and `stand-in`, which is never used. */
  readonly need: <T>(value: T | null, standIn: T, ...names: string[]) => T;
  /** The value, noted as assumed. */
  readonly assume: <T>(field: string, value: T, why: string) => T;
  /** Adds a sentence about what the family cannot express. */
  readonly complain: (problem: string) => void;
  /** Whether the run named this model: its recorded id, class or tokenizer holds the word. Letters and digits count, case does not. */
  readonly isNamed: (word: string) => boolean;
}

export interface ReadRecord<T> {
  readonly result: T;
  readonly problems: readonly string[];
  readonly assumed: readonly Assumption[];
}

export function readRecord<T>(record: ModelRecord, read: (reader: RecordReader) => T): ReadRecord<T> {
  const problems: string[] = [];
  const assumed: Assumption[] = [];
  const result = read(makeReader(record, problems, assumed));
  return { result, problems, assumed };
}

/** Fields that name a model: Megatron-Bridge's id and model class, Megatron-LM's tokenizer, which is often the base model's. */
const NAMING_FIELDS = ['hf_model_id', '_target_', 'tokenizer_model'];

function makeReader(record: ModelRecord, problems: string[], assumed: Assumption[]): RecordReader {
  const { values, source } = record.training;
  const value = (...names: string[]): unknown => names.map((name) => values[name]).find((found) => found != null);
  const typed =
    <T>(kind: string, is: (found: unknown) => found is T) =>
    (...names: string[]): T | null => {
      const found = value(...names);
      if (found === undefined || is(found)) return found ?? null;
      problems.push(`${names.join(' or ')} must be ${kind}, ${source} has ${JSON.stringify(found)}`);
      return null;
    };
  return {
    ...record,
    value,
    count: typed('a positive integer', isCount),
    number: typed('a number', (found): found is number => typeof found === 'number'),
    flag: typed('true or false', (found): found is boolean => typeof found === 'boolean'),
    text: typed('a text', (found): found is string => typeof found === 'string'),
    need: (found, standIn, ...names) => {
      if (found === null) problems.push(`${source} does not say ${names.join(' or ')}`);
      return found ?? standIn;
    },
    assume: (field, assumedValue, why) => {
      assumed.push({ field, value: assumedValue, why });
      return assumedValue;
    },
    complain: (problem) => {
      problems.push(problem);
    },
    isNamed: (word) => NAMING_FIELDS.some((field) => squeeze(values[field]).includes(squeeze(word))),
  };
}

function isCount(found: unknown): found is number {
  return typeof found === 'number' && Number.isSafeInteger(found) && found > 0;
}

function squeeze(text: unknown): string {
  return typeof text === 'string' ? text.toLowerCase().replaceAll(/[^a-z0-9]/g, '') : '';
}
