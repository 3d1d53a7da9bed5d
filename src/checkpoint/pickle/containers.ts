// How values are put together: lists, sets, dicts, and inert records in the place of Python objects.
import { describeValue, PickleGlobal, PickleRecord, type PickleValue } from './values.ts';

/** Makes the error of a problem. */
export type Fail = (problem: string) => Error;

/** A Map or Set of V8 holds no more. */
const MAX_ENTRIES = 2 ** 24 - 1;

/** APPEND, APPENDS. */
export function appendTo(target: PickleValue, values: readonly PickleValue[], fail: Fail): void {
  const list = target instanceof PickleRecord ? (target.items ??= []) : target;
  if (!Array.isArray(list)) throw fail(`appends to ${describeValue(target)}`);
  for (const value of values) list.push(value);
}

/** ADDITEMS. */
export function addTo(target: PickleValue, values: readonly PickleValue[], fail: Fail): void {
  if (!(target instanceof Set)) throw fail(`adds items to ${describeValue(target)}`);
  if (target.size + values.length > MAX_ENTRIES) throw fail('makes a set of too many items');
  for (const value of values) target.add(value);
}

/** SETITEM, SETITEMS. @param pairs key, value, key, value, ... */
export function setItemsOf(target: PickleValue, pairs: readonly PickleValue[], fail: Fail): void {
  const map = target instanceof PickleRecord ? (target.entries ??= new Map<PickleValue, PickleValue>()) : target;
  if (!(map instanceof Map)) throw fail(`sets items of ${describeValue(target)}`);
  if (pairs.length % 2 !== 0) throw fail('sets a key without a value');
  if (map.size + pairs.length / 2 > MAX_ENTRIES) throw fail('makes a dict of too many items');
  for (let index = 0; index < pairs.length; index += 2) map.set(pairs[index] ?? null, pairs[index + 1] ?? null);
}

/** BUILD. */
export function giveState(target: PickleValue, state: PickleValue, fail: Fail): void {
  if (target instanceof PickleRecord) target.state = state;
  // A state_dict is an OrderedDict with an attribute `_metadata`: of no use here.
  else if (!(target instanceof Map)) throw fail(`gives a state to ${describeValue(target)}`);
}

/** NEWOBJ, REDUCE: nothing is called. Sizes and empty dicts become what they are, all else a record. */
export function construct(callee: PickleValue | undefined, args: PickleValue | undefined, fail: Fail): PickleValue {
  if (!(callee instanceof PickleGlobal)) throw fail(`constructs ${describeValue(callee)}`);
  if (!Array.isArray(args)) throw fail(`constructs ${callee.name} from ${describeValue(args)}`);
  if (callee.name === 'torch.Size' && Array.isArray(args[0])) return args[0];
  if (callee.name === 'collections.OrderedDict' && args.length === 0) return new Map<PickleValue, PickleValue>();
  return new PickleRecord(callee.name, args);
}
