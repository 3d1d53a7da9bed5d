// `worker`: serve the task queues until a signal.
import type { WorkerFlags } from './flags.ts';
import { EXIT_CODES } from './exit-codes.ts';

export async function serve(flags: WorkerFlags): Promise<number> {
  const { runWorker } = await import('../worker.ts');
  await runWorker({
    ...(flags.config === undefined ? {} : { configPath: flags.config }),
    onReady: ({ config }) => {
      const queues = Object.values(config.worker.queues).join(', ');
      process.stderr.write(`worker ready: serves ${queues} (${config.file}); Ctrl-C drains it\n`);
    },
  });
  return EXIT_CODES.done.code;
}
