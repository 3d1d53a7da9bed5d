// `convert`: the pipeline in this process, or with the ranks of the world that it was started in.
import { loadConfig } from '../config/load-config.ts';
import { loadWorkerConfig } from '../config/worker-policy.ts';
import { findWorld } from '../world/find-world.ts';
import { chooseMode, explainForceSquash } from './choose-mode.ts';
import type { ConvertFlags } from './flags.ts';
import { convertAndReport } from './convert-and-report.ts';
import { EXIT_CODES } from './exit-codes.ts';
import { listenForInterrupt } from './interrupt.ts';
import { printConfig } from './print-config.ts';
import { isNodeOfSeveral, startNode } from './start-node.ts';

export async function convertHere(overrides: readonly string[], flags: ConvertFlags): Promise<number> {
  const world = findWorld(process.env);
  const { mode, profile } = chooseMode(flags);
  const loaded = await loadConfig({
    config: flags.config,
    overrides,
    profile,
    startsNodes: true,
    forReading: flags.dryRun === true,
  });
  if (world === null || world.rank === 0) explainForceSquash(flags);
  if (flags.dryRun) {
    if (world === null || world.rank === 0)
      printConfig(loaded, { mode, config: flags.config ?? 'default', overrides }, flags.json === true);
    return EXIT_CODES.done.code;
  }
  const { input } = loaded;
  if (world !== null && input.distributed !== false) {
    const { convertInWorld } = await import('./convert-in-world.ts');
    return convertInWorld(world, input, flags);
  }
  if (world !== null && world.rank > 0) {
    process.stderr.write(`rank ${world.rank} of ${world.size} is idle: distributed=false, so rank 0 converts alone\n`);
    return EXIT_CODES.done.code;
  }
  const { policy } = await loadWorkerConfig(flags.worker);
  const interrupt = listenForInterrupt();
  try {
    if (world === null && isNodeOfSeveral(input, loaded.node)) {
      return await startNode(input, loaded.node, policy, interrupt.signal);
    }
    return await convertAndReport(input, { policy, signal: interrupt.signal }, flags);
  } finally {
    interrupt.stop();
  }
}
