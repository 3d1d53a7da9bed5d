// The one subprocess runner: torchrun, ranks, the smoke program.
import type { ChildProcess } from 'node:child_process';
import type { Readable } from 'node:stream';
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
/** Once the process is gone and its pipes have been silent for so long, what it wrote has been read. */
const LINGER_MS = 2000;
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
  const abandon = abandonPipes(subprocess);
  const result = await subprocess;
  abandon.stop();
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

interface Piped {
  readonly nodeChildProcess: ChildProcess;
  readonly stdout: Readable;
  readonly stderr: Readable;
}

/** A child that outlives the process, in a session of its own say, holds the pipes open: nobody waits for what it may still write. */
function abandonPipes({ nodeChildProcess, stdout, stderr }: Piped): { stop: () => void } {
  let timer: NodeJS.Timeout | undefined;
  let last = performance.now();
  const hear = (): void => {
    last = performance.now();
  };
  const look = (): void => {
    // A busy event loop reads what is waiting before it comes to this.
    setImmediate(() => {
      if (timer === undefined) return;
      if (performance.now() - last < LINGER_MS) timer = setTimeout(look, LINGER_MS);
      else for (const pipe of [stdout, stderr]) pipe.destroy();
    });
  };
  for (const pipe of [stdout, stderr]) pipe.on('data', hear);
  nodeChildProcess.once('exit', () => {
    hear();
    timer = setTimeout(look, LINGER_MS);
  });
  return {
    stop: () => {
      clearTimeout(timer);
      timer = undefined;
    },
  };
}
