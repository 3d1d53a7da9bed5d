// `--dry-run`: the compiled configuration in the step's two parts, as YAML that can be used as a configuration again.
import { composeConfig, escapeInterpolations } from '../config/compose-config.ts';
import { MANDATORY } from '../config/leaf.ts';
import type { LoadedConfig } from '../config/load-config.ts';
import { maskPaths, maskSecrets, maskWords } from '../config/secrets.ts';
import { OWN_SECTION, STEP_ID, STEP_IMAGE } from '../config/step-parameters.ts';
import { printYaml } from '../config/yaml-values.ts';

/** How the command was called. */
interface Invocation {
  /** As in the step: `batch` submits, `run` stays attached to a profile, `local` has none. */
  readonly mode: 'local' | 'run' | 'batch';
  /** Name or path of the configuration. */
  readonly config: string;
  readonly overrides: readonly string[];
}

/** Prints both parts, secrets masked; with `json`, one object. Writes nothing else and contacts nobody. */
export function printConfig(loaded: LoadedConfig, invocation: Invocation, json: boolean): void {
  const run = maskSecrets(describeRun(loaded, invocation));
  const config = maskSecrets(maskPaths(composeConfig(loaded.input, loaded.node), loaded.secret));
  const { files } = loaded;
  if (json) {
    process.stdout.write(`${JSON.stringify({ event: 'config', run, config, files })}\n`);
    return;
  }
  const notes = [
    `# compiled from ${files.join(', ')}`,
    ...(Object.values(config as object).includes(MANDATORY) ? ['# ??? must still be given.'] : []),
    '# -c with this file gives the same request again; `run` is for reading only. ****** is a secret.',
    '# run.env, config.script and the extra arguments are what the step would use; here the worker.yaml of the worker says that.',
    '# megatron_to_hf, twice, holds what the step does not have; `defaulted` is what nobody chose: checked, but never refused.',
  ];
  process.stdout.write(`${notes.join('\n')}\n${printYaml({ run, config: escapeInterpolations(config) as object })}`);
}

function describeRun({ input, environment }: LoadedConfig, { mode, config, overrides }: Invocation): object {
  return {
    mode: mode === 'local' && input.profile ? 'run' : mode,
    profile: input.profile ?? null,
    env: { container_image: STEP_IMAGE },
    cli: { argv: maskWords(process.argv.slice(2)), dotlist: maskWords(overrides), passthrough: [], config },
    recipe: { name: `steps/${STEP_ID}`, script: process.argv[1] ?? '' },
    [OWN_SECTION]: { environment },
  };
}
