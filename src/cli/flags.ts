// What the options of each command become.

export interface CancelFlags {
  readonly json?: true;
}

export interface CheckFlags {
  readonly json?: true;
}

export interface ConvertFlags {
  readonly config?: string;
  readonly worker?: string;
  readonly run?: string;
  readonly dryRun?: true;
  readonly forceSquash?: true;
  readonly json?: true;
}

export interface DescribeFlags {
  readonly json?: true;
}

export interface DevFlags {
  readonly port: string;
  readonly uiPort: string;
  readonly db?: string;
  readonly config?: string;
}

export interface DiffFlags {
  readonly reference?: string;
  readonly tolerance?: number;
  readonly all?: true;
  readonly json?: true;
}

export interface InspectFlags {
  readonly reference?: string;
  readonly all?: true;
  readonly json?: true;
}

export interface ProfileListFlags {
  readonly config?: string;
  readonly json?: true;
}

export interface ProfileNewFlags {
  readonly executor?: string;
}

export interface ProfileImportFlags {
  readonly out?: string;
}

export interface RetryFlags {
  readonly from?: 'start' | 'smoke';
  readonly detach?: true;
  readonly json?: true;
}

export interface RunFlags {
  readonly config?: string;
  readonly run?: string;
  readonly batch?: string;
  readonly dryRun?: true;
  readonly detach?: true;
  readonly forceSquash?: true;
  readonly json?: true;
}

export interface StatusFlags {
  readonly follow?: true;
  readonly json?: true;
}

export interface WorkerFlags {
  readonly config?: string;
}
