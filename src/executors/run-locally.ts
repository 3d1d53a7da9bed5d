// Ranks as children of this process. They end with it: a new worker cannot attach to them, and starts those files again that were not finished.
import type { LocalProfile } from '../contract/profiles.ts';
import { launchRanks } from '../launch/launch-ranks.ts';
import type { Place } from './place.ts';
import type { FinishedJob, JobRequest } from './job-request.ts';

export async function runLocally(request: JobRequest, profile: LocalProfile, place: Place): Promise<FinishedJob> {
  const { world, watch, onLine } = request;
  const attempt = await request.openAttempt();
  await launchRanks({
    program: request.program(attempt, place),
    mark: request.mark,
    ranks: world.nodes * world.ranksPerNode,
    distributed: world.distributed,
    policy: { torchrun: place.torchrun, launchPrefix: profile.launch_prefix ?? request.policy.launchPrefix },
    environment: { ...profile.env, ...request.environment },
    signal: request.signal,
    stallSeconds: request.stallSeconds,
    onEvent: (event) => request.onEvent?.(event),
    ...(watch === undefined ? {} : { watch: () => watch(attempt) }),
    ...(onLine === undefined ? {} : { onLine }),
  });
  return { attempt, jobId: null };
}
