// From a configuration's name, the environment and the command line's overrides to one checked request.
import { ConversionError, ConversionInput } from '../contract/index.ts';
import { adoptStepNames, ownName } from './adopt-step-names.ts';
import { checkConfig } from './check-config.ts';
import { parseDotlist } from './dotlist.ts';
import { findConfig } from './find-config.ts';
import { readWithParents } from './inherit.ts';
import { interpolate } from './interpolate.ts';
import { MANDATORY, mergeLeaves, type Leaf, type Leaves } from './leaf.ts';
import { splitNode, type NodeLaunch } from './node-launch.ts';
import { listOptions, type Option } from './options.ts';
import { refuseEmptyVariables, resolvePaths } from './resolve-paths.ts';
import { secretPaths } from './secrets.ts';
import { readTorchDtype } from './torch-dtype.ts';
import { unwrapCompiled } from './unwrap-compiled.ts';

export interface LoadedConfig {
  /** Every default filled in, every path absolute. */
  readonly input: ConversionInput;
  /** The files that took part, the most basic first. */
  readonly files: readonly string[];
  /** Which of several nodes this is; never part of the request. */
  readonly node: NodeLaunch;
  /** The environment variables that were set and that values were made of. */
  readonly environment: Readonly<Record<string, string>>;
  /** Parameters whose value was made of a variable with a secret name: never to be shown. */
  readonly secret: ReadonlySet<string>;
}

export interface LoadConfigOptions {
  /** Name or path; `default` when not given. */
  readonly config?: string | undefined;
  readonly overrides?: readonly string[];
  /** The profile that an option of the command line names, with that option. */
  readonly profile?: { readonly name: string; readonly flag: string } | undefined;
  /** To be looked at only: what nobody has given is `???` instead of a problem. @default false */
  readonly forReading?: boolean;
  /** Whether the caller starts the ranks of one of several nodes by itself. @default false */
  readonly startsNodes?: boolean;
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
  const inherited = await readWithParents(findConfig(options.config ?? 'default', cwd), cwd, adoptFile);
  const dotlist = parseDotlist(options.overrides ?? []);
  const given = adoptStepNames(dotlist.leaves);
  const profile = nameProfile(given.leaves, options.profile);
  const merged = mergeLeaves([inherited.leaves, given.leaves, profile.leaves]);
  const resolved = interpolate(merged, environment, ownName);
  const split = splitNode(readTorchDtype(resolvePaths(resolved.leaves, cwd)), options.startsNodes ?? false);
  const { leaves } = split;
  const missing = options.forReading ? findMissing(leaves) : [];
  const checked = checkConfig(ConversionInput, requestOptions(), standIn(leaves, missing));
  const parts = [dotlist, inherited, given, profile, resolved, split, checked];
  const problems = [...parts.flatMap((part) => part.problems), ...refuseEmptyVariables(merged, environment)];
  if (checked.value === null || problems.length > 0) throw refuse(problems);
  return {
    input: {
      ...checked.value,
      ...Object.fromEntries(missing.map((path) => [path, MANDATORY])),
      defaulted: LAYOUT.filter((path) => isDefaulted(leaves.get(path))),
    },
    files: inherited.files,
    node: split.node,
    environment: variablesOf(leaves, environment),
    secret: secretPaths(leaves),
  };
}

/** A file is a configuration of ours, of the step, or what `--dry-run` printed. */
function adoptFile(leaves: Leaves): { leaves: Leaves; problems: string[] } {
  const unwrapped = unwrapCompiled(leaves);
  const adopted = adoptStepNames(unwrapped.leaves);
  return { leaves: adopted.leaves, problems: [...unwrapped.problems, ...adopted.problems] };
}

function nameProfile(given: Leaves, profile: LoadConfigOptions['profile']): { leaves: Leaves; problems: string[] } {
  if (profile === undefined) return { leaves: new Map(), problems: [] };
  const { name, flag } = profile;
  const other = given.get('profile')?.value ?? name;
  const problems =
    other === name ? [] : [`profile=${JSON.stringify(other)} and ${flag} ${name} name two profiles: give one of them`];
  const origin = { kind: 'command line', token: `${flag} ${name}` } as const;
  return { leaves: new Map([['profile', { value: name, text: null, origin, environment: [] }]]), problems };
}

function findMissing(leaves: Leaves): string[] {
  const required = requestOptions().filter((option) => option.required);
  return required.map(({ path }) => path).filter((path) => isMissing(leaves.get(path)?.value));
}

const isMissing = (value: unknown): boolean => value === undefined || value === null || value === MANDATORY;

/** Something that the schema takes, for what is missing. */
function standIn(leaves: Leaves, missing: readonly string[]): Leaves {
  const origin = { kind: 'command line', token: '' } as const;
  const stand = { value: '/', text: null, origin, environment: [] };
  return new Map([...leaves, ...missing.map((path) => [path, stand] as const)]);
}

function variablesOf(
  leaves: Leaves,
  environment: Readonly<Record<string, string | undefined>>,
): Readonly<Record<string, string>> {
  const names = new Set([...leaves.values()].flatMap((leaf) => leaf.environment));
  return Object.fromEntries([...names].toSorted().map((name) => [name, environment[name] ?? '']));
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
