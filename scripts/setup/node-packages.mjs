// `npm ci`, when node_modules was not made from the present package-lock.json.
import { createHash } from 'node:crypto';
import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { runCommand, outputOf, SetupError } from './run-command.mjs';

const stampPath = (root) => join(root, 'node_modules', '.setup-stamp');

/** What node_modules depends on: the lock file's bytes and the machine's kind, since the lock selects native packages. */
function expectedStamp(root) {
  const lock = readFileSync(join(root, 'package-lock.json'));
  return `${createHash('sha256').update(lock).digest('hex')} ${process.platform}-${process.arch}\n`;
}

export function nodePackagesAreCurrent(root) {
  try {
    return readFileSync(stampPath(root), 'utf8') === expectedStamp(root);
  } catch (error) {
    if (error.code === 'ENOENT' || error.code === 'ENOTDIR') return false;
    throw error;
  }
}

/** @throws SetupError when npm fails, or leaves no Node 24 behind. */
export async function installNodePackages(root, share) {
  const stamp = expectedStamp(root);
  rmSync(stampPath(root), { force: true });
  await runCommand('npm', ['ci', '--include=dev', '--no-audit', '--no-fund', '--loglevel=error'], {
    cwd: root,
    share,
    says: 'installing node packages from package-lock.json (about 1 min, 0.6 GB on disk)',
    advice: 'Check that npm reaches its registry (`npm ping`), then run the command again.',
  });
  const version = await outputOf(join(root, 'node_modules', '.bin', 'node'), ['--version']);
  if (!version?.startsWith('v24.')) {
    throw new SetupError(
      `node_modules/.bin/node is ${version ?? 'missing'}, but the project runs on Node 24, which the package \`node\` brings.\n` +
        "Its install script must be allowed to run: see `npm config get ignore-scripts` and package.json's allowScripts.",
    );
  }
  writeFileSync(stampPath(root), stamp);
}
