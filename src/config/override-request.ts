// The request of an earlier run with some parameters changed on the command line: the rest stays as it was, whatever is configured now.
import { ConversionError, ConversionInput, type ConversionRequest } from '../contract/index.ts';
import { adoptStepNames, ownName } from './adopt-step-names.ts';
import { checkConfig } from './check-config.ts';
import { escapeInterpolations } from './compose-config.ts';
import { parseDotlist } from './dotlist.ts';
import { interpolate } from './interpolate.ts';
import { mergeLeaves, setLeaf, type Leaves } from './leaf.ts';
import { requestOptions } from './load-config.ts';
import { splitNode } from './node-launch.ts';
import { resolvePaths } from './resolve-paths.ts';
import { readTorchDtype } from './torch-dtype.ts';

export interface OverrideOptions {
  readonly environment?: Readonly<Record<string, string | undefined>>;
  /** What relative paths of the overrides are relative to. */
  readonly cwd?: string;
}

/**
 * Checked as a configuration is. References such as `${hf_path}` may name what stays as it was.
 * @throws ConversionError InvalidInput with all problems at once.
 */
export function overrideRequest(
  request: ConversionRequest,
  overrides: readonly string[],
  options: OverrideOptions = {},
): ConversionInput {
  const cwd = options.cwd ?? process.cwd();
  const { defaulted = [], ...earlier } = request;
  const dotlist = parseDotlist(overrides);
  const given = adoptStepNames(dotlist.leaves);
  const kept = leavesOf(escapeInterpolations(earlier));
  const resolved = interpolate(
    mergeLeaves([kept, given.leaves]),
    { ...(options.environment ?? process.env), PWD: cwd },
    ownName,
  );
  const changed: Leaves = new Map([...resolved.leaves].filter(([path]) => given.leaves.has(path)));
  const split = splitNode(readTorchDtype(resolvePaths(changed, cwd)), false);
  const leaves = mergeLeaves([leavesOf(earlier), split.leaves]);
  const checked = checkConfig(ConversionInput, requestOptions(), leaves);
  const problems = [dotlist, given, resolved, split, checked].flatMap((part) => part.problems);
  if (checked.value === null || problems.length > 0) throw refuse(problems);
  return { ...checked.value, defaulted: defaulted.filter((path) => !given.leaves.has(path)) };
}

/** What no request could take, before anybody asks for the earlier one. @throws ConversionError InvalidInput */
export function refuseMisspelt(overrides: readonly string[]): void {
  const dotlist = parseDotlist(overrides);
  const problems = [...dotlist.problems, ...adoptStepNames(dotlist.leaves).problems];
  if (problems.length > 0) throw refuse(problems);
}

function refuse(problems: readonly string[]): ConversionError {
  const list = problems.map((problem) => `  - ${problem}`).join('\n');
  return new ConversionError('InvalidInput', `the changed request has problems:\n${list}`, { problems });
}

/** Lists are values; mappings are not. */
function leavesOf(value: unknown, path = '', leaves: Leaves = new Map()): Leaves {
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) {
    for (const [key, child] of Object.entries(value)) leavesOf(child, path === '' ? key : `${path}.${key}`, leaves);
  } else {
    const origin = { kind: 'file', file: 'request of the earlier run', line: 1 } as const;
    setLeaf(leaves, path, { value, text: null, origin, environment: [] });
  }
  return leaves;
}
