// What to say about a key that does not exist.
import { sectionsOf, type Option } from './options.ts';
import { closest } from './suggest.ts';

/** Words for a parameter that its users come with, and what is no parameter at all. The step's own names are in step-parameters.ts. */
const ELSEWHERE = new Map(
  Object.entries({
    input: 'is spelt megatron_path here',
    output: 'is spelt hf_path here',
    expert_model_parallel_size: 'is spelt ep here',
    expert_tensor_parallel_size: 'is spelt etp here',
    defaulted: 'is worked out by the command line itself',
  }),
);

/** `there is no such parameter; did you mean wait.timeout?` */
export function describeUnknownKey(path: string, options: readonly Option[]): string {
  const [first = path] = path.split('.');
  const elsewhere = ELSEWHERE.get(first);
  if (elsewhere !== undefined) return elsewhere;
  const sections = sectionsOf(options);
  if (sections.has(path)) {
    const keys = options.filter((option) => option.path.startsWith(`${path}.`)).map((option) => option.path);
    return `is a section; set one of ${keys.join(', ')}`;
  }
  const above = options.find((option) => path.startsWith(`${option.path}.`));
  if (above !== undefined) return `${above.path} takes ${above.type}, nothing below it`;
  const guesses = guess(path, options);
  return `there is no such parameter${guesses.length === 0 ? '' : `; did you mean ${guesses.join(' or ')}?`}`;
}

function guess(path: string, options: readonly Option[]): string[] {
  const paths = options.map((option) => option.path);
  const near = closest(path, paths);
  if (near !== null) return [near];
  const name = lastKey(path);
  const byName = paths.filter((other) => lastKey(other) === name);
  if (byName.length > 0) return byName;
  const similar = closest(name, paths.map(lastKey));
  return similar === null ? [] : paths.filter((other) => lastKey(other) === similar);
}

function lastKey(path: string): string {
  return path.slice(path.lastIndexOf('.') + 1);
}
