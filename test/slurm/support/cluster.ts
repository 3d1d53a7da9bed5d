// A real Slurm of two nodes on this machine: one slurmctld and two slurmd in a temporary folder, on free ports, ended by their pids.
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { hostname, tmpdir, userInfo } from 'node:os';
import { join } from 'node:path';
import { findFreePorts } from '../../support/temporal-server.ts';
import { callSlurm } from './call-slurm.ts';

const START_LIMIT = 60_000;
const STOP_LIMIT = 10_000;
const NODES = ['n0', 'n1'] as const;

export interface SlurmCluster {
  /** SLURM_CONF of every client. */
  readonly conf: string;
  readonly folder: string;
  /** Runs one of Slurm's programs and gives its standard output. */
  readonly call: (program: string, ...args: string[]) => Promise<string>;
  /** Ends slurmctld; jobs run on. */
  readonly stopController: () => Promise<void>;
  /** Starts it again with the state that it left. */
  readonly startController: () => Promise<void>;
  /** Cancels all jobs, ends all daemons, removes the folder. */
  readonly stop: () => Promise<void>;
}

/**
 * Starts the cluster and waits until both nodes are idle.
 * @param options.minJobAge - seconds after which a finished job may be forgotten
 * @throws Error with the daemons' last lines.
 */
export async function startSlurm(options: { readonly minJobAge?: number } = {}): Promise<SlurmCluster> {
  const folder = await mkdtemp(join(tmpdir(), 'slurm-'));
  const conf = join(folder, 'slurm.conf');
  for (const name of ['state', 'run', ...NODES.map((node) => `spool/${node}`)]) {
    await mkdir(join(folder, name), { recursive: true });
  }
  const [controlPort = 0, ...nodePorts] = await findFreePorts(1 + NODES.length);
  await writeFile(conf, configure(folder, [controlPort, ...nodePorts], options.minJobAge ?? 300));
  const call = (program: string, ...args: string[]): Promise<string> => callSlurm(conf, program, ...args);
  let controller = startDaemon('slurmctld', ['-D', '-c', '-f', conf]);
  const nodes = NODES.map((node) => startDaemon('slurmd', ['-D', '-f', conf, '-N', node]));
  const stop = async (): Promise<void> => {
    await call('scancel', `--user=${userInfo().username}`).catch(() => undefined);
    await waitUntil(async () => (await call('squeue', '--noheader')) === '').catch(() => undefined);
    await Promise.all([controller, ...nodes].map(endDaemon));
    await rm(folder, { recursive: true, force: true, maxRetries: 5 });
  };
  const isIdle = async (): Promise<boolean> => {
    for (const daemon of [controller, ...nodes])
      if (daemon.exitCode !== null) throw new Error(`${daemon.spawnargs.join(' ')} ended`);
    return (await call('sinfo', '--noheader', '--format=%T', '--Node')).split('\n').every((state) => state === 'idle');
  };
  try {
    await waitUntil(isIdle);
  } catch (error) {
    const logs = await Promise.all(
      ['slurmctld.log', 'n0.log'].map((name) => readFile(join(folder, name), 'utf8').catch(() => '')),
    );
    await stop();
    throw new Error(`Slurm did not start\n${logs.map((log) => log.slice(-2000)).join('\n')}`, { cause: error });
  }
  return {
    conf,
    folder,
    call,
    stopController: () => endDaemon(controller),
    async startController() {
      controller = startDaemon('slurmctld', ['-D', '-f', conf]);
      await waitUntil(async () => (await call('scontrol', 'ping')).includes('UP'));
    },
    stop,
  };
}

/** Tied to us by the kernel: a killed test run leaves no daemon behind. */
function startDaemon(program: string, args: readonly string[]): ChildProcess {
  const environment = { ...process.env, PATH: `${process.env['PATH'] ?? ''}:/usr/sbin:/sbin` };
  return spawn('setpriv', ['--pdeathsig', 'KILL', '--', program, ...args], { env: environment, stdio: 'ignore' });
}

async function endDaemon(daemon: ChildProcess): Promise<void> {
  if (daemon.exitCode !== null || daemon.signalCode !== null) return;
  const gone = once(daemon, 'exit');
  daemon.kill('SIGTERM');
  const killer = setTimeout(() => daemon.kill('SIGKILL'), STOP_LIMIT);
  await gone;
  clearTimeout(killer);
}

async function waitUntil(holds: () => Promise<boolean>): Promise<void> {
  const deadline = Date.now() + START_LIMIT;
  for (;;) {
    const seen = await holds().catch((error: unknown) => {
      if (Date.now() > deadline) throw error;
      return false;
    });
    if (seen) return;
    if (Date.now() > deadline) throw new Error('waited in vain');
    await new Promise((resolve) => setTimeout(resolve, 200));
  }
}

/** No munge, no cgroups, no accounting, no systemd: what a container has. Nodes pretend to have 16 CPUs each. */
function configure(folder: string, [controlPort, ...nodePorts]: readonly number[], minJobAge: number): string {
  const user = userInfo().username;
  const nodes = NODES.map(
    (node, index) =>
      `NodeName=${node} NodeHostname=${hostname()} NodeAddr=127.0.0.1 Port=${nodePorts[index]} CPUs=16 RealMemory=16000`,
  );
  return [
    'ClusterName=test',
    'SlurmctldHost=localhost(127.0.0.1)',
    `SlurmUser=${user}`,
    `SlurmdUser=${user}`,
    `SlurmctldPort=${controlPort}`,
    'AuthType=auth/none',
    'CredType=cred/none',
    'ProctrackType=proctrack/linuxproc',
    'TaskPlugin=task/none',
    'SwitchType=switch/none',
    'JobAcctGatherType=jobacct_gather/none',
    'AccountingStorageType=accounting_storage/none',
    'SelectType=select/cons_tres',
    'SelectTypeParameters=CR_Core',
    'PreemptType=preempt/partition_prio',
    'PreemptMode=CANCEL',
    'MpiDefault=none',
    'SlurmdParameters=config_overrides',
    'SchedulerParameters=sched_min_interval=0,bf_interval=1',
    'ReturnToService=2',
    'KillWait=5',
    `MinJobAge=${minJobAge}`,
    `StateSaveLocation=${folder}/state`,
    `SlurmdSpoolDir=${folder}/spool/%n`,
    `SlurmctldPidFile=${folder}/run/slurmctld.pid`,
    `SlurmdPidFile=${folder}/run/slurmd.%n.pid`,
    `SlurmctldLogFile=${folder}/slurmctld.log`,
    `SlurmdLogFile=${folder}/%n.log`,
    ...nodes,
    'PartitionName=lab Nodes=n[0-1] Default=YES MaxTime=INFINITE State=UP',
    // A pre-empted job of this one gets SIGTERM, and this many seconds.
    'PartitionName=graceful Nodes=n[0-1] GraceTime=30 MaxTime=INFINITE State=UP',
    // What is submitted here takes its nodes from jobs of the other two.
    'PartitionName=urgent Nodes=n[0-1] PriorityTier=10 MaxTime=INFINITE State=UP',
    '',
  ].join('\n');
}
