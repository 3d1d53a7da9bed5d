// Publishes, and kills itself after a given time in milliseconds (negative: never). No handler runs on SIGKILL.
import { publishExport } from '../../src/publish/publish.ts';
import { stagingPath } from '../../src/files/staging.ts';
import { BYTE_DIGEST, manifestOf, surroundings } from './publish-staging.ts';
import { MANY_FILES } from './publish-many-files.ts';

const [target = '', delay = '-1'] = process.argv.slice(2);
if (Number(delay) >= 0) setTimeout(() => process.kill(process.pid, 'SIGKILL'), Number(delay));
await publishExport({
  target,
  staging: stagingPath(target, BYTE_DIGEST),
  manifest: manifestOf(target, MANY_FILES),
  overwrite: true,
  surroundings: surroundings(),
});
