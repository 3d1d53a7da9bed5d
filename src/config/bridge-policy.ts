// Section `bridge` of worker.yaml, as the engine uses it.
import type { z } from 'zod';
import type { BridgeFile, BridgePolicy } from '../contract/bridge.ts';

/** @param python that of the worker, where the section names none */
export function toBridgePolicy(section: z.output<typeof BridgeFile>, python: readonly string[]): BridgePolicy | null {
  if (!section.enabled) return null;
  const variables = section.environment.map((line): [string, string] => {
    const at = line.indexOf('=');
    return [line.slice(0, at), line.slice(at + 1)];
  });
  return {
    script: section.script ?? null,
    python: section.python ?? python,
    extraArgs: [...section.extra_args, ...section.distributed_extra_args],
    environment: Object.fromEntries(variables),
    allowedTargets: section.allowed_targets,
  };
}
