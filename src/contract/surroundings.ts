// What the worker, or the command line without a server, brings to a conversion: the world around the request.
import type { BridgePolicy } from './bridge.ts';
import type { Profiles } from './profiles.ts';
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
  /** What engine `bridge` may use; null: this worker does not offer it. */
  readonly bridge: BridgePolicy | null;
  /** Where ranks may run, by name. `local`, the worker's own machine with the programs above, is there even where it is not named. */
  readonly profiles: Profiles;
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

/** Ranks that are there already: those of a torchrun or Slurm world that this process is rank 0 of. They convert, and none is started. */
export interface Crew {
  /**
   * Every rank does its share of an attempt that is open in staging.
   * @throws the signal's reason; ConversionError of a rank, RankFailed, ConversionStalled
   */
  readonly run: (work: CrewWork) => Promise<void>;
}

export interface CrewWork {
  readonly engine: 'stream' | 'bridge';
  /** Of the plan; the staging directory is named after it. */
  readonly byteDigest: string;
  readonly attempt: number;
  readonly signal: AbortSignal;
  /** Called every few seconds and once after the end: a look at the files that the ranks write. */
  readonly watch: () => Promise<unknown>;
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
  /**
   * Once `signal` is aborted: whether another worker goes on with the work (this one shuts down, or the attempt was timed out,
   * reset or replaced). A job that runs elsewhere is left to it then. Left out: never.
   */
  readonly isHandedOver?: () => Promise<boolean>;
  /** Whether no attempt follows this one, whatever its failure. Left out: not known. */
  readonly isLastAttempt?: boolean;
  /** Left out: ranks are started. */
  readonly crew?: Crew;
}
