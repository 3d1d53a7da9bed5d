// CRC-32 of one source item, gathered from reads in any order. A byte that is read twice counts once.
import { crc32 } from 'node:zlib';
import { combineCrc } from './crc-combine.ts';

interface Extent {
  readonly begin: number;
  end: number;
  crc: number;
}

/** Positions are bytes of the item's storage. */
export class ItemChecksum {
  /** Sorted and disjoint; neighbours may touch. */
  readonly #extents: Extent[] = [];

  /** Takes note of `bytes` read at `begin`. `crc` is their CRC-32 where the caller has it already. */
  add(begin: number, bytes: Uint8Array, crc?: number): void {
    const end = begin + bytes.length;
    let position = begin;
    let index = this.#firstEndingAfter(begin);
    while (position < end) {
      const next = this.#extents[index];
      const gapEnd = next === undefined ? end : Math.min(end, next.begin);
      if (gapEnd > position) {
        const whole = position === begin && gapEnd === end;
        const grown = this.#insert(
          index,
          position,
          bytes.subarray(position - begin, gapEnd - begin),
          whole ? crc : undefined,
        );
        if (!grown) index++;
      }
      position = Math.max(gapEnd, next?.end ?? end);
      index++;
    }
  }

  /** The parts of `[0, size)` that were not read, in order. */
  gaps(size: number): (readonly [begin: number, end: number])[] {
    const gaps: (readonly [number, number])[] = [];
    let position = 0;
    for (const { begin, end } of this.#extents) {
      if (begin > position) gaps.push([position, begin]);
      position = end;
    }
    if (position < size) gaps.push([position, size]);
    return gaps;
  }

  /** The CRC-32 of the whole, once there is no gap. */
  value(): number {
    return this.#extents.reduce((crc, extent) => combineCrc(crc, extent.crc, extent.end - extent.begin), 0);
  }

  /** Returns true when the bytes continued the extent before them, so that no extent was added. */
  #insert(index: number, begin: number, bytes: Uint8Array, crc: number | undefined): boolean {
    const before = this.#extents[index - 1];
    const end = begin + bytes.length;
    if (before?.end !== begin) {
      this.#extents.splice(index, 0, { begin, end, crc: crc ?? crc32(bytes) });
      return false;
    }
    before.crc = crc === undefined ? crc32(bytes, before.crc) : combineCrc(before.crc, crc, bytes.length);
    before.end = end;
    return true;
  }

  #firstEndingAfter(position: number): number {
    const last = this.#extents.at(-1);
    if (last === undefined || last.end <= position) return this.#extents.length;
    let low = 0;
    let high = this.#extents.length - 1;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((this.#extents[middle]?.end ?? 0) > position) high = middle;
      else low = middle + 1;
    }
    return low;
  }
}
