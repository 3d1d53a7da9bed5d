// A restricted pickle machine: protocols 2 to 5, nothing is ever imported or called, and every size is bounded.
import { ByteReader } from './byte-reader.ts';
import type { GlobalPolicy } from './globals.ts';
import { addTo, appendTo, construct, giveState, setItemsOf, type Fail } from './containers.ts';
import { OP, REFUSED_OPCODES } from './opcodes.ts';
import { OperandStack } from './operand-stack.ts';
import { damagedPickle, unsupportedPickle } from './problems.ts';
import { PersistentId, PickleGlobal, PickleRecord, type PickleValue } from './values.ts';

/** Two million items make about twenty million objects. */
const MAX_OBJECTS = 40_000_000;

/** Protocol 2 writes the Python 2 names of these modules. */
const RENAMED_MODULES: Readonly<Record<string, string>> = { __builtin__: 'builtins', copy_reg: 'copyreg' };

export class PickleMachine {
  readonly #reader: ByteReader;
  readonly #allows: GlobalPolicy;
  readonly #globals = new Map<string, PickleGlobal>();
  readonly #memo: PickleValue[] = [];
  readonly #stack = new OperandStack((problem) => this.#fail(`${problem} at byte ${this.#reader.position - 1}`));
  #objects = 0;
  #result: PickleValue | undefined = undefined;

  /** @param subject what is read, for messages. */
  constructor(bytes: Uint8Array, allows: GlobalPolicy, subject: string) {
    this.#reader = new ByteReader(bytes, subject);
    this.#allows = allows;
    if (bytes.length < 2 || bytes[0] !== OP.PROTO) throw this.#fail('does not begin with a protocol number');
  }

  /**
   * Executes up to `opcodes` opcodes; true once STOP was reached.
   * @throws ConversionError CheckpointDamaged for malformed bytes, CheckpointUnsupported for a global that is not allowed.
   */
  run(opcodes: number): boolean {
    const reader = this.#reader;
    for (let count = 0; count < opcodes && this.#result === undefined; count += 1) this.#execute(reader.u8(), reader);
    return this.#result !== undefined;
  }

  /** The one value that the pickle left. */
  result(): PickleValue {
    if (this.#result === undefined) throw this.#fail('has not been read to its end');
    return this.#result;
  }

  #execute(opcode: number, reader: ByteReader): void {
    switch (opcode) {
      case OP.MEMOIZE:
        return this.#memoize(this.#memo.length);
      case OP.BINGET:
        return this.#recall(reader.u8());
      case OP.LONG_BINGET:
        return this.#recall(reader.u32());
      case OP.BINPUT:
        return this.#memoize(reader.u8());
      case OP.LONG_BINPUT:
        return this.#memoize(reader.u32());
      case OP.SHORT_BINUNICODE:
        return this.#pushObject(reader.text(reader.u8()));
      case OP.BINUNICODE:
        return this.#pushObject(reader.text(reader.u32()));
      case OP.BINUNICODE8:
        return this.#pushObject(reader.text(reader.length64()));
      case OP.BININT:
        return this.#stack.push(reader.i32());
      case OP.BININT1:
        return this.#stack.push(reader.u8());
      case OP.BININT2:
        return this.#stack.push(reader.u16());
      case OP.LONG1:
        return this.#stack.push(reader.long(reader.u8()));
      case OP.LONG4:
        return this.#stack.push(reader.long(reader.u32()));
      case OP.BINFLOAT:
        return this.#stack.push(reader.f64());
      case OP.NONE:
        return this.#stack.push(null);
      case OP.NEWTRUE:
        return this.#stack.push(true);
      case OP.NEWFALSE:
        return this.#stack.push(false);
      case OP.BINBYTES:
        return this.#pushObject(reader.copy(reader.u32()));
      case OP.SHORT_BINBYTES:
        return this.#pushObject(reader.copy(reader.u8()));
      case OP.BINBYTES8:
        return this.#pushObject(reader.copy(reader.length64()));
      case OP.EMPTY_TUPLE:
      case OP.EMPTY_LIST:
        return this.#pushObject([]);
      case OP.EMPTY_DICT:
        return this.#pushObject(new Map<PickleValue, PickleValue>());
      case OP.EMPTY_SET:
        return this.#pushObject(new Set<PickleValue>());
      case OP.MARK:
        return this.#stack.mark();
      case OP.TUPLE:
        return this.#pushObject(this.#stack.popToMark());
      case OP.TUPLE1:
        return this.#pushObject(this.#stack.popLast(1));
      case OP.TUPLE2:
        return this.#pushObject(this.#stack.popLast(2));
      case OP.TUPLE3:
        return this.#pushObject(this.#stack.popLast(3));
      case OP.FROZENSET:
        return this.#pushObject(new Set(this.#stack.popToMark()));
      case OP.APPEND:
        return this.#onTop(appendTo, [this.#stack.pop()]);
      case OP.APPENDS:
        return this.#onTop(appendTo, this.#stack.popToMark());
      case OP.ADDITEMS:
        return this.#onTop(addTo, this.#stack.popToMark());
      case OP.SETITEM:
        return this.#onTop(setItemsOf, this.#stack.popLast(2));
      case OP.SETITEMS:
        return this.#onTop(setItemsOf, this.#stack.popToMark());
      case OP.GLOBAL:
        return this.#stack.push(this.#global(reader.line(), reader.line()));
      case OP.STACK_GLOBAL: {
        const [module, name] = this.#stack.popLast(2);
        if (typeof module !== 'string' || typeof name !== 'string') throw this.#fail('names a global without text');
        return this.#stack.push(this.#global(module, name));
      }
      case OP.NEWOBJ:
      case OP.REDUCE: {
        const [callee, args] = this.#stack.popLast(2);
        return this.#pushObject(construct(callee, args, this.#fail));
      }
      case OP.NEWOBJ_EX: {
        const [callee, args, named] = this.#stack.popLast(3);
        const record = construct(callee, args, this.#fail);
        if (record instanceof PickleRecord && named instanceof Map) record.entries = named;
        return this.#pushObject(record);
      }
      case OP.BUILD:
        return this.#onTop(giveState, this.#stack.pop());
      case OP.BINPERSID:
        return this.#pushObject(new PersistentId(this.#stack.pop()));
      case OP.POP:
        return this.#stack.drop();
      case OP.POP_MARK:
        this.#stack.popToMark();
        return;
      case OP.FRAME: {
        const length = reader.length64();
        if (length > reader.bytes.length - reader.position)
          throw this.#fail(`has a frame of ${length} bytes past its end`);
        return;
      }
      case OP.PROTO: {
        const protocol = reader.u8();
        if (reader.position !== 2) throw this.#fail('gives its protocol number twice');
        if (protocol < 2 || protocol > 5)
          throw unsupportedPickle(reader.subject, `pickle protocol ${protocol} is not 2 to 5`);
        return;
      }
      case OP.STOP:
        return this.#stop();
      default: {
        const name = REFUSED_OPCODES[opcode];
        if (name !== undefined)
          throw unsupportedPickle(reader.subject, `opcode ${name} at byte ${reader.position - 1}`);
        throw this.#fail(`has no opcode at byte ${reader.position - 1} (0x${opcode.toString(16).padStart(2, '0')})`);
      }
    }
  }

  #stop(): void {
    const left = this.#reader.bytes.length - this.#reader.position;
    if (left > 0) throw this.#fail(`goes on for ${left} bytes after its end`);
    this.#result = this.#stack.only();
  }

  #pushObject(value: PickleValue): void {
    this.#objects += 1;
    if (this.#objects > MAX_OBJECTS) throw this.#fail(`makes more than ${MAX_OBJECTS} objects`);
    this.#stack.push(value);
  }

  #onTop<T>(change: (target: PickleValue, value: T, fail: Fail) => void, value: T): void {
    change(this.#stack.top(), value, this.#fail);
  }

  #memoize(index: number): void {
    const memo = this.#memo;
    // Python numbers its memo without gaps; a gap would only serve to make a huge sparse table.
    if (index > memo.length || index >= MAX_OBJECTS) throw this.#fail(`memoizes at ${index}, past ${memo.length}`);
    memo[index] = this.#stack.top();
  }

  #recall(index: number): void {
    const value = this.#memo[index];
    if (value === undefined) throw this.#fail(`recalls memo ${index}, which does not exist`);
    this.#stack.push(value);
  }

  #global(module: string, name: string): PickleGlobal {
    const full = `${RENAMED_MODULES[module] ?? module}.${name}`;
    let known = this.#globals.get(full);
    if (known === undefined) {
      if (!this.#allows(full)) {
        throw unsupportedPickle(
          this.#reader.subject,
          `the global ${JSON.stringify(full.slice(0, 200))} is not on the list of what is read`,
        );
      }
      known = new PickleGlobal(full);
      this.#globals.set(full, known);
    }
    return known;
  }

  readonly #fail = (problem: string): Error => damagedPickle(this.#reader.subject, problem);
}

/** Reads a small pickle at once. @throws ConversionError, nothing else. */
export function unpickle(bytes: Uint8Array, allows: GlobalPolicy, subject: string): PickleValue {
  const machine = new PickleMachine(bytes, allows, subject);
  // Every opcode takes at least one byte.
  machine.run(bytes.length + 1);
  return machine.result();
}
