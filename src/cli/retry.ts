// `retry`: find the run that is over, start it again or reset it, follow it.
import { retryConversion } from '../client.ts';
import { overrideRequest, refuseMisspelt } from '../config/override-request.ts';
import { attach } from './attach.ts';
import { chooseReporter } from './choose-reporter.ts';
import type { RetryFlags } from './flags.ts';
import { connectServer, runUrl } from './connect-server.ts';
import { EXIT_CODES } from './exit-codes.ts';

export async function retry(id: string, overrides: readonly string[], flags: RetryFlags): Promise<number> {
  const json = flags.json === true;
  const from = flags.from ?? 'start';
  refuseMisspelt(overrides);
  const client = await connectServer();
  try {
    const retried = await retryConversion(client, id, {
      from,
      ...(overrides.length === 0 ? {} : { change: (request) => overrideRequest(request, overrides) }),
    });
    const { handle, workflowId, runId } = retried;
    const reporter = chooseReporter({ json, showProgress: true });
    if (retried.state === 'published') {
      if (!json)
        process.stderr.write(
          `${id} has succeeded, run ${runId}: its export was published; nothing was started (to make it again where it is gone: the same \`run\`)\n`,
        );
      return await attach(handle, reporter, json);
    }
    const { earlier, notes } = retried;
    const failure = earlier.failure?.type ?? null;
    const before = { workflow_id: id, earlier_run_id: earlier.runId, earlier_failure: failure };
    reporter.report({ event: 'retrying', ...before, from, notes });
    reporter.report({
      event: 'started',
      workflow_id: workflowId,
      run_id: runId,
      fresh: true,
      ui: runUrl(client, workflowId, runId),
    });
    if (!flags.detach) return await attach(handle, reporter, json);
    const follow = `megatron-to-hf status ${workflowId} --follow`;
    reporter.report({ event: 'detached', workflow_id: workflowId, attach: follow });
    reporter.close();
    if (!json) process.stdout.write(`${workflowId}\n`);
    return EXIT_CODES.done.code;
  } finally {
    await client.connection.close();
  }
}
