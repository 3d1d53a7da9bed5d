// A rank must not outlive its launcher. The kernel sees to it where `setpriv` is there; this is for the other cases.

const INTERVAL = 1000;

/** Calls `onGone` when the parent process changes (it died), or, with `lifeline`, when stdin ends (the launcher held it open). */
export function watchParent(onGone: () => void, lifeline: boolean): void {
  const parent = process.ppid;
  setInterval(() => {
    if (process.ppid !== parent) onGone();
  }, INTERVAL).unref();
  if (!lifeline) return;
  process.stdin.on('end', onGone).on('error', onGone).resume();
  // A socket or a pipe can be let go; a file as stdin ends at once and was no lifeline.
  if ('unref' in process.stdin) process.stdin.unref();
}
