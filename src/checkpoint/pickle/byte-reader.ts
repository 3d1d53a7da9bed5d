// A cursor over the bytes of a pickle that trusts no length: every read is checked against what is left.
import { damagedPickle } from './problems.ts';

/** Keys have some hundred bytes, recorded data blends some hundred thousand; the longest string of JavaScript has 512 MB. */
const MAX_TEXT_BYTES = 16 * 1024 * 1024;

export class ByteReader {
  readonly bytes: Buffer;
  position = 0;
  /** What is being read, for messages. */
  readonly subject: string;

  constructor(bytes: Uint8Array, subject: string) {
    this.bytes = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.subject = subject;
  }

  /** Moves past `count` bytes and returns where they began. @throws ConversionError CheckpointDamaged if they are not all there. */
  take(count: number): number {
    const start = this.position;
    if (count > this.bytes.length - start) {
      throw damagedPickle(this.subject, `ends early: ${count} bytes wanted at ${start} of ${this.bytes.length}`);
    }
    this.position = start + count;
    return start;
  }

  u8(): number {
    const { position, bytes } = this;
    const value = bytes[position];
    if (value === undefined) throw damagedPickle(this.subject, `ends early at byte ${position}`);
    this.position = position + 1;
    return value;
  }

  u16(): number {
    return this.bytes.readUInt16LE(this.take(2));
  }

  u32(): number {
    return this.bytes.readUInt32LE(this.take(4));
  }

  i32(): number {
    return this.bytes.readInt32LE(this.take(4));
  }

  /** A 64-bit length; anything past the buffer is refused by the `take` that follows. */
  length64(): number {
    const at = this.take(8);
    return this.bytes.readUInt32LE(at) + this.bytes.readUInt32LE(at + 4) * 2 ** 32;
  }

  f64(): number {
    return this.bytes.readDoubleBE(this.take(8));
  }

  /** UTF-8 text of `count` bytes; malformed text is refused, since keys must not be repaired into one another. */
  text(count: number): string {
    if (count > MAX_TEXT_BYTES) {
      throw damagedPickle(this.subject, `holds text of ${count} bytes; at most ${MAX_TEXT_BYTES} are read`);
    }
    const start = this.take(count);
    const text = this.bytes.toString('utf8', start, start + count);
    if (text.includes('\uFFFD') && !Buffer.from(text).equals(this.bytes.subarray(start, start + count))) {
      throw damagedPickle(this.subject, `holds text that is not UTF-8 at byte ${start}`);
    }
    return text;
  }

  /** Bytes up to a newline, as GLOBAL has them. */
  line(): string {
    const end = this.bytes.indexOf(10, this.position);
    if (end < 0 || end - this.position > 512) {
      throw damagedPickle(this.subject, `has no end of a name at byte ${this.position}`);
    }
    const text = this.text(end - this.position);
    this.position = end + 1;
    return text;
  }

  copy(count: number): Uint8Array {
    const start = this.take(count);
    return new Uint8Array(this.bytes.subarray(start, start + count));
  }

  /**
   * A little-endian two's complement integer of `count` bytes (LONG1, LONG4): a number while exact, else a bigint.
   * More than 512 bytes are refused: no count, size or offset needs them, and text conversion of such numbers is slow.
   */
  long(count: number): number | bigint {
    if (count > 512) throw damagedPickle(this.subject, `holds an integer of ${count} bytes`);
    const start = this.take(count);
    if (count === 0) return 0;
    if (count <= 6) return this.bytes.readIntLE(start, count);
    const unsigned = BigInt(
      `0x${Buffer.from(this.bytes.subarray(start, start + count))
        .reverse()
        .toString('hex')}`,
    );
    const value = BigInt.asIntN(count * 8, unsigned);
    const number = Number(value);
    return Number.isSafeInteger(number) ? number : value;
  }
}
