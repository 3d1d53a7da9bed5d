// What a pickle becomes here: plain values and inert records. Nothing in this folder ever calls what a pickle names.

/** A class, function or constant that the pickle names, as `module.name`. */
export class PickleGlobal {
  readonly name: string;
  constructor(name: string) {
    this.name = name;
  }
}

/** What Python would have built by calling `global(*args)` and then applying the state: kept as data. */
export class PickleRecord {
  readonly global: string;
  readonly args: readonly PickleValue[];
  /** Argument of BUILD, or undefined where there was none. */
  state: PickleValue | undefined = undefined;
  /** Items that APPEND or ADDITEMS gave to it. */
  items: PickleValue[] | undefined = undefined;
  /** Pairs that SETITEM gave to it. */
  entries: Map<PickleValue, PickleValue> | undefined = undefined;

  constructor(global: string, args: readonly PickleValue[]) {
    this.global = global;
    this.args = args;
  }
}

/** A persistent id: in a torch archive, the reference to a storage. */
export class PersistentId {
  readonly id: PickleValue;
  constructor(id: PickleValue) {
    this.id = id;
  }
}

/** Lists and tuples are arrays; dicts are Maps, since their keys may be records. Integers past 2^53 are bigint. */
export type PickleValue =
  | null
  | boolean
  | number
  | bigint
  | string
  | Uint8Array
  | PickleValue[]
  | Map<PickleValue, PickleValue>
  | Set<PickleValue>
  | PickleGlobal
  | PickleRecord
  | PersistentId;

/** What to call a value in a message. */
export function describeValue(value: PickleValue | undefined): string {
  if (value === undefined) return 'nothing';
  if (value === null) return 'None';
  if (typeof value === 'string') return JSON.stringify(value.length > 60 ? `${value.slice(0, 60)}...` : value);
  if (typeof value !== 'object') return String(value);
  if (Array.isArray(value)) return 'a sequence';
  if (value instanceof Map) return 'a dict';
  if (value instanceof Set) return 'a set';
  if (value instanceof PickleGlobal) return value.name;
  if (value instanceof PickleRecord) return `a ${value.global}`;
  if (value instanceof PersistentId) return 'a storage';
  return 'bytes';
}
