// Workers that cannot start, and how the connection is found.
import { afterAll, beforeAll, expect, it } from 'vitest';

import { connect } from '../../src/client.ts';
import { connectWorker, createWorkers, loadWorkerConfig } from '../../src/worker.ts';
import { startTemporalServer, type TemporalServer } from '../support/temporal-server.ts';
import { silenceTemporal, TEST_CONFIG } from '../support/temporal-workers.ts';

let server: TemporalServer;

beforeAll(async () => {
  silenceTemporal();
  server = await startTemporalServer();
});

afterAll(async () => {
  await server?.stop();
});

it('serves the chosen roles only, on the queues of its configuration, and shuts down', async () => {
  const queues = { preflight: 'p', convert: 'c', smoke: 's' };
  const config = { ...TEST_CONFIG, worker: { ...TEST_CONFIG.worker, queues } };
  const workers = await createWorkers({ address: server.address, config, roles: ['convert', 'smoke'] });
  expect(workers.workers.map(({ options }) => options.taskQueue)).toEqual(['c', 's']);
  expect(workers.workers.map(({ options }) => [options.workflowsPath, options.workflowBundle])).toEqual([
    [undefined, undefined],
    [undefined, undefined],
  ]);
  const running = workers.run();
  workers.shutdown();
  await running;
});

it('says why it cannot start', async () => {
  await expect(createWorkers({ address: '127.0.0.1:1', config: TEST_CONFIG })).rejects.toThrow(/127\.0\.0\.1|connect/i);
  const unknown = createWorkers({ address: server.address, namespace: 'nowhere', config: TEST_CONFIG });
  await expect(unknown).rejects.toThrow(/nowhere/);
  await expect(createWorkers({ address: server.address, configPath: '/no/such/worker.yaml' })).rejects.toThrow(
    '/no/such/worker.yaml',
  );
});

it('takes address and namespace from the environment of the temporal command line', async () => {
  process.env['TEMPORAL_ADDRESS'] = server.address;
  process.env['TEMPORAL_NAMESPACE'] = 'training';
  try {
    const worker = await connectWorker();
    expect(worker.namespace).toBe('training');
    await worker.connection.close();
    const client = await connect();
    expect(client.options.namespace).toBe('training');
    await client.connection.close();
    expect((await connectWorker({ namespace: 'other' })).namespace).toBe('other');
  } finally {
    delete process.env['TEMPORAL_ADDRESS'];
    delete process.env['TEMPORAL_NAMESPACE'];
  }
});

it("reads the package's own worker configuration", async () => {
  const { worker } = await loadWorkerConfig();
  expect(worker).toEqual(TEST_CONFIG.worker);
});
