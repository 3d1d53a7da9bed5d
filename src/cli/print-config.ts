// `--dry-run`: the compiled configuration, as YAML that can be used as a configuration again.
import type { LoadedConfig } from '../config/load-config.ts';
import { printYaml } from '../config/yaml-values.ts';

export function printConfig({ input, files }: LoadedConfig, json: boolean): void {
  const { defaulted, ...request } = input;
  if (json) {
    process.stdout.write(`${JSON.stringify({ event: 'config', config: request, files, defaulted })}\n`);
    return;
  }
  const notes = [`# from ${files.join(', ')}`];
  if (defaulted.length > 0) notes.push(`# chosen by nobody, so checked but never refused: ${defaulted.join(', ')}`);
  process.stdout.write(`${notes.join('\n')}\n${printYaml(withoutEmpty(request))}`);
}

/** Sections in which nothing is set say nothing. */
function withoutEmpty(request: object): object {
  const entries = Object.entries(request) as [string, unknown][];
  return Object.fromEntries(
    entries.filter(([, value]) => typeof value !== 'object' || value === null || Object.keys(value).length > 0),
  );
}
