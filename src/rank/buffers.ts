// The memory of one writer: a few buffers, made once and used for every block. Together they bound the memory of a rank.

/** Blocks of 1 to 8 MB are equally fast; larger ones cost CPU (measured). */
const BLOCK_BYTES = 1 << 20;
/** A transpose reads runs as long as the block has rows: larger blocks mean longer runs. */
const LARGE_BLOCK_BYTES = 8 << 20;
const STAGING_BYTES = 1 << 20;

export class Buffers {
  #block: Buffer | undefined;
  #largeBlock: Buffer | undefined;
  #staging: Buffer | undefined;
  #output: Buffer | undefined;

  block(): Buffer {
    return (this.#block ??= allocate(BLOCK_BYTES));
  }

  largeBlock(): Buffer {
    return (this.#largeBlock ??= allocate(LARGE_BLOCK_BYTES));
  }

  staging(): Buffer {
    return (this.#staging ??= allocate(STAGING_BYTES));
  }

  /** For converted elements, at least `bytes` long. */
  output(bytes: number): Buffer {
    if (this.#output === undefined || this.#output.length < bytes) this.#output = allocate(bytes);
    return this.#output;
  }
}

/** Own memory from offset 0, not a piece of Node's pool: views of any element size begin aligned. */
function allocate(bytes: number): Buffer {
  return Buffer.from(new ArrayBuffer(bytes));
}
