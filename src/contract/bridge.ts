// Engine `bridge`: what the operator of a worker sets for it, and what is recorded of the converter that ran. Safe in the workflow sandbox.
import { z } from 'zod';

const Words = z.array(z.string().min(1));

/** Section `bridge` of worker.yaml. No request can set any of it. */
export const BridgeFile = z.strictObject({
  enabled: z
    .boolean()
    .default(false)
    .describe('offer engine bridge: it runs code of Megatron-Bridge, and loads checkpoints with it'),
  script: z
    .string()
    .startsWith('/', 'must be an absolute path')
    .nullish()
    .describe(
      "Megatron-Bridge's converter as the ranks find it; default the first there is below /opt/Megatron-Bridge",
    ),
  python: Words.min(1).nullish().describe('Python with megatron-bridge, with leading arguments; default python'),
  extra_args: Words.default([]).describe('further arguments of the converter'),
  distributed_extra_args: Words.default([]).describe('further arguments of the converter, after extra_args'),
  environment: z
    .array(z.string().regex(/^[A-Za-z_]\w*=/, 'must be NAME=value'))
    .default([])
    .describe('variables of the converter, each NAME=value'),
  allowed_targets: z
    .array(z.string().regex(/^[A-Za-z_]\w*(\.\w+)*\.?$/, 'must be a module such as my_models.'))
    .default([])
    .describe('modules, beside those of Megatron, whose names run_config.yaml may have instantiated'),
});

/** The section as the engine uses it; a worker without it, or with `enabled: false`, has null. */
export interface BridgePolicy {
  /** Null: the first of the usual places that exists. */
  readonly script: string | null;
  readonly python: readonly string[];
  readonly extraArgs: readonly string[];
  readonly environment: Readonly<Record<string, string>>;
  readonly allowedTargets: readonly string[];
}

/** What ran, as the converter's rank 0 left it: recorded in the manifest. */
export const ConverterRecord = z.object({
  script: z.string(),
  sha256: z.string(),
  /** Which command line it has: `examples` up to Megatron-Bridge 0.5, `scripts` from 0.6 on, `helper` for one process without torchrun. */
  generation: z.enum(['examples', 'scripts', 'helper']),
  /** Arguments as they were given, with the paths of staging. */
  arguments: z.array(z.string()),
  /** By package name; `megatron-bridge` is missing where it cannot be found. */
  versions: z.record(z.string(), z.string()),
});
export type ConverterRecord = z.infer<typeof ConverterRecord>;
export type ConverterGeneration = ConverterRecord['generation'];
