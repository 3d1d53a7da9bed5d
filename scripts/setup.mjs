// Set-up of a fresh clone, shared by `npm test` and `npm run quickstart`: node packages and a Python environment.
// It runs before anything is installed, so it has no dependencies and no types, and works under Node 20.
// A second run only compares two stamps. Each stamp is written last, so an interrupted set-up is done again.
import { dirname, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { installNodePackages, nodePackagesAreCurrent } from './setup/node-packages.mjs';
import { installPythonPackages, pythonPackagesAreCurrent } from './setup/python-packages.mjs';
import { withLock } from './setup/lock.mjs';
import { SetupError } from './setup/run-command.mjs';

const root = resolve(dirname(fileURLToPath(import.meta.url)), '..');

async function setUp() {
  if (Number(process.versions.node.split('.')[0]) < 20) {
    throw new SetupError(`Node ${process.versions.node} is too old: the set-up needs Node 20 or later, with npm.`);
  }
  if (nodePackagesAreCurrent(root) && pythonPackagesAreCurrent(root)) return;
  await withLock(resolve(root, '.cache/setup.lock'), async (share) => {
    if (!nodePackagesAreCurrent(root)) await installNodePackages(root, share);
    if (!pythonPackagesAreCurrent(root)) await installPythonPackages(root, share);
  });
}

try {
  await setUp();
} catch (error) {
  if (!(error instanceof SetupError)) throw error;
  console.error(`\nset-up: ${error.message}`);
  process.exitCode = 1;
}
