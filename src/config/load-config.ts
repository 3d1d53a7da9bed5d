// From a configuration's name, the environment and the command line's overrides to one checked request.
import { ConversionError, ConversionInput } from '../contract/index.ts';
import { checkConfig } from './check-config.ts';
import { parseDotlist } from './dotlist.ts';
import { findConfig } from './find-config.ts';
import { readWithParents } from './inherit.ts';
import { interpolate } from './interpolate.ts';
import { mergeLeaves, type Leaf } from './leaf.ts';
import { listOptions, type Option } from './options.ts';
import { resolvePaths } from './resolve-paths.ts';

export interface LoadedConfig {
  /** Every default filled in, every path absolute. */
  readonly input: ConversionInput;
  /** The files that took part, the most basic first. */
  readonly files: readonly string[];
}

export interface LoadConfigOptions {
  /** Name or path; `default` when not given. */
  readonly config?: string | undefined;
  readonly overrides?: readonly string[];
  readonly environment?: Readonly<Record<string, string | undefined>>;
  /** What relative paths are relative to. */
  readonly cwd?: string;
}

/** Parameters of the layout: a value of these that no person chose never fails a run (design 11.13). */
const LAYOUT = ['tp', 'pp', 'ep', 'etp', 'torchrun.nproc_per_node', 'torchrun.nnodes'];

/** The parameters of a request that people set; `defaulted` is worked out. */
export function requestOptions(): Option[] {
  return listOptions(ConversionInput).filter((option) => option.path !== 'defaulted');
}

/** @throws ConversionError InvalidInput with all problems at once, each with the file and line or the override it comes from. */
export async function loadConfig(options: LoadConfigOptions = {}): Promise<LoadedConfig> {
  const cwd = options.cwd ?? process.cwd();
  // A program that starts us in another directory seldom changes its PWD.
  const environment = { ...(options.environment ?? process.env), PWD: cwd };
  const inherited = await readWithParents(findConfig(options.config ?? 'default', cwd), cwd);
  const dotlist = parseDotlist(options.overrides ?? []);
  const resolved = interpolate(mergeLeaves([inherited.leaves, dotlist.leaves]), environment);
  const leaves = resolvePaths(resolved.leaves, cwd);
  const checked = checkConfig(ConversionInput, requestOptions(), leaves);
  const problems = [...dotlist.problems, ...resolved.problems, ...checked.problems];
  if (checked.value === null || problems.length > 0) throw refuse(problems);
  return {
    input: { ...checked.value, defaulted: LAYOUT.filter((path) => isDefaulted(leaves.get(path))) },
    files: inherited.files,
  };
}

/** An environment variable counts as a person's choice, even where a shipped file reads it. */
function isDefaulted(leaf: Leaf | undefined): boolean {
  return leaf !== undefined && leaf.value !== null && leaf.origin.kind === 'package' && leaf.environment.length === 0;
}

function refuse(problems: readonly string[]): ConversionError {
  const count = problems.length === 1 ? 'a problem' : `${problems.length} problems`;
  const message = `the configuration has ${count}:\n${problems.map((problem) => `  - ${problem}`).join('\n')}`;
  return new ConversionError('InvalidInput', message, { problems });
}
