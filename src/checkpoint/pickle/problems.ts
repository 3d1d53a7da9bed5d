// The two ways in which a pickle is refused.
import { ConversionError } from '../../contract/failures.ts';

/** The bytes are no pickle that Python would have written. */
export function damagedPickle(subject: string, problem: string): ConversionError {
  return new ConversionError('CheckpointDamaged', `${subject} is not a sound pickle: it ${problem}.`, {
    problems: [problem],
    facts: { subject },
  });
}

/** The pickle is sound, but asks for something that is not read here. */
export function unsupportedPickle(subject: string, problem: string): ConversionError {
  return new ConversionError('CheckpointUnsupported', `${subject} is refused: ${problem}.`, {
    problems: [problem],
    facts: { subject },
  });
}
