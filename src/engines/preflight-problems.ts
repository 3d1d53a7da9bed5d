// Collects everything that is wrong, so that a person sees all of it at once.
import { ConversionError, FAILURES, type FailureType } from '../contract/failures.ts';

interface Problem {
  readonly type: FailureType;
  readonly message: string;
  readonly cause?: ConversionError;
}

export class PreflightProblems {
  readonly #problems: Problem[] = [];

  add(type: FailureType, messages: readonly string[]): void {
    for (const message of messages) this.#problems.push({ type, message });
  }

  /** Keeps a final `ConversionError` as one problem and lets the others of the list be found too; anything else is thrown on. */
  async collect<T>(work: () => Promise<T>): Promise<T | null> {
    try {
      return await work();
    } catch (error) {
      if (!(error instanceof ConversionError) || FAILURES[error.type].retryable) throw error;
      this.#problems.push({ type: error.type, message: error.message, cause: error });
      return null;
    }
  }

  /**
   * Nothing where nothing is wrong.
   * @throws ConversionError of the one kind that all problems have, else LayoutInvalid; a single collected error as it was.
   */
  throwIfAny(subject: string): void {
    const [first] = this.#problems;
    if (!first) return;
    if (this.#problems.length === 1 && first.cause) throw first.cause;
    const types = new Set(this.#problems.map(({ type }) => type));
    const type = types.size === 1 ? first.type : 'LayoutInvalid';
    const problems = this.#problems.flatMap(({ message, cause }) =>
      cause?.problems.length ? cause.problems : [message],
    );
    const list = this.#problems.map(({ message }) => `\n  - ${message.replaceAll('\n', '\n    ')}`).join('');
    const count = this.#problems.length === 1 ? 'One thing' : `${this.#problems.length} things`;
    throw new ConversionError(type, `${count} must change before ${subject} can be converted:${list}`, {
      problems,
      facts: { types: [...types] },
      cause: first.cause,
    });
  }
}
