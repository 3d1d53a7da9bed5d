// A file that is being written: its bytes, their SHA-256, and system errors as failures that name it.
import { createHash } from 'node:crypto';
import { closeSync, fsyncSync, openSync, rmSync, writeSync } from 'node:fs';
import { targetError } from './io-error.ts';

export class OutputFile {
  readonly path: string;
  /** Bytes written so far. */
  position = 0;
  readonly #bytes: number;
  readonly #onBytes: (position: number) => void;
  readonly #sha256 = createHash('sha256');
  #descriptor: number | null;

  /** Creates or truncates `path`; `bytes` is the size it will have. @throws ConversionError as `guard`. */
  constructor(path: string, bytes: number, onBytes: (position: number) => void) {
    this.path = path;
    this.#bytes = bytes;
    this.#onBytes = onBytes;
    this.#descriptor = this.guard(() => openSync(path, 'w'));
  }

  /** Runs a system call on the target's side. @throws ConversionError InsufficientSpace, TargetRefused, RankFailed. */
  guard<T>(act: () => T): T {
    try {
      return act();
    } catch (error) {
      throw targetError(error, this.path, this.#bytes);
    }
  }

  write(bytes: Buffer): void {
    const descriptor = this.#descriptor;
    if (descriptor === null) throw new Error(`${this.path} is closed`);
    for (let written = 0; written < bytes.length;)
      written += this.guard(() => writeSync(descriptor, bytes, written, bytes.length - written));
    this.#sha256.update(bytes);
    this.position += bytes.length;
    this.#onBytes(this.position);
  }

  /** Makes the bytes durable, closes the file and returns the SHA-256 of all of them, hex. */
  flush(): string {
    const descriptor = this.#descriptor;
    if (descriptor === null) throw new Error(`${this.path} is closed`);
    this.guard(() => {
      fsyncSync(descriptor);
    });
    this.#close();
    return this.#sha256.digest('hex');
  }

  /** Removes what was written: it is of no use, and a full disk needs the room. */
  discard(): void {
    this.#close();
    rmSync(this.path, { force: true });
  }

  #close(): void {
    if (this.#descriptor !== null) closeSync(this.#descriptor);
    this.#descriptor = null;
  }
}
