// The Python environment `.venv`: torch, transformers, megatron-core and the Temporal server, with pinned hashes.
import { createHash } from 'node:crypto';
import { readFileSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { outputOf, runCommand, SetupError } from './run-command.mjs';

const OLDEST = [3, 11];
const CANDIDATES = ['python3', 'python3.13', 'python3.12', 'python3.11', 'python3.14', 'python'];

const stampPath = (root) => join(root, '.venv', '.setup-stamp');
const requirementsPath = (root) => join(root, 'python', 'requirements.txt');

const digestOf = (path) => createHash('sha256').update(readFileSync(path)).digest('hex');

/** The recorded stamp, or null where the environment is missing, half made, moved, or its interpreter is gone or another. */
function readStamp(root) {
  try {
    const stamp = JSON.parse(readFileSync(stampPath(root), 'utf8'));
    const whole =
      stamp.environment === join(root, '.venv') && stamp.python === realpathSync(join(root, '.venv', 'bin', 'python'));
    return whole ? stamp : null;
  } catch (error) {
    if (['ENOENT', 'ENOTDIR', 'ELOOP'].includes(error.code) || error instanceof SyntaxError) return null;
    throw error;
  }
}

export function pythonPackagesAreCurrent(root) {
  return readStamp(root)?.requirements === digestOf(requirementsPath(root));
}

/** @throws SetupError when there is no fitting Python, or venv or pip fail. */
export async function installPythonPackages(root, share) {
  const requirements = digestOf(requirementsPath(root));
  const environment = join(root, '.venv');
  const python = join(environment, 'bin', 'python');
  const isWhole = readStamp(root) !== null;
  rmSync(stampPath(root), { force: true });
  if (!isWhole) await createEnvironment(environment, share);
  const talk = process.stderr.isTTY ? [] : ['--quiet'];
  const options = ['--require-hashes', '--no-input', '--disable-pip-version-check', ...talk];
  await runCommand(python, ['-m', 'pip', 'install', ...options, '-r', requirementsPath(root)], {
    cwd: root,
    share,
    says: 'installing torch, transformers, megatron-core and the Temporal server (2 to 5 min, 5.5 GB on disk)',
    advice: 'Check that pip reaches its index and that the disk has 6 GB free, then run the command again.',
  });
  writeFileSync(stampPath(root), `${JSON.stringify({ requirements, environment, python: realpathSync(python) })}\n`);
}

async function createEnvironment(environment, share) {
  const interpreter = await findInterpreter();
  rmSync(environment, { recursive: true, force: true });
  await runCommand(interpreter, ['-m', 'venv', environment], {
    share,
    says: `creating .venv with ${interpreter}`,
    advice: "Python's venv module must be installed; Debian and Ubuntu have it in the package python3-venv.",
  });
}

/** The first candidate that runs and is new enough. */
async function findInterpreter() {
  const seen = [];
  for (const candidate of CANDIDATES) {
    const version = await outputOf(candidate, ['-c', 'import sys; print("%d.%d" % sys.version_info[:2])']);
    if (version === null) continue;
    const [major, minor] = version.split('.').map(Number);
    if (major === OLDEST[0] && minor >= OLDEST[1]) return candidate;
    seen.push(`${candidate} is ${version}`);
  }
  const found = seen.length > 0 ? seen.join(', ') : `none of ${CANDIDATES.join(', ')} runs`;
  throw new SetupError(`Python ${OLDEST.join('.')} or later is needed on the PATH; found: ${found}.`);
}
