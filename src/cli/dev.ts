// `dev`: an embedded Temporal server and a worker, until Ctrl-C.
import { setImmediate } from 'node:timers/promises';
import type { Workers } from '../worker.ts';
import { runWorker } from '../worker.ts';
import type { DevFlags } from './commands/dev.ts';
import { startDevServer, type DevServer } from './dev-server.ts';
import { EXIT_CODES } from './exit-codes.ts';

export async function dev(flags: DevFlags): Promise<number> {
  const ports = { port: Number(flags.port), uiPort: Number(flags.uiPort) };
  for (const port of Object.values(ports)) {
    if (!Number.isInteger(port) || port < 1 || port > 65_535) throw new RangeError(`not a port: ${port}`);
  }
  process.stderr.write('starting the Temporal server ...\n');
  const server = await startDevServer({ ...ports, db: flags.db });
  let workers: Workers | null = null;
  const lost = server.ended.finally(() => workers?.shutdown());
  try {
    await runWorker({
      address: server.address,
      namespace: 'default',
      logLevel: 'WARN',
      ...(flags.config === undefined ? {} : { configPath: flags.config }),
      onReady: (ready) => {
        workers = ready;
        announce(server, flags);
      },
    });
    const output = await Promise.race([lost, setImmediate(null)]);
    if (output === null) return EXIT_CODES.done.code;
    process.stderr.write(`the Temporal server ended by itself\n${output}\n`);
    return EXIT_CODES.failed.code;
  } finally {
    await server.stop();
  }
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
