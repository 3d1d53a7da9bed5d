// Typed access to the records of a `.metadata` pickle. Every miss is named by where it is.
import { ConversionError } from '../../contract/failures.ts';
import { describeValue, PickleRecord, type PickleValue } from '../pickle/values.ts';

export function damagedMetadata(where: string, problem: string): ConversionError {
  return new ConversionError('CheckpointDamaged', `.metadata: ${where}: ${problem}.`, {
    problems: [`${where}: ${problem}`],
  });
}

/** The instance dict of a dataclass record. */
export function stateOf(
  value: PickleValue | undefined,
  className: string,
  where: string,
): Map<PickleValue, PickleValue> {
  if (!(value instanceof PickleRecord) || !value.global.endsWith(`.${className}`)) {
    throw damagedMetadata(where, `expected ${className}, found ${describeValue(value)}`);
  }
  if (!(value.state instanceof Map)) throw damagedMetadata(where, `${className} has no fields`);
  return value.state;
}

export function mapOf(value: PickleValue | undefined, where: string): Map<PickleValue, PickleValue> {
  if (!(value instanceof Map)) throw damagedMetadata(where, `expected a dict, found ${describeValue(value)}`);
  return value;
}

function textOf(value: PickleValue | undefined, where: string): string {
  if (typeof value !== 'string') throw damagedMetadata(where, `expected text, found ${describeValue(value)}`);
  return value;
}

/** The name of a tensor, object or file: control characters could rewrite the terminal that shows it. */
export function nameOf(value: PickleValue | undefined, where: string): string {
  const name = textOf(value, where);
  if (/\p{Cc}/u.test(name))
    throw damagedMetadata(where, `the name ${JSON.stringify(name.slice(0, 200))} holds control characters`);
  return name;
}

/** A count or offset: an integer from 0 to 2^53 - 1. */
export function countOf(value: PickleValue | undefined, where: string): number {
  if (typeof value !== 'number' || !Number.isSafeInteger(value) || value < 0) {
    throw damagedMetadata(where, `expected a count, found ${describeValue(value)}`);
  }
  return value;
}

/** A torch.Size: one count for each dimension. */
export function sizeOf(value: PickleValue | undefined, where: string): readonly number[] {
  if (!Array.isArray(value) || value.length > 64)
    throw damagedMetadata(where, `expected a size, found ${describeValue(value)}`);
  for (const entry of value) countOf(entry, where);
  return value as number[];
}
