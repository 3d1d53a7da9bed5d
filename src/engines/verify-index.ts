// The index file of an export, against the plan.
import { isDeepStrictEqual } from 'node:util';
import type { PlanSummary } from '../plan/types.ts';
import { errorCode } from '../files/error-code.ts';
import { INDEX_FILE, readIndex } from '../safetensors/read-index.ts';

const MOST_NAMED = 10;

export async function indexProblems(plan: Pick<PlanSummary, 'index'>, directory: string): Promise<string[]> {
  let found: Awaited<ReturnType<typeof readIndex>>;
  try {
    found = await readIndex(directory);
  } catch (error) {
    if (errorCode(error) !== null) throw error;
    return [`${INDEX_FILE}: not readable (${error instanceof Error ? error.message : String(error)})`];
  }
  if (plan.index === null) return found === null ? [] : [`${INDEX_FILE}: there must be none for a single file`];
  if (found === null) return [`${INDEX_FILE}: missing`];
  const problems: string[] = [];
  if (!isDeepStrictEqual(found.metadata, { ...plan.index.metadata }))
    problems.push(
      `${INDEX_FILE}: metadata is ${JSON.stringify(found.metadata)}, expected ${JSON.stringify(plan.index.metadata)}`,
    );
  const expected = plan.index.weight_map;
  const names = new Set([...Object.keys(expected), ...Object.keys(found.weight_map)]);
  const wrong = [...names].filter((name) => found.weight_map[name] !== expected[name]);
  for (const name of wrong.slice(0, MOST_NAMED))
    problems.push(
      `${INDEX_FILE}: ${name} is in ${found.weight_map[name] ?? 'no file'}, expected ${expected[name] ?? 'no such tensor'}`,
    );
  if (wrong.length > MOST_NAMED) problems.push(`${INDEX_FILE}: ${wrong.length - MOST_NAMED} more tensors differ`);
  return problems;
}
