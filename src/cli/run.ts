// `run`: compile the configuration, start the workflow or find it, follow it.
import { loadConfig } from '../config/load-config.ts';
import { chooseMode, explainForceSquash } from './choose-mode.ts';
import { chooseReporter } from './choose-reporter.ts';
import type { RunFlags } from './flags.ts';
import { EXIT_CODES } from './exit-codes.ts';
import { printConfig } from './print-config.ts';

export async function run(overrides: readonly string[], flags: RunFlags): Promise<number> {
  const { mode, profile, detach } = chooseMode(flags);
  const loaded = await loadConfig({ config: flags.config, overrides, profile, forReading: flags.dryRun === true });
  explainForceSquash(flags);
  const json = flags.json === true;
  if (flags.dryRun) {
    printConfig(loaded, { mode, config: flags.config ?? 'default', overrides }, json);
    return EXIT_CODES.done.code;
  }
  const { startConversion } = await import('../client.ts');
  const { connectServer, runUrl } = await import('./connect-server.ts');
  const client = await connectServer();
  try {
    const { handle, workflowId, runId, alreadyRunning } = await startConversion(client, loaded.input);
    const reporter = chooseReporter({ json, showProgress: loaded.input.show_progress });
    const ui = runUrl(client, workflowId, runId);
    reporter.report({ event: 'started', workflow_id: workflowId, run_id: runId, fresh: !alreadyRunning, ui });
    if (detach) {
      if (ui === null && !json)
        process.stderr.write('no link: TEMPORAL_UI_URL does not say where the Temporal UI is\n');
      reporter.report({
        event: 'detached',
        workflow_id: workflowId,
        attach: `megatron-to-hf status ${workflowId} --follow`,
      });
      reporter.close();
      if (!json) process.stdout.write(`${workflowId}\n`);
      return EXIT_CODES.done.code;
    }
    const { attach } = await import('./attach.ts');
    return await attach(handle, reporter, json);
  } finally {
    await client.connection.close();
  }
}
