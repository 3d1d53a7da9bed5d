// A profile to start from, with a word on each key: the example of its executor, and what else there is as comments.
import { join } from 'node:path';
import { ConversionError } from '../contract/failures.ts';
import { PROFILE_NAME, PROFILE_SCHEMAS } from '../contract/profiles.ts';
import { nestLeaves, type Leaves } from './leaf.ts';
import { listOptions, type Option } from './options.ts';
import { packageConfigFolder } from './package-root.ts';
import { readYaml } from './read-yaml.ts';
import { printYaml } from './yaml-values.ts';

export type ExecutorName = keyof typeof PROFILE_SCHEMAS;

const EXECUTORS = Object.keys(PROFILE_SCHEMAS) as ExecutorName[];

/** Widest line of a comment. */
const WIDTH = 120;

/**
 * @param executor - default the executor that the name speaks of, such as lepton_convert_model.
 * @throws ConversionError InvalidInput where the name cannot be one or speaks of no executor.
 */
export async function composeNewProfile(name: string, executor?: string): Promise<string> {
  if (!PROFILE_NAME.test(name))
    throw invalid(`a profile has a name of letters, digits, - and _, not ${JSON.stringify(name)}`);
  const wanted = executor ?? EXECUTORS.find((known) => name.toLowerCase().split(/[-_]/).includes(known));
  const found = EXECUTORS.find((known) => known === wanted);
  if (found === undefined) {
    const problem =
      executor === undefined ? `the name ${name} speaks of no executor` : `there is no executor ${executor}`;
    throw invalid(`${problem}; give --executor ${EXECUTORS.join(', ')}`);
  }
  const options = listOptions(PROFILE_SCHEMAS[found]);
  const fields = await readExample(found);
  const lines = [
    ...Object.entries(fields).flatMap(([key, value]) => describeKey(options, key, printYaml({ [key]: value }))),
    '# What else there is, with its default:',
    '# another profile, to build on',
    '# extends: null',
    ...options.filter(({ path }) => !Object.hasOwn(fields, path)).flatMap(describeOption),
  ];
  const header = ['# For the section profiles: of worker.yaml. docs/profiles.md says more.', 'profiles:', `  ${name}:`];
  return `${[...header, ...lines.map((line) => `    ${line}`)].join('\n')}\n`;
}

/** What the package's worker.yaml has for the executor, before its references are resolved. */
async function readExample(executor: ExecutorName): Promise<Record<string, unknown>> {
  const { leaves } = await readYaml(join(packageConfigFolder(), 'worker.yaml'), 'package');
  const prefix = `profiles.${executor}_convert_model.`;
  const own: Leaves = new Map();
  for (const [path, leaf] of leaves) if (path.startsWith(prefix)) own.set(path.slice(prefix.length), leaf);
  return { executor, ...nestLeaves(own) };
}

function describeKey(options: readonly Option[], key: string, yaml: string): string[] {
  const option = options.find(({ path }) => path === key);
  return [...comment(option === undefined ? '' : option.meaning), ...yaml.trimEnd().split('\n')];
}

function describeOption({ path, fallback, meaning }: Option): string[] {
  // JSON is YAML on one line.
  return [...comment(meaning), `# ${path}: ${JSON.stringify(fallback ?? null)}`];
}

/** Wrapped between words. */
function comment(text: string): string[] {
  const lines: string[] = [];
  for (const word of text.split(' ').filter((part) => part !== '')) {
    const last = lines.at(-1);
    if (last === undefined || last.length + word.length + 1 > WIDTH) lines.push(`# ${word}`);
    else lines[lines.length - 1] = `${last} ${word}`;
  }
  return lines;
}

function invalid(message: string): ConversionError {
  return new ConversionError('InvalidInput', message, { problems: [message] });
}
