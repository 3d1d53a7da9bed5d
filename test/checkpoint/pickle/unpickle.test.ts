import { describe, expect, test } from 'vitest';
import { commonStateGlobals, metadataGlobals, tensorGlobals } from '../../../src/checkpoint/pickle/globals.ts';
import { OP } from '../../../src/checkpoint/pickle/opcodes.ts';
import { unpickle } from '../../../src/checkpoint/pickle/unpickle.ts';
import { PersistentId, PickleGlobal, PickleRecord, type PickleValue } from '../../../src/checkpoint/pickle/values.ts';
import { ConversionError } from '../../../src/contract/failures.ts';
import {
  bytesOf,
  call,
  globalOf,
  int,
  pickleOf,
  text,
  tuple,
  u32,
  type Part,
} from '../../support/checkpoint-pickle.ts';

const read = (...parts: Part[]): PickleValue => unpickle(pickleOf(...parts), commonStateGlobals, 'test');

function failure(bytes: Uint8Array, allows = commonStateGlobals): ConversionError {
  try {
    unpickle(bytes, allows, 'test');
  } catch (error) {
    if (error instanceof ConversionError) return error;
    throw error;
  }
  throw new Error('was accepted');
}

describe('values', () => {
  test.each([
    ['None', [OP.NONE], null],
    ['true', [OP.NEWTRUE], true],
    ['small integer', [OP.BININT1, 200], 200],
    ['negative integer', [OP.BININT, Buffer.from([0xff, 0xff, 0xff, 0xff])], -1],
    ['offset past 2 GiB', [OP.LONG1, 5, Buffer.from([0, 0, 0, 0, 1])], 2 ** 32],
    ['negative long', [OP.LONG1, 1, 0x80], -128],
    ['2^53 - 1 in 8 bytes', [OP.LONG1, 8, Buffer.from('ffffffffffff1f00', 'hex')], Number.MAX_SAFE_INTEGER],
    ['2^53 + 1 stays exact', [OP.LONG1, 8, Buffer.from('0100000000002000', 'hex')], 2n ** 53n + 1n],
    ['empty long', [OP.LONG1, 0], 0],
    ['float', [OP.BINFLOAT, Buffer.from('3ff8000000000000', 'hex')], 1.5],
    ['text', [text('grüße')], 'grüße'],
    ['bytes', [OP.SHORT_BINBYTES, 2, 'ab'], new Uint8Array([97, 98])],
    ['tuple', [tuple([OP.BININT1, 1], text('a'))], [1, 'a']],
    ['list', [OP.EMPTY_LIST, OP.MARK, OP.NONE, OP.NEWTRUE, OP.APPENDS], [null, true]],
    ['set', [OP.EMPTY_SET, OP.MARK, OP.NONE, OP.ADDITEMS], new Set([null])],
    ['torch.Size', [call(globalOf('torch', 'Size'), tuple([OP.BININT1, 3], [OP.BININT1, 4]))], [3, 4]],
    ['OrderedDict', [call(globalOf('collections', 'OrderedDict'))], new Map()],
  ] as [string, Part[], PickleValue][])('%s', (_, parts, value) => {
    expect(read(...parts)).toEqual(value);
  });

  test('dicts keep keys that are tuples', () => {
    const value = read(OP.EMPTY_DICT, OP.MARK, tuple([OP.BININT1, 0], [OP.BININT1, 1]), text('v'), OP.SETITEMS);
    expect([...(value as Map<PickleValue, PickleValue>)]).toEqual([[[0, 1], 'v']]);
  });

  test('__proto__ and constructor are ordinary keys', () => {
    const value = read(
      OP.EMPTY_DICT,
      OP.MARK,
      text('__proto__'),
      OP.NEWTRUE,
      text('constructor'),
      OP.NONE,
      OP.SETITEMS,
    );
    expect((value as Map<PickleValue, PickleValue>).get('__proto__')).toBe(true);
    expect(({} as Record<string, unknown>)['polluted']).toBeUndefined();
  });

  test('a class becomes an inert record with arguments and state', () => {
    const state: Part = [OP.EMPTY_DICT, text('x'), [OP.BININT1, 1], OP.SETITEM];
    const value = read(
      globalOf('megatron.core.enums', 'ModelType'),
      tuple([OP.BININT1, 2]),
      OP.NEWOBJ,
      state,
      OP.BUILD,
    );
    expect(value).toBeInstanceOf(PickleRecord);
    expect(value).toMatchObject({ global: 'megatron.core.enums.ModelType', args: [2], state: new Map([['x', 1]]) });
  });

  test('a persistent id is kept as data', () => {
    expect(read(text('storage'), OP.BINPERSID)).toEqual(new PersistentId('storage'));
  });

  test('protocol 4: memo, frames and stack globals', () => {
    const body = bytesOf(
      OP.SHORT_BINUNICODE,
      5,
      'torch',
      OP.MEMOIZE,
      OP.SHORT_BINUNICODE,
      8,
      'bfloat16',
      OP.MEMOIZE,
      OP.STACK_GLOBAL,
      OP.STOP,
    );
    const frame = Buffer.alloc(8);
    frame.writeUInt32LE(body.length);
    const value = unpickle(bytesOf(OP.PROTO, 4, OP.FRAME, frame, body), metadataGlobals, 'test');
    expect(value).toEqual(new PickleGlobal('torch.bfloat16'));
  });
});

describe('globals', () => {
  const hostile: [string, string][] = [
    ['os', 'system'],
    ['posix', 'system'],
    ['builtins', 'eval'],
    ['builtins', 'exec'],
    ['__builtin__', 'eval'],
    ['builtins', 'getattr'],
    ['builtins', '__import__'],
    ['subprocess', 'Popen'],
    ['nt', 'system'],
    ['torch', 'load'],
    ['torch.hub', 'load'],
    ['runpy', 'run_path'],
    ['numpy', 'load'],
    ['operator', 'attrgetter'],
    ['functools', 'partial'],
    ['megatronx.core', 'X'],
    ['torch._utils', '_rebuild_sparse_tensor'],
    ['codecs', 'encode'],
    ['shutil', 'rmtree'],
  ];
  test.each(hostile)('%s.%s is refused by its full name everywhere', (module, name) => {
    const full = `${module === '__builtin__' ? 'builtins' : module}.${name}`;
    for (const allows of [metadataGlobals, tensorGlobals, commonStateGlobals]) {
      const error = failure(pickleOf(call(globalOf(module, name), text('touch /tmp/owned'))), allows);
      expect(error.type).toBe('CheckpointUnsupported');
      expect(error.message).toContain(full);
    }
  });

  test('a dotted attribute cannot step out of an allowed module', () => {
    const error = failure(pickleOf(text('torch'), text('serialization.os.system'), OP.STACK_GLOBAL));
    expect(error.message).toContain('torch.serialization.os.system');
  });

  test('Megatron classes are for the common state only', () => {
    const pickle = pickleOf(globalOf('megatron.core.enums', 'ModelType'));
    expect(unpickle(pickle, commonStateGlobals, 'test')).toBeInstanceOf(PickleGlobal);
    expect(failure(pickle, metadataGlobals).type).toBe('CheckpointUnsupported');
    expect(failure(pickle, tensorGlobals).type).toBe('CheckpointUnsupported');
  });

  test('old metadata classes of Megatron are known', () => {
    const pickle = pickleOf(globalOf('megatron.core.dist_checkpointing.strategies.torch', 'MCoreMetadata'));
    expect(unpickle(pickle, metadataGlobals, 'test')).toBeInstanceOf(PickleGlobal);
  });
});

describe('malformed', () => {
  test.each([
    ['empty', Buffer.alloc(0)],
    ['zeros', Buffer.alloc(64)],
    ['no end', bytesOf(OP.PROTO, 2, OP.NONE)],
    ['text past the end', pickleOf(OP.BINUNICODE, u32(0xffffffff), 'x')],
    ['8-byte length', pickleOf(OP.BINUNICODE8, Buffer.alloc(8, 0xff))],
    ['bytes past the end', pickleOf(OP.BINBYTES8, Buffer.alloc(8, 0x7f))],
    ['long past the end', pickleOf(OP.LONG4, u32(0x7fffffff))],
    ['frame past the end', bytesOf(OP.PROTO, 4, OP.FRAME, Buffer.alloc(8, 1), OP.NONE, OP.STOP)],
    ['pop of nothing', pickleOf(OP.POP)],
    ['tuple without mark', pickleOf(OP.TUPLE)],
    ['pair below the mark', pickleOf(OP.NONE, OP.NONE, OP.MARK, OP.TUPLE2)],
    ['key without value', pickleOf(OP.EMPTY_DICT, OP.MARK, OP.NONE, OP.SETITEMS)],
    ['append to None', pickleOf(OP.NONE, OP.NONE, OP.APPEND)],
    ['memo that does not exist', pickleOf(OP.BINGET, 9)],
    ['memo far ahead', pickleOf(OP.NONE, OP.LONG_BINPUT, u32(0xfffffff0))],
    ['call of text', pickleOf(text('os.system'), tuple(), OP.REDUCE)],
    ['two values', pickleOf(OP.NONE, OP.NONE)],
    ['open mark', pickleOf(OP.MARK, OP.NONE)],
    ['trailing bytes', Buffer.concat([pickleOf(OP.NONE), Buffer.from('x')])],
    ['second protocol', pickleOf(OP.PROTO, 2, OP.NONE)],
    ['name without end', bytesOf(OP.PROTO, 2, OP.GLOBAL, 'x'.repeat(4000))],
    ['text that is not UTF-8', pickleOf(OP.SHORT_BINUNICODE, 2, Buffer.from([0xc3, 0x28]))],
    ['state of a list', pickleOf(OP.EMPTY_LIST, OP.NONE, OP.BUILD)],
    ['unknown opcode', pickleOf(0xff)],
  ] as [string, Buffer][])('%s', (_, bytes) => {
    expect(failure(bytes).type).toBe('CheckpointDamaged');
  });

  test.each([
    ['protocol 0', Buffer.from("S'x'\np0\n."), 'CheckpointDamaged'],
    ['protocol 1', bytesOf(OP.PROTO, 1, OP.NONE, OP.STOP), 'CheckpointUnsupported'],
    ['protocol 6', bytesOf(OP.PROTO, 6, OP.NONE, OP.STOP), 'CheckpointUnsupported'],
    ['extension registry', pickleOf(0x82, 1), 'CheckpointUnsupported'],
    ['out-of-band buffer', pickleOf(0x97), 'CheckpointUnsupported'],
    ['INST', pickleOf(OP.MARK, 'i', 'os\nsystem\n'), 'CheckpointUnsupported'],
    ['OBJ', pickleOf(OP.MARK, OP.NONE, 'o'), 'CheckpointUnsupported'],
  ] as [string, Buffer, string][])('%s is refused', (_, bytes, type) => {
    expect(failure(bytes).type).toBe(type);
  });
});

describe('bombs', () => {
  test('deep marks', () => {
    expect(failure(pickleOf(Buffer.alloc(100_000, OP.MARK))).message).toContain('deep');
  });

  test('a stack of a million values', () => {
    expect(failure(pickleOf(Buffer.alloc(1_100_000, OP.NONE))).message).toContain('stacks more');
  });

  test('deep nesting without marks is read without recursion', () => {
    expect(read(OP.NONE, Buffer.alloc(1_000_000, OP.TUPLE1))).toBeInstanceOf(Array);
  });

  test('an integer of megabytes', () => {
    expect(failure(pickleOf(OP.LONG4, u32(2_000_000), Buffer.alloc(2_000_000, 7))).message).toContain(
      'integer of 2000000 bytes',
    );
  });

  test('a list that contains itself ends', () => {
    const value = read(OP.EMPTY_LIST, OP.BINPUT, 0, OP.BINGET, 0, OP.APPEND);
    expect((value as PickleValue[])[0]).toBe(value);
  });

  test('one append at a time to a record is linear', () => {
    const appends = Buffer.alloc(2 * 300_000);
    for (let index = 0; index < appends.length; index += 2) appends.set([OP.NONE, OP.APPEND], index);
    const record = read(call(globalOf('collections', 'deque')), appends) as PickleRecord;
    expect(record.items).toHaveLength(300_000);
  });

  test('exact integers survive', () => {
    expect(read(int(2 ** 40 + 1))).toBe(2 ** 40 + 1);
  });
});

test('text that no checkpoint has is refused by its length', () => {
  const huge = Buffer.alloc(17 * 1024 * 1024, 'x');
  expect(() => unpickle(pickleOf(OP.BINUNICODE, u32(huge.length), huge), metadataGlobals, 'huge')).toThrow(
    /text of 17825792 bytes; at most 16777216/,
  );
});
