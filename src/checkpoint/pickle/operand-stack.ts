// The machine's stack with its marks. Every access is checked: malformed bytes cannot reach below a mark.
import type { PickleValue } from './values.ts';

/** Real checkpoints nest about a dozen marks, and push batches of a thousand. */
const MAX_MARKS = 256;
const MAX_STACK = 1 << 20;

export class OperandStack {
  readonly #values: PickleValue[] = [];
  readonly #marks: number[] = [];
  readonly #fail: (problem: string) => Error;

  /** @param fail makes the error of a problem. */
  constructor(fail: (problem: string) => Error) {
    this.#fail = fail;
  }

  push(value: PickleValue): void {
    if (this.#values.push(value) > MAX_STACK) throw this.#fail(`stacks more than ${MAX_STACK} values`);
  }

  top(): PickleValue {
    const value = this.#values.length > this.#floor() ? this.#values.at(-1) : undefined;
    if (value === undefined) throw this.#fail('works on an empty stack');
    return value;
  }

  pop(): PickleValue {
    const value = this.#values.length > this.#floor() ? this.#values.pop() : undefined;
    if (value === undefined) throw this.#fail('takes a value from an empty stack');
    return value;
  }

  /** The last `count` values, in the order they were pushed. */
  popLast(count: number): PickleValue[] {
    const start = this.#values.length - count;
    if (start < this.#floor()) throw this.#fail(`takes ${count} values from a shorter stack`);
    return this.#values.splice(start, count);
  }

  mark(): void {
    if (this.#marks.push(this.#values.length) > MAX_MARKS) throw this.#fail(`nests more than ${MAX_MARKS} deep`);
  }

  popToMark(): PickleValue[] {
    const start = this.#marks.pop();
    if (start === undefined) throw this.#fail('has no mark where one is needed');
    return this.#values.splice(start);
  }

  /** POP takes a mark where one is on top. */
  drop(): void {
    if (this.#marks.at(-1) === this.#values.length) this.#marks.pop();
    else this.pop();
  }

  /** The one value that is left at the end. */
  only(): PickleValue {
    if (this.#values.length !== 1 || this.#marks.length > 0) throw this.#fail('ends without exactly one value');
    return this.top();
  }

  #floor(): number {
    return this.#marks.at(-1) ?? 0;
  }
}
