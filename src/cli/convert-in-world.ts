// `convert` as one of the ranks of a torchrun or Slurm world: rank 0 runs the pipeline and reports, all convert.
import { ConversionError, type ConversionInput } from '../contract/index.ts';
import { loadWorkerConfig } from '../config/worker-policy.ts';
import type { WorkerPolicy } from '../contract/surroundings.ts';
import { LOCAL_PROFILE } from '../contract/profiles.ts';
import { writeErrorFile } from '../rank/report-error.ts';
import { watchParent } from '../rank/watch-parent.ts';
import type { World } from '../world/find-world.ts';
import { follow } from '../world/follow.ts';
import { lead, type Leadership } from '../world/lead.ts';
import { describeMember } from '../world/self.ts';
import { convertAndReport, reportFailed, type Showing } from './convert-and-report.ts';
import type { ConvertFlags } from './flags.ts';
import { EXIT_CODES } from './exit-codes.ts';
import { listenForInterrupt } from './interrupt.ts';
import { isOwnerAlive } from './is-owner-alive.ts';
import { describeSelf } from './reader-surroundings.ts';
import { readVersion } from './version.ts';

/** @returns the exit code: the same on all ranks, unless one of them is lost */
export async function convertInWorld(world: World, asked: ConversionInput, flags: ConvertFlags): Promise<number> {
  watchParent(() => dieWithLauncher(world), false);
  const showing: Showing = {
    ...flags,
    onFailure: ({ type, message, exit_code }) => tellTorchrun(type, message, exit_code),
  };
  // Ctrl-C reaches a rank from the terminal and once more from its launcher, which also kills what does not end.
  const interrupt = listenForInterrupt({ isPatient: true });
  const { signal } = interrupt;
  try {
    const input = fitToWorld(asked, world);
    const { policy } = await loadWorkerConfig(flags.worker);
    const self = describeMember(world, input, readVersion());
    const rank: Leadership = { world, self, input, surroundings: surroundingsOf(policy), signal };
    if (world.rank > 0) return await follow(rank);
    return await lead(
      rank,
      (led) => convertAndReport(input, { policy, ...led }, showing),
      (error) => reportFailed(error, signal, showing),
    );
  } catch (error) {
    // Rank 0 says that it was interrupted, and another rank of the same machine that rank 0 is lost.
    if (world.rank > 0 && signal.aborted) return EXIT_CODES.interrupted.code;
    if (error instanceof ConversionError && error.facts['quiet'] === true) return EXIT_CODES.failed.code;
    return await reportFailed(error, signal, showing);
  } finally {
    interrupt.stop();
  }
}

const surroundingsOf = (policy: WorkerPolicy): Leadership['surroundings'] => ({
  policy,
  worker: describeSelf(),
  onProgress: () => undefined,
  previous: null,
  isOwnerAlive,
});

/** The ranks are those of the world, whatever the request says: the manifest and the rules of the layout shall know them. */
function fitToWorld(input: ConversionInput, { size, launcher }: World): ConversionInput {
  if (input.profile != null && input.profile !== LOCAL_PROFILE) {
    const message = `profile=${input.profile} names where ranks are to be started, but this command runs as a rank of a ${launcher} world already. Leave profile out.`;
    throw new ConversionError('InvalidInput', message, { problems: [message] });
  }
  const settled = new Set(['torchrun.nproc_per_node', 'torchrun.nnodes']);
  return {
    ...input,
    torchrun: { nproc_per_node: size, nnodes: 1 },
    defaulted: input.defaulted.filter((name) => !settled.has(name)),
  };
}

/** torchrun shows it as the root cause. */
function tellTorchrun(type: string, message: string, exitCode: number): void {
  writeErrorFile(process.env['TORCHELASTIC_ERROR_FILE'], `${type}: ${message}`, exitCode);
}

/** A rank without its launcher is an orphan that nobody would end; the others see it die. */
function dieWithLauncher({ rank, launcher }: World): void {
  process.stderr.write(
    `rank ${rank}: its launcher (${launcher}) is gone, so it ends as well; finished files are reused\n`,
  );
  // Not process.exit, which waits for threads. Children die with this process.
  process.kill(process.pid, 'SIGKILL');
}
