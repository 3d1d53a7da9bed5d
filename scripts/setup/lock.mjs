// One set-up at a time in a clone: a lock file that holds its owner's process id, and the process group of the program that the
// owner is running. The lock is dead when both are, so that an orphaned pip or npm is waited for and not raced.
import { linkSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

/** Runs `action(share)` while holding `path`; waits for another living owner, takes over from a dead one. */
export async function withLock(path, action) {
  mkdirSync(dirname(path), { recursive: true });
  for (let told = false; !take(path);) {
    const owner = ownerOf(path);
    if (owner !== null && !owner.split(' ').some(isAlive)) {
      breakLock(path, owner);
      continue;
    }
    if (!told) console.error(`set-up: waiting for another one to end (process ${owner ?? 'unknown'}, lock ${path})`);
    told = true;
    await sleep(300);
  }
  process.once('SIGINT', leave).once('SIGTERM', leave);
  try {
    return await action((group) => writeFileSync(path, `${process.pid} -${group}`));
  } finally {
    rmSync(path, { force: true });
    process.off('SIGINT', leave).off('SIGTERM', leave);
  }
}

/** The lock stays behind: it counts as dead once the program that is being ended with us is gone. */
function leave(signal) {
  console.error(`\nset-up: stopped by ${signal}; the next run does what is left`);
  process.exit(signal === 'SIGINT' ? 130 : 143);
}

/** Links a complete file into place, so that nobody reads a lock without its owner. */
function take(path) {
  const mine = `${path}.${process.pid}`;
  writeFileSync(mine, String(process.pid));
  try {
    linkSync(mine, path);
    return true;
  } catch (error) {
    if (error.code === 'EEXIST') return false;
    throw error;
  } finally {
    rmSync(mine, { force: true });
  }
}

/** The lock's text, or null when it has just gone or is being rewritten. */
function ownerOf(path) {
  try {
    return readFileSync(path, 'utf8') || null;
  } catch (error) {
    if (error.code === 'ENOENT') return null;
    throw error;
  }
}

/** @param id a process id, or a process group's with a minus sign */
function isAlive(id) {
  try {
    process.kill(Number(id), 0);
    return true;
  } catch (error) {
    return error.code !== 'ESRCH';
  }
}

/** Removes a dead owner's lock. Two waiters may try: the slower one has then moved a living lock, and puts it back. */
function breakLock(path, deadOwner) {
  const aside = `${path}.dead.${process.pid}`;
  try {
    renameSync(path, aside);
  } catch (error) {
    if (error.code === 'ENOENT') return;
    throw error;
  }
  if (ownerOf(aside) !== deadOwner) linkSync(aside, path);
  rmSync(aside, { force: true });
}
