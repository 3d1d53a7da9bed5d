// A worker process for tests that kill it. The server comes from TEMPORAL_ADDRESS, programs and policy from config/worker.yaml.
import { runWorker } from '../../src/worker.ts';

await runWorker({ logLevel: 'ERROR', onReady: () => process.stdout.write('READY\n') });
