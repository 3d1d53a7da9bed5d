// What the worker, or the command line without a server, brings to a conversion: the world around the request.
import type { Progress } from './results.ts';

/** What a worker may do and has: `config/worker.yaml`. Programs are never workflow input. */
export interface WorkerPolicy {
  /** Source, target and local references must lie below one of these, after links are resolved. `['/']` allows everything. */
  readonly allowedRoots: readonly string[];
  /** Hub references (repository@commit) or directory digests whose code may run; `['*']` allows all. */
  readonly remoteCode: readonly string[];
  /** torchrun, with leading arguments. */
  readonly torchrun: readonly string[];
  /** Python with transformers, for the smoke generation. */
  readonly python: readonly string[];
  /** Wraps torchrun: a container runtime, numactl, ... */
  readonly launchPrefix: readonly string[];
  /** Memory in bytes for the smoke process; null = what the machine has. */
  readonly smokeMemory: number | null;
}

/** Who does the work: recorded in the ownership record and in the manifest. */
export interface Worker {
  readonly kind: 'workflow' | 'cli';
  /** Workflow id, or `cli-<host>-<pid>`. */
  readonly workflowId: string;
  readonly runId: string;
  readonly attempt: number;
  readonly namespace: string | null;
  readonly host: string;
  readonly pid: number;
}

/** Passed to every long operation of the domain. */
export interface Surroundings {
  readonly signal: AbortSignal;
  readonly onProgress: (progress: Progress) => void;
  readonly policy: WorkerPolicy;
  readonly worker: Worker;
  /** Details of the previous attempt's last heartbeat, unparsed. */
  readonly previous: unknown;
  /** Whether the recorded owner of a target is still at work. */
  readonly isOwnerAlive: (owner: Worker) => Promise<boolean>;
}
