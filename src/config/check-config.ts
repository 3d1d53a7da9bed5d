// Compares leaves with a schema: unknown keys with a suggestion, missing values, wrong values; each with the place where it was written.
import type { z } from 'zod';
import { describeOrigin, MANDATORY, nestLeaves, type Leaf, type Leaves } from './leaf.ts';
import { sectionsOf, type Option } from './options.ts';
import { isSecretName, MASK } from './secrets.ts';
import { describeUnknownKey } from './unknown-key.ts';
import { decodeYaml } from './yaml-values.ts';

/** The parsed object, or every problem that stands in its way. */
export function checkConfig<S extends z.ZodType>(
  schema: S,
  options: readonly Option[],
  leaves: Leaves,
): { value: z.output<S> | null; problems: string[] } {
  const problems: string[] = [];
  const known = new Map(options.map((option) => [option.path, option]));
  const sections = sectionsOf(options);
  const accepted: Leaves = new Map();
  const reported = new Set<string>();
  for (const [path, leaf] of leaves) {
    const option = known.get(path);
    if (option === undefined) {
      if (isEmptySection(path, leaf, sections)) continue;
      problems.push(`${path} (${describeOrigin(leaf.origin)}): ${describeUnknownKey(path, options)}`);
    } else if (leaf.value === MANDATORY || (leaf.value === null && option.required)) {
      problems.push(`${path} is mandatory: give ${path}=... (${option.meaning})`);
      reported.add(path);
    } else {
      accepted.set(path, fitLeaf(leaf, option));
    }
  }
  const parsed = schema.safeParse(nestLeaves(accepted));
  for (const issue of parsed.error?.issues ?? []) {
    const path = issue.path.join('.');
    const at = [...known.keys()].find((option) => path === option || path.startsWith(`${option}.`)) ?? path;
    if (reported.has(at)) continue;
    reported.add(at);
    problems.push(describeIssue(at, known.get(at), leaves.get(at), issue));
  }
  return { value: parsed.success && problems.length === 0 ? parsed.data : null, problems };
}

/** `wait:` with nothing below it means the same as leaving it out. */
function isEmptySection(path: string, leaf: Leaf, sections: ReadonlySet<string>): boolean {
  const { value } = leaf;
  const empty = value === null || (typeof value === 'object' && Object.keys(value).length === 0);
  return empty && sections.has(path);
}

/**
 * Text and numbers as the parameter wants them: environment variables are text, so `4` becomes a number where one is expected;
 * a revision such as `0123456` was text, though YAML took it for a number.
 */
function fitLeaf(leaf: Leaf, option: Option): Leaf {
  const { value, text } = leaf;
  if (text === null) return leaf;
  const kind = scalarKind(value);
  if ((kind === 'number' || kind === 'boolean') && !option.accepts.has(kind) && option.accepts.has('string')) {
    return { ...leaf, value: text };
  }
  const decoded = text === value ? decodeYaml(text) : null;
  const decodedKind = decoded === null ? null : scalarKind(decoded.value);
  return decoded !== null && decodedKind !== null && option.accepts.has(decodedKind)
    ? { ...leaf, value: decoded.value }
    : leaf;
}

function scalarKind(value: unknown): 'number' | 'boolean' | 'null' | null {
  if (value === null) return 'null';
  return typeof value === 'number' ? 'number' : typeof value === 'boolean' ? 'boolean' : null;
}

function describeIssue(
  path: string,
  option: Option | undefined,
  leaf: Leaf | undefined,
  issue: z.core.$ZodIssue,
): string {
  if (option === undefined) return `${path}: ${issue.message}`;
  if (leaf === undefined) return `${path} is mandatory: give ${path}=... (${option.meaning})`;
  const where = `${path} (${describeOrigin(leaf.origin)})`;
  const expected = issue.code === 'custom' ? issue.message : `expected ${option.type}${describeLimit(issue)}`;
  return `${where}: ${expected}, found ${showValue(leaf)}`;
}

/** What the type does not say. */
function describeLimit(issue: z.core.$ZodIssue): string {
  if (issue.code === 'too_small' && issue.origin === 'string') return ' that is not empty';
  if (issue.code === 'too_small' && issue.origin === 'array') return ', not empty';
  if (issue.code === 'too_big' && issue.origin === 'string') return ` of at most ${issue.maximum} characters`;
  return issue.code === 'too_big' && issue.origin === 'array' ? `, at most ${issue.maximum}` : '';
}

const LONGEST_SHOWN = 200;

/** Never what a variable with a secret name holds. */
function showValue({ value, environment }: Leaf): string {
  if (environment.some(isSecretName)) return MASK;
  const shown = JSON.stringify(value);
  return shown.length <= LONGEST_SHOWN ? shown : `${shown.slice(0, LONGEST_SHOWN)}...`;
}
