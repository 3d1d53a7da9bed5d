// The main job, to be watched: a run starts, waits for a checkpoint that is still being saved, and ends with a model that writes English.
// Everything is real: Temporal server, worker, torchrun, a checkpoint of megatron-core, transformers.
import { mkdirSync, readdirSync, rmSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { chooseReporter } from '../src/cli/choose-reporter.ts';
import { runUrl } from '../src/cli/connect-server.ts';
import { describeFailure } from '../src/cli/describe-failure.ts';
import { followRun } from '../src/cli/follow-run.ts';
import { listenForInterrupt } from '../src/cli/interrupt.ts';
import { startConversion } from '../src/client.ts';
import { loadConfig } from '../src/config/load-config.ts';
import { formatSeconds } from '../src/contract/index.ts';
import { saveLate } from './quickstart/late-saver.ts';
import { type LocalTemporal, startLocalTemporal } from './quickstart/local-temporal.ts';
import { describeShares, describeTree } from './quickstart/show-files.ts';
import { watchRanks } from './quickstart/watch-ranks.ts';

const CHECKPOINT = 'fixtures/llama-trained/checkpoint';
const OUTPUT = 'output/quickstart';
const PACE = { before: 3, shards: 5, finalize: 4 } as const;
/** Milliseconds: nothing here may hang. */
const LIMIT = 10 * 60_000;

const { values: flags } = parseArgs({ options: { 'keep-open': { type: 'boolean', default: false } } });
process.chdir(resolve(import.meta.dirname, '..'));

const say = (line: string): void => {
  // The live line of the reporter is under the cursor; it draws itself again.
  process.stderr.write(`${process.stderr.isTTY ? '\r\u001B[2K' : ''}${line}\n`);
};

async function quickstart(): Promise<number> {
  const started = Date.now();
  rmSync(OUTPUT, { recursive: true, force: true });
  const iteration = readdirSync(CHECKPOINT).find((name) => name.startsWith('iter_'));
  if (iteration === undefined) throw new Error(`no iter_* directory in ${CHECKPOINT}`);
  const arriving = join(OUTPUT, 'checkpoint', iteration);
  mkdirSync(dirname(arriving), { recursive: true });

  say('starting a Temporal server and a worker on this machine ...');
  const temporal = await startLocalTemporal();
  try {
    const isDone = await convert(temporal, join(CHECKPOINT, iteration), arriving);
    say(`\n${isDone ? 'done' : 'failed'} after ${formatSeconds((Date.now() - started) / 1000)}`);
    if (flags['keep-open']) await keepOpen(temporal);
    else say('To look at the run in the Temporal UI: npm run quickstart -- --keep-open');
    return isDone ? 0 : 1;
  } finally {
    await temporal.stop();
  }
}

async function convert({ client }: LocalTemporal, source: string, arriving: string): Promise<boolean> {
  // The environment's own settings for conversions are left out: this run is the same everywhere.
  const overrides = [`megatron_path=${arriving}`];
  const { input } = await loadConfig({ config: 'quickstart', overrides, environment: {} });
  const interrupt = listenForInterrupt();
  const reporter = chooseReporter({ json: false, showProgress: true });
  const ranks = watchRanks(input.hf_path);
  try {
    const { handle, workflowId, runId } = await startConversion(client, input);
    const ui = runUrl(client, workflowId, runId);
    reporter.report({ event: 'started', workflow_id: workflowId, run_id: runId, fresh: true, ui });
    const saving = saveLate(source, arriving, PACE, (line) => say(`   training job: ${line}`));
    const following = followRun(handle, reporter, AbortSignal.any([interrupt.signal, AbortSignal.timeout(LIMIT)]));
    const [result] = await Promise.all([following, saving]);
    const written = ranks.stop();
    reporter.report({ event: 'result', ...result });
    say(`\n${describeTree(relative('.', result.hf_path), written).join('\n')}\n\n${describeShares(written)}`);
    return true;
  } catch (error) {
    reporter.report({ event: 'failed', ...(await describeFailure(error)) });
    return false;
  } finally {
    ranks.stop();
    reporter.close();
    interrupt.stop();
  }
}

async function keepOpen({ served }: LocalTemporal): Promise<void> {
  const { TEMPORAL_ADDRESS: address, TEMPORAL_UI_URL: ui } = process.env;
  say(`Temporal UI: ${ui}   server: ${address}   Ctrl-C ends both`);
  await served;
}

// A client that is still waiting for a result, after Ctrl-C, would go on asking a server that is gone.
process.exit(await quickstart());
