// What test workers ask the one Python of the test run, and its answer.
import { z } from 'zod';

export const PythonRequest = z.object({
  /** Absolute path. */
  script: z.string(),
  args: z.array(z.string()),
  /** Holds `stdin`; gets `stdout` and `stderr`. */
  directory: z.string(),
});
export type PythonRequest = z.infer<typeof PythonRequest>;

export interface PythonAnswer {
  readonly id: string;
  /** Exit code; negative where a signal ended the script. */
  readonly code: number;
}
