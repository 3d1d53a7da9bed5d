// Pickle values as plain JSON-safe data, for settings that people read. Bounded, since a pickle may share and nest its parts at will.
import { damagedPickle } from './problems.ts';
import { PersistentId, PickleGlobal, PickleRecord, type PickleValue } from './values.ts';

const MAX_DEPTH = 32;
const MAX_NODES = 200_000;

/**
 * Dicts become objects (keys as text), globals their name, records `{ _target_, _args_, ...fields }` as in `run_config.yaml`,
 * big integers text, bytes a note of their size.
 *
 * @throws ConversionError CheckpointDamaged for values that nest deeper than 32 or unfold to more than 200,000 parts.
 */
export function toPlain(value: PickleValue, subject: string): unknown {
  let nodes = 0;
  const convert = (part: PickleValue | undefined, depth: number): unknown => {
    nodes += 1;
    if (depth > MAX_DEPTH || nodes > MAX_NODES) throw damagedPickle(subject, 'nests or repeats its parts without end');
    if (part === undefined || part === null) return null;
    if (typeof part === 'bigint') return part.toString();
    if (typeof part !== 'object') return part;
    if (Array.isArray(part)) return part.map((entry) => convert(entry, depth + 1));
    if (part instanceof Set) return [...part].map((entry) => convert(entry, depth + 1));
    if (part instanceof Map) return convertMap(part, depth);
    if (part instanceof PickleGlobal) return part.name;
    if (part instanceof PersistentId) return { _storage_: convert(part.id, depth + 1) };
    if (part instanceof PickleRecord) {
      const args = part.args.length > 0 ? { _args_: part.args.map((entry) => convert(entry, depth + 1)) } : {};
      const state = part.state instanceof Map ? convertMap(part.state, depth) : {};
      return { _target_: part.global, ...args, ...state };
    }
    return `${part.length} bytes`;
  };
  const convertMap = (map: Map<PickleValue, PickleValue>, depth: number): Record<string, unknown> => {
    const pairs = [...map].map(([key, entry]): [string, unknown] => {
      const name = typeof key === 'string' ? key : JSON.stringify(convert(key, depth + 1));
      return [name, convert(entry, depth + 1)];
    });
    // fromEntries defines own properties, so a key `__proto__` stays data.
    return Object.fromEntries(pairs);
  };
  return convert(value, 0);
}
