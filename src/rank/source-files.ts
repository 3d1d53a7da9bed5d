// The `.distcp` files of a checkpoint, open for positional reads. Never writes.
import { closeSync, constants, fstatSync, openSync, readSync } from 'node:fs';
import { join } from 'node:path';
import { ConversionError } from '../contract/failures.ts';
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
      descriptor ??= openRegular(path);
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

/** A pipe under the name is refused instead of waited for. */
function openRegular(path: string): number {
  const descriptor = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
  if (fstatSync(descriptor).isFile()) return descriptor;
  closeSync(descriptor);
  const message = `${path} is not a regular file any more.`;
  throw new ConversionError('SourceChanged', message, { problems: [message], facts: { path } });
}
