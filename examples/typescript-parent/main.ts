// Runs the parent: its worker and one execution. `node examples/typescript-parent/main.ts REQUEST.json [--leave]`
import { randomUUID } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { parseArgs } from 'node:util';

import { Client } from '@temporalio/client';
import { Worker } from '@temporalio/worker';

import { connectWorker } from '../../src/worker.ts';

const TASK_QUEUE = 'training-typescript';

const { positionals, values } = parseArgs({ allowPositionals: true, options: { leave: { type: 'boolean' } } });
const [file] = positionals;
if (file === undefined) throw new Error('usage: main.ts REQUEST.json [--leave]');
const request: unknown = JSON.parse(await readFile(file, 'utf8'));

// TEMPORAL_ADDRESS and the profiles of the `temporal` command line are respected.
const { connection, namespace } = await connectWorker();
const worker = await Worker.create({
  connection,
  namespace,
  taskQueue: TASK_QUEUE,
  workflowsPath: join(import.meta.dirname, 'workflows.ts'),
});
const client = new Client({ connection, namespace });
const result = await worker.runUntil(
  client.workflow.execute(values.leave === true ? 'trainAndLeave' : 'trainAndExport', {
    workflowId: `training-${randomUUID()}`,
    taskQueue: TASK_QUEUE,
    args: [request],
  }),
);
process.stdout.write(`${JSON.stringify(result)}\n`);
await connection.close();
