// The ranks of an existing world, as rank 0 leads them through one attempt after another.
import { hostname } from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';
import { ConversionError, FAILURES, isFailureType } from '../contract/failures.ts';
import type { Crew, CrewWork } from '../contract/surroundings.ts';
import { formatSeconds } from '../contract/units.ts';
import { resultName, stopName, taskName } from './meeting-paths.ts';
import { Result, readMessage, type Failure, type Member, type Roll, type Task } from './messages.ts';
import { findFreePort } from './free-port.ts';
import { listMeeting } from './open-meeting.ts';
import { nameMember } from './self.ts';
import { runShare } from './share.ts';
import type { ShareOwner } from './share-owner.ts';
import { writeMessage } from './write-message.ts';

const POLL_MS = 300;
/** Polls between two looks at the files. */
const WATCH_EVERY = 5;
/** A rank that is told to stop kills its process after 15 seconds. */
const STOP_SECONDS = 60;

interface RankFailure extends Failure {
  readonly member: Member;
}

/** The dead are not its business: `CrewWork.signal` is aborted where a rank is lost. */
export function makeCrew(meeting: string, roll: Roll, owner: ShareOwner): Crew {
  let last = 0;
  return {
    async run(work) {
      const { engine, byteDigest, attempt } = work;
      const rendezvous = { host: hostname(), port: engine === 'bridge' ? await findFreePort() : 0 };
      const task: Task = { token: roll.token, task: ++last, engine, byteDigest, attempt, rendezvous };
      await writeMessage(meeting, taskName(task.task), task);
      const failures = await follow(meeting, roll, task, work, owner);
      work.signal.throwIfAborted();
      const failure = judge(failures);
      if (failure !== null) throw failure;
    },
  };
}

/** Until every rank has ended its share. The first failure stops the others: what they finished is reused. */
async function follow(
  meeting: string,
  roll: Roll,
  task: Task,
  work: CrewWork,
  owner: ShareOwner,
): Promise<readonly RankFailure[]> {
  const stopping = new AbortController();
  const failures: RankFailure[] = [];
  const waiting = new Map(roll.members.map((member) => [member.rank, member]));
  const take = (member: Member, failure: Failure | null): void => {
    waiting.delete(member.rank);
    if (failure !== null) failures.push({ ...failure, member });
  };
  const doOwn = async (): Promise<void> => {
    const failure = await runShare(owner, task, AbortSignal.any([work.signal, stopping.signal])).then(
      () => null,
      (error: unknown) => (stopping.signal.aborted ? null : describeFailure(error)),
    );
    for (const member of roll.members) if (member.rank === owner.rank) take(member, failure);
  };
  const ownEnd = doOwn();
  try {
    let stopped = Infinity;
    for (let poll = 0; waiting.size > 0 && !work.signal.aborted; poll++) {
      await readResults(meeting, task, waiting, take);
      if (failures.length > 0 && stopped === Infinity) {
        stopped = performance.now();
        stopping.abort();
        await writeMessage(meeting, stopName(task.task), { token: roll.token });
      }
      if (performance.now() - stopped > STOP_SECONDS * 1000) throw describeUnstoppable([...waiting.values()]);
      if (poll % WATCH_EVERY === 0) await work.watch();
      if (waiting.size > 0) await sleep(POLL_MS, undefined, { signal: work.signal }).catch(() => undefined);
    }
  } finally {
    stopping.abort();
    await ownEnd;
  }
  return failures;
}

async function readResults(
  meeting: string,
  { task }: Task,
  waiting: ReadonlyMap<number, Member>,
  take: (member: Member, failure: Failure | null) => void,
): Promise<void> {
  const names = (await listMeeting(meeting)) ?? new Set();
  // A rank that is taken leaves the map.
  for (const member of new Map(waiting).values()) {
    const name = resultName(task, member.rank);
    const result = names.has(name) ? await readMessage(meeting, name, Result) : null;
    if (result?.token === member.token) take(member, result.failure);
  }
}

function describeUnstoppable(members: readonly Member[]): ConversionError {
  const message = `${members.map(nameMember).join(', ')} did not stop within ${formatSeconds(STOP_SECONDS)} after another rank had failed: a file system may hold it.`;
  return new ConversionError('RankFailed', message, { problems: [message], facts: { final: true } });
}

/** As a launch judges its ranks: a final failure stays what it is, the others are `RankFailed` or a stall. */
function judge(failures: readonly RankFailure[]): ConversionError | null {
  const [first] = failures;
  if (first === undefined) return null;
  const decisive = failures.find(({ type }) => isFinal(type)) ?? first;
  const type = isFailureType(decisive.type) ? decisive.type : 'RankFailed';
  const others = failures.filter((failure) => failure !== decisive);
  const told = [decisive, ...(isFinal(type) ? [] : others)].map(
    ({ member, message }) => `${nameMember(member)}: ${message}`,
  );
  return new ConversionError(type, told.join('\n'), {
    problems: failures.flatMap(({ problems }) => problems),
    facts: { ...decisive.facts, rank: decisive.member.rank, host: decisive.member.host },
  });
}

const isFinal = (type: string): boolean => isFailureType(type) && !FAILURES[type].retryable;

/** A failure as a message carries it. */
export function describeFailure(error: unknown): Failure {
  if (error instanceof ConversionError) {
    const { type, message, problems, facts } = error;
    return { type, message, problems: [...problems], facts: { ...facts } };
  }
  const message = error instanceof Error ? (error.stack ?? error.message) : String(error);
  return { type: 'RankFailed', message, problems: [], facts: {} };
}
