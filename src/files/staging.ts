// Names on the target's side. Everything lies in the target's parent, so that publishing is a rename within one file system.
import { basename, dirname, join, resolve } from 'node:path';

const DIGEST_CHARACTERS = 12;

/** The directory that a conversion works in until it is published: `<parent>/.<name>.<digest>.partial`. */
export function stagingPath(target: string, byteDigest: string): string {
  return besideTarget(target, `${short(byteDigest)}.partial`);
}

/** The record of who works on the target: `<parent>/.<name>.owner.json`. */
export function ownerPath(target: string): string {
  return besideTarget(target, 'owner.json');
}

/** Where an overwritten target waits until the new one stands: `<parent>/.<name>.old-<digest>`. */
export function setAsidePath(target: string, byteDigest: string): string {
  return besideTarget(target, `old-${short(byteDigest)}`);
}

/** Whether a name in the target's parent is that of a set-aside target, of any digest: `m.old-1` is a neighbour of `m`, and not its past. */
export function isSetAside(name: string, target: string): boolean {
  const beginning = `.${basename(resolve(target))}.old-`;
  return name.startsWith(beginning) && /^[0-9a-f]{12}(?:-\d+)?$/.test(name.slice(beginning.length));
}

/** What lies where in a staging directory. */
export interface StagingPaths {
  readonly root: string;
  /** Exactly the files of the future target. */
  readonly export: string;
  /** The plan without copies. */
  readonly plan: string;
  /** One file plan for each output file. */
  readonly filePlans: string;
  /** One done record for each finished file. */
  readonly done: string;
  /** What was copied from the reference, with the patches of config.json. */
  readonly reference: string;
  /** The manifest, before it is moved with the rest. */
  readonly manifest: string;
  /** The directory that becomes the target. */
  readonly publish: string;
}

export function stagingPaths(staging: string): StagingPaths {
  return {
    root: staging,
    export: join(staging, 'export'),
    plan: join(staging, 'plan.json'),
    filePlans: join(staging, 'plan'),
    done: join(staging, 'done'),
    reference: join(staging, 'reference.json'),
    manifest: join(staging, 'manifest.json'),
    publish: join(staging, 'publish'),
  };
}

/** A finished output file. */
export const exportedFile = (staging: string, file: string): string => join(staging, 'export', file);

/** The record that says that it is finished. */
export const doneFile = (staging: string, file: string): string => join(staging, 'done', `${file}.json`);

/** Where one attempt writes what it has not finished. Attempt numbers are never used twice in a staging directory. */
export const attemptDirectory = (staging: string, attempt: number): string => join(staging, `attempt-${attempt}`);

/** The files that an attempt has to write. */
export const pendingFile = (staging: string, attempt: number): string =>
  join(attemptDirectory(staging, attempt), 'pending.json');

/** `<parent>/.<name>.<suffix>`. */
export function besideTarget(target: string, suffix: string): string {
  const path = resolve(target);
  return join(dirname(path), `.${basename(path)}.${suffix}`);
}

function short(digest: string): string {
  return digest.slice(0, DIGEST_CHARACTERS);
}
