// From a look to a verdict. Pure: what was seen, what the previous look left, the options and the time decide.
import { formatSeconds } from '../../contract/units.ts';
import { describeMissingPath, describeProgress, describeShortFiles } from './describe.ts';
import { judgeGenerations, type TimedFile } from './generations.ts';
import type { Carry, JudgeOptions, Look, Verdict } from './types.ts';
import { findWarnings } from './warnings.ts';

interface Situation {
  readonly look: Look;
  readonly options: JudgeOptions;
  /** Seconds without a change: by our own looks or, where these saw none, by the file times. */
  readonly quiet: number;
  /** Whether an earlier look saw exactly the same. */
  readonly confirmed: boolean;
}

/** @param now milliseconds since 1970. */
export function judge(look: Look, previous: Carry | null, options: JudgeOptions, now: number): Verdict {
  const confirmed = previous?.digest === look.digest;
  const observed = now - (confirmed ? previous.since : look.at);
  const changing = previous !== null && (previous.changed || !confirmed);
  const byTimes = changing || look.newest === 0 ? 0 : now - look.newest;
  const quiet = Math.max(observed, byTimes, 0) / 1000;
  if (look.place !== 'directory') return judgeAbsent(look, previous, options, now);
  return judgeDirectory({ look, options, quiet, confirmed });
}

function judgeAbsent(look: Look, previous: Carry | null, options: JudgeOptions, now: number): Verdict {
  const message = describeMissingPath(look);
  if (look.place === 'not a directory') return final('CheckpointUnsupported', message);
  if (look.place === 'parent missing') return final('CheckpointNotFound', message);
  const waited = (now - (previous?.firstSeen ?? look.at)) / 1000;
  if (waited < options.appear) {
    return {
      verdict: 'incomplete',
      message,
      missing: [],
      unchangedSeconds: waited,
      stalled: false,
      unconfirmed: false,
    };
  }
  return final('CheckpointNotFound', `${message} It did not appear in ${formatSeconds(waited)} (wait.appear).`);
}

function judgeDirectory(situation: Situation): Verdict {
  const { look } = situation;
  if (look.unsupported !== null) return final('CheckpointUnsupported', `${look.path} is refused: ${look.unsupported}.`);
  if (look.refused !== null) return judgeRefused(situation, look.refused);
  if (look.checkpoint === null) {
    if (look.damage.length > 0) return judgeDamage(situation);
    return incomplete(
      situation,
      `.metadata, which a save writes after all shards, is not there yet (${describeProgress(look)})`,
    );
  }
  if (look.shortFiles.length > 0) return incomplete(situation, describeShortFiles(look));
  if (look.damage.length > 0) return judgeDamage(situation);
  if (look.metadataJson.state === 'absent') return judgeNoMetadataJson(situation);
  return judgeTimes(situation);
}

function judgeRefused(situation: Situation, refused: string): Verdict {
  const { look, options, quiet, confirmed } = situation;
  const message = `${look.path} is refused: ${refused}`;
  if (quiet >= options.settle && confirmed) return final('CheckpointUnsupported', message);
  return incomplete(situation, `.metadata cannot be read as it is now: ${refused}`, quiet >= options.settle);
}

/** A copy in progress shows the same contradictions as damage, until it is over. */
function judgeDamage(situation: Situation): Verdict {
  const { look, options, quiet, confirmed } = situation;
  const list = look.damage.length === 1 ? ` ${look.damage[0]}` : `\n  ${look.damage.join('\n  ')}`;
  if (quiet >= options.settle && confirmed) {
    return final(
      'CheckpointDamaged',
      `${look.path} contradicts itself, and nothing has changed for ${formatSeconds(quiet)}:${list}`,
      look.damage,
    );
  }
  return incomplete(situation, `parts of it are not whole:${list}`, quiet >= options.settle);
}

function judgeNoMetadataJson(situation: Situation): Verdict {
  const { look, options, quiet, confirmed } = situation;
  if (quiet >= options.settle && confirmed) {
    return final(
      'CheckpointUnsupported',
      `${look.path} has .metadata but no metadata.json, and nothing has changed for ${formatSeconds(quiet)}: either it is no torch_dist checkpoint ` +
        '(fsdp_dtensor looks like this), or its save died between the two files. Save it again as torch_dist.',
    );
  }
  return incomplete(
    situation,
    'metadata.json, which a save writes after .metadata, is not there yet',
    quiet >= options.settle,
  );
}

/** Everything agrees; what is left is whether somebody is writing another save over it. */
function judgeTimes(situation: Situation): Verdict {
  const { look, options, quiet, confirmed } = situation;
  const metadata = look.entries.find(({ name }) => name === '.metadata');
  const generations = metadata ? judgeGenerations(metadata, namedShards(look)) : { kind: 'one' as const };
  const settled = quiet >= options.settle;
  if (generations.kind === 'mixed' && !options.allowAmbiguousGenerations) {
    const which = `${generations.younger.slice(0, 20).join(', ')}${generations.younger.length > 20 ? ' ...' : ''}`;
    const what = `${generations.younger.length} of ${namedShards(look).length} shards are ${formatSeconds(generations.gapSeconds)} younger than .metadata and the others (${which})`;
    if (!settled || !confirmed) return incomplete(situation, `${what}: another save may be writing into it`, settled);
    return final(
      'AmbiguousGenerations',
      `${look.path}: ${what}: two saves may be mixed in it. Save again into an empty directory, or set allow_ambiguous_generations=true if you know that the files belong together.`,
      [what],
    );
  }
  // Among copied files the times say nothing of what came after what.
  const intruder = findIntruder(look, generations.kind === 'copied' ? Infinity : (metadata?.mtimeMs ?? 0));
  if (intruder !== null && !settled)
    return incomplete(situation, `${intruder} has been added after .metadata: another save may be writing into it`);
  const [cutOff] = look.cutOff;
  if (cutOff !== undefined && !settled)
    return incomplete(situation, `${cutOff} does not end with a line end: it may still be written`);
  if (!confirmed)
    return incomplete(situation, 'all files are there and agree; a second look must find nothing changed', true);
  return { verdict: 'complete', warnings: findWarnings(look, generations) };
}

/** A name that only a save in progress, or one that died, leaves behind. */
function findIntruder(look: Look, metadataMs: number): string | null {
  const stray = look.entries.find(({ name, mtimeMs }) => {
    if (name === '.metadata.tmp') return true;
    return name.endsWith('.distcp') && !look.checkpoint?.files.has(name) && mtimeMs > metadataMs;
  });
  return stray?.name ?? null;
}

function namedShards(look: Look): TimedFile[] {
  return look.entries.filter(({ name }) => look.checkpoint?.files.has(name));
}

/** Files that every save writes at its end, and this one has not. */
function unwritten({ entries }: Look): { file: string; expected: null; found: null }[] {
  const names = new Set(entries.map(({ name }) => name));
  return ['.metadata', 'metadata.json']
    .filter((name) => !names.has(name))
    .map((file) => ({ file, expected: null, found: null }));
}

function incomplete(situation: Situation, problem: string, unconfirmed = false): Verdict {
  const { look, options, quiet } = situation;
  const stalled = quiet >= options.stall && !unconfirmed;
  const message = `${look.path} is not complete: ${problem}. Nothing has changed for ${formatSeconds(quiet)}.`;
  return {
    verdict: 'incomplete',
    message: stalled ? `STALLED: ${message} The save or copy was probably abandoned.` : message,
    missing: [...unwritten(look), ...look.shortFiles].slice(0, 20),
    unchangedSeconds: Math.round(quiet),
    stalled,
    unconfirmed,
  };
}

function final(
  type: Extract<Verdict, { verdict: 'final' }>['type'],
  message: string,
  problems: readonly string[] = [message],
): Verdict {
  return { verdict: 'final', type, message, problems };
}
