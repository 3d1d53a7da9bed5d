// The one subprocess runner: torchrun, ranks, the smoke program.
import { execa } from 'execa';
import { dyingWithParent } from './die-with-parent.ts';
import { minimalEnvironment } from './environment.ts';
import { splitLines } from './split-lines.ts';

export interface ProcessRequest {
  /** Program and arguments; no shell is involved. */
  readonly command: readonly [string, ...string[]];
  /** Ends the process and everything in its process group: SIGTERM, then SIGKILL after `killAfterSeconds`. */
  readonly signal: AbortSignal;
  /** Variables on top of the allow-list of `environment.ts`. */
  readonly env?: Readonly<Record<string, string>>;
  readonly cwd?: string;
  /** Limit in seconds; none by default. */
  readonly timeoutSeconds?: number;
  /** @default 5 */
  readonly killAfterSeconds?: number;
  readonly onLine?: (line: string, stream: 'stdout' | 'stderr') => void;
  /** Signal the kernel sends to the process when this process dies, SIGKILL included. Needs `setpriv`; without it, nothing. @default 'KILL' */
  readonly parentDeathSignal?: 'KILL' | 'TERM';
  /** Keeps the child's stdin open until this process is gone, so that it can notice our death by end of file. @default false */
  readonly lifeline?: boolean;
}

export interface ProcessResult {
  /** Null when a signal ended the process, or it never started. */
  readonly exitCode: number | null;
  readonly signalName: string | null;
  /** `signal` was aborted. The caller decides what that means. */
  readonly aborted: boolean;
  readonly timedOut: boolean;
  /** Why the program could not be started (ENOENT, EACCES, ...), else null. */
  readonly startError: string | null;
  /** The last 50 lines of both streams, in the order of their arrival. */
  readonly tail: readonly string[];
  readonly seconds: number;
}

const TAIL_LINES = 50;
/** What util-linux setpriv prints (exit code 126 or 127) when the program behind it cannot be executed. */
const SETPRIV_FAILED = 'setpriv: failed to execute';

/** Runs a program to its end and says how it ended. Never throws for what the program does; exceptions of `onLine` pass through. */
export async function runProcess(request: ProcessRequest): Promise<ProcessResult> {
  const started = performance.now();
  const tail: string[] = [];
  const [file, ...args] = await dyingWithParent(request.command, request.parentDeathSignal ?? 'KILL');
  const subprocess = execa(file, args, {
    env: minimalEnvironment(request.env),
    extendEnv: false,
    ...(request.cwd === undefined ? {} : { cwd: request.cwd }),
    ...(request.timeoutSeconds === undefined ? {} : { timeout: request.timeoutSeconds * 1000 }),
    stdin: request.lifeline ? 'pipe' : 'ignore',
    stdout: 'pipe',
    stderr: 'pipe',
    buffer: false,
    reject: false,
    cancelSignal: request.signal,
    killDescendants: true,
    forceKillAfterDelay: (request.killAfterSeconds ?? 5) * 1000,
  });
  for (const stream of ['stdout', 'stderr'] as const) {
    const lines = splitLines((line) => {
      tail.push(line);
      if (tail.length > TAIL_LINES) tail.shift();
      request.onLine?.(line, stream);
    });
    subprocess[stream].on('data', (chunk: Buffer) => lines.write(chunk));
    subprocess[stream].on('end', () => lines.end());
  }
  const result = await subprocess;
  const neverStarted = result.failed && result.exitCode === undefined && result.signal === undefined;
  const notFound = tail.find((line) => line.startsWith(SETPRIV_FAILED)) ?? null;
  const startError = notFound ?? (neverStarted ? (result.originalMessage ?? result.shortMessage ?? 'unknown') : null);
  return {
    exitCode: result.exitCode ?? null,
    signalName: result.signal ?? null,
    aborted: request.signal.aborted,
    timedOut: result.timedOut,
    startError: request.signal.aborted ? null : startError,
    tail,
    seconds: (performance.now() - started) / 1000,
  };
}
