// A worker of engine bridge in its own process, which kills itself right before it moves its nth file. No handler runs on SIGKILL.
import fs, { readFileSync } from 'node:fs';
import { syncBuiltinESMExports } from 'node:module';
import { ConversionInput, PreflightResult } from '../../src/contract/index.ts';
import { convert } from '../../src/engines/convert.ts';
import { bridgePolicy, bridgeSurroundings } from './bridge-worker.ts';

const [requestFile = '', moves = '0', mode = ''] = process.argv.slice(2);
const { renameSync } = fs;
let left = Number(moves);
fs.renameSync = (from, to) => {
  if (left-- === 0) process.kill(process.pid, 'SIGKILL');
  renameSync(from, to);
};
syncBuiltinESMExports();

const { input, preflight, worker } = JSON.parse(readFileSync(requestFile, 'utf8')) as Record<string, unknown>;
const surroundings = bridgeSurroundings(bridgePolicy({}, mode));
await convert(ConversionInput.parse(input), PreflightResult.parse(preflight), {
  ...surroundings,
  worker: worker as typeof surroundings.worker,
});
