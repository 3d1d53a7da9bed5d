// Bytes of one item by position: a few bounded reads serve the zip directory and the small entries.
import { readSync } from 'node:fs';
import type { ItemLocation } from '../types.ts';
import { damagedItem } from './problems.ts';

/** The zip directory, the small entries behind the data and the end records of a tensor item take about 1.2 kB. */
const TAIL_BYTES = 2048;
/** `data.pkl`, the small entries before the data and the data's local header take about 700 bytes. */
const HEAD_BYTES = 1024;

interface Window {
  readonly start: number;
  readonly bytes: Buffer;
}

/** Positions are relative to the item's start. */
export class PositionalBytes {
  readonly item: ItemLocation;
  readonly #file: number;
  readonly #windows: Window[] = [];

  constructor(file: number, item: ItemLocation) {
    this.#file = file;
    this.item = item;
  }

  /** Reads the end of the item, and of a small item all of it. */
  loadTail(): void {
    const { length } = this.item;
    const wanted = length <= HEAD_BYTES + TAIL_BYTES ? length : TAIL_BYTES;
    this.#load(length - wanted, wanted);
  }

  /** `[position, position + count)`; valid until the next call only where it is not copied. @throws ConversionError CheckpointDamaged past the item. */
  at(position: number, count: number): Buffer {
    if (!(position >= 0 && count >= 0 && position + count <= this.item.length)) {
      throw damagedItem(this.item, `${count} bytes wanted at ${position} of an item of ${this.item.length} bytes`);
    }
    for (const window of this.#windows) {
      const offset = position - window.start;
      if (offset >= 0 && offset + count <= window.bytes.length) return window.bytes.subarray(offset, offset + count);
    }
    // What is wanted next lies close behind as a rule, so read a little more than asked.
    return this.#load(position, Math.min(Math.max(count, HEAD_BYTES), this.item.length - position)).subarray(0, count);
  }

  #load(start: number, count: number): Buffer {
    const bytes = Buffer.allocUnsafe(count);
    let filled = 0;
    while (filled < count) {
      const read = readSync(this.#file, bytes, filled, count - filled, this.item.offset + start + filled);
      if (read === 0) {
        const wanted = this.item.offset + start + count;
        throw damagedItem(
          this.item,
          `its file ends before byte ${wanted}, the item at ${this.item.offset + this.item.length}`,
        );
      }
      filled += read;
    }
    this.#windows.push({ start, bytes });
    return bytes;
  }
}
