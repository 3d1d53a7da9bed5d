// The `.distcp` files of a checkpoint, open for positional reads. Never writes. A pipe under a name would hold the rank: preflight refuses
// pipes, and one that appears later ends with the stall limit.
import { closeSync, openSync, readSync } from 'node:fs';
import { join } from 'node:path';
import { sourceError } from './io-error.ts';

const MAX_OPEN = 64;

export class SourceFiles {
  readonly #checkpoint: string;
  /** By name, least recently used first. */
  readonly #open = new Map<string, number>();

  constructor(checkpoint: string) {
    this.#checkpoint = checkpoint;
  }

  /** The descriptor of a file; valid until the next call. @throws ConversionError SourceChanged, RankFailed. */
  descriptor(file: string): number {
    const path = join(this.#checkpoint, file);
    let descriptor = this.#open.get(file);
    try {
      descriptor ??= openSync(path, 'r');
    } catch (error) {
      throw sourceError(error, path);
    }
    this.#open.delete(file);
    this.#open.set(file, descriptor);
    const [oldest] = this.#open;
    if (this.#open.size > MAX_OPEN && oldest !== undefined) {
      this.#open.delete(oldest[0]);
      closeSync(oldest[1]);
    }
    return descriptor;
  }

  /** Fills `buffer[at, at + count)` from `position` on. Returns the bytes read: fewer only where the file ends. @throws ConversionError RankFailed. */
  read(file: string, buffer: Uint8Array, at: number, count: number, position: number): number {
    const descriptor = this.descriptor(file);
    let filled = 0;
    try {
      while (filled < count) {
        const read = readSync(descriptor, buffer, at + filled, count - filled, position + filled);
        if (read === 0) break;
        filled += read;
      }
    } catch (error) {
      throw sourceError(error, join(this.#checkpoint, file));
    }
    return filled;
  }

  close(): void {
    for (const descriptor of this.#open.values()) closeSync(descriptor);
    this.#open.clear();
  }
}
