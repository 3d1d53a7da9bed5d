// `status`: one look at a run, or attached to it with --follow.
import type { ConversionHandle, ConversionProgress } from '../client.ts';
import { describeProgress } from '../client.ts';
import type { megatronToHf } from '../workflows/megatron-to-hf.ts';
import { attach } from './attach.ts';
import { chooseReporter } from './choose-reporter.ts';
import type { StatusFlags } from './flags.ts';
import { eventsBetween } from './compare-looks.ts';
import { connectServer } from './connect-server.ts';
import { describeFailure } from './describe-failure.ts';
import { EXIT_CODES } from './exit-codes.ts';
import { createPlainReporter } from './plain-reporter.ts';
import { statusEvent } from './status-event.ts';

export async function status(id: string, flags: StatusFlags): Promise<number> {
  const json = flags.json === true;
  const client = await connectServer();
  try {
    const latest: ConversionHandle = client.workflow.getHandle<typeof megatronToHf>(id);
    const look = await describeProgress(latest);
    // Of this very run, so that a reset is noticed and said.
    const handle: ConversionHandle = client.workflow.getHandle<typeof megatronToHf>(id, look.runId);
    if (flags.follow) return await attach(handle, chooseReporter({ json, showProgress: true }), json);
    if (json) process.stdout.write(`${JSON.stringify(statusEvent(look))}\n`);
    else printLook(look);
    return look.closed === null ? EXIT_CODES.done.code : await printEnding(handle, json);
  } finally {
    await client.connection.close();
  }
}

const write = (line: string): void => void process.stdout.write(`${line}\n`);

function printLook(look: ConversionProgress): void {
  write(`${look.workflowId}  ${look.state}  since ${look.started.toISOString()} (run ${look.runId})`);
  if (look.status !== null) write(`${look.status.megatron_path} -> ${look.status.hf_path}`);
  const reporter = createPlainReporter(write);
  for (const event of eventsBetween(null, look, new Date())) reporter.report(event);
}

/** What became of a run that is over. */
async function printEnding(handle: ConversionHandle, json: boolean): Promise<number> {
  const reporter = json ? chooseReporter({ json, showProgress: false }) : createPlainReporter(write);
  try {
    reporter.report({ event: 'result', ...(await handle.result()) });
    return EXIT_CODES.done.code;
  } catch (error) {
    const failure = await describeFailure(error, handle.workflowId);
    reporter.report({ event: 'failed', ...failure });
    return failure.exit_code;
  }
}
