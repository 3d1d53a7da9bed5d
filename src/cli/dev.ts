// `dev`: an embedded Temporal server and a worker, until Ctrl-C.
import { setTimeout as sleep } from 'node:timers/promises';
import type { Workers } from '../worker.ts';
import { runWorker } from '../worker.ts';
import type { DevFlags } from './flags.ts';
import { startDevServer, type DevServer } from './dev-server.ts';
import { EXIT_CODES } from './exit-codes.ts';

/** Milliseconds. */
const NOTICE = 2000;

export async function dev(flags: DevFlags): Promise<number> {
  const ports = { port: Number(flags.port), uiPort: Number(flags.uiPort) };
  for (const port of Object.values(ports)) {
    if (!Number.isInteger(port) || port < 1 || port > 65_535) throw new RangeError(`not a port: ${port}`);
  }
  process.stderr.write('starting the Temporal server ...\n');
  const server = await startDevServer({ ...ports, db: flags.db });
  let workers: Workers | null = null;
  let lastWords: string | null = null;
  const noticeEnd = async (): Promise<void> => {
    lastWords = await server.ended;
    workers?.shutdown();
  };
  const ended = noticeEnd();
  try {
    const failure: unknown = await serve(server, flags, (ready) => {
      workers = ready;
    }).then(
      () => null,
      (error: unknown) => error,
    );
    // A worker may notice the loss before the end of the process is known.
    if (failure !== null) await Promise.race([ended, sleep(NOTICE)]);
    if (lastWords !== null) return reportLost(server, lastWords);
    if (failure !== null) throw failure;
    return EXIT_CODES.done.code;
  } finally {
    await server.stop();
  }
}

async function serve(server: DevServer, flags: DevFlags, onReady: (workers: Workers) => void): Promise<void> {
  await runWorker({
    address: server.address,
    namespace: 'default',
    logLevel: 'WARN',
    ...(flags.config === undefined ? {} : { configPath: flags.config }),
    onReady: (ready) => {
      onReady(ready);
      announce(server, flags);
    },
  });
}

function reportLost({ address }: DevServer, output: string): number {
  const kept =
    'Runs are gone with a server in memory; with --db FILE they go on when dev is started again. Finished files are reused either way.';
  process.stderr.write(
    `the Temporal server at ${address} ended by itself, so the worker was shut down\n${output}\n${kept}\n`,
  );
  return EXIT_CODES.unreachable.code;
}

function announce(server: DevServer, flags: DevFlags): void {
  const prefix = flags.port === '7233' ? '' : `TEMPORAL_ADDRESS=${server.address} `;
  process.stderr.write(
    [
      `Temporal server  ${server.address}`,
      `Temporal UI      ${server.uiUrl}`,
      'worker           ready; Ctrl-C ends both',
      '',
      'In another terminal:',
      `  ${prefix}megatron-to-hf run megatron_path=... hf_model_id=... hf_path=...`,
      '',
    ].join('\n'),
  );
}
