// What to say about a key that does not exist.
import { sectionsOf, type Option } from './options.ts';
import { closest } from './suggest.ts';

/** Keys of the Nemotron step and of its relatives that are spelt otherwise here, or are not for a request to say. */
const ELSEWHERE = new Map(
  Object.entries({
    hf_model: 'is spelt hf_model_id here',
    use_distributed: 'is spelt distributed here',
    torch_dtype: 'is spelt dtype here',
    input: 'is spelt megatron_path here',
    output: 'is spelt hf_path here',
    script: 'is set by the operator of the worker (config/worker.yaml), never by a request',
    distributed_script: 'is set by the operator of the worker (config/worker.yaml), never by a request',
    upstream_script: 'is set by the operator of the worker (config/worker.yaml), never by a request',
    extra_args: 'is set by the operator of the worker (config/worker.yaml), never by a request',
    distributed_extra_args: 'is set by the operator of the worker (config/worker.yaml), never by a request',
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
