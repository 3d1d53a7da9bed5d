// A worker that only converts, to be killed. Server and configuration come from the environment.
import { runWorker } from '../../../src/worker.ts';

await runWorker({ roles: ['convert'], logLevel: 'ERROR', onReady: () => process.stdout.write('READY\n') });
