// How a defect of one stored item is reported.
import { ConversionError } from '../../contract/failures.ts';
import type { ItemLocation } from '../types.ts';

/** The item contradicts itself or its place. */
export function damagedItem(item: ItemLocation, problem: string): ConversionError {
  return new ConversionError('CheckpointDamaged', `${item.file}, item at byte ${item.offset}: ${problem}.`, {
    problems: [problem],
    facts: { file: item.file, offset: item.offset, length: item.length },
  });
}

/** The item is sound, but of a kind that is not read here. */
export function unsupportedItem(item: ItemLocation, problem: string): ConversionError {
  return new ConversionError('CheckpointUnsupported', `${item.file}, item at byte ${item.offset}: ${problem}.`, {
    problems: [problem],
    facts: { file: item.file, offset: item.offset, length: item.length },
  });
}
