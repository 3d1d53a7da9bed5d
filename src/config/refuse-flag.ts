// What to say about an option that does not exist: the step takes `--tp 4` and silently converts with tp=1.
import { ConversionInput } from '../contract/index.ts';
import { ownName } from './adopt-step-names.ts';
import { listOptions, type Option } from './options.ts';
import { maskWords } from './secrets.ts';
import { STEP_PARAMETERS } from './step-parameters.ts';
import { closest } from './suggest.ts';
import { describeUnknownKey } from './unknown-key.ts';

/** Options of the step or of another command, met where they mean nothing. `NAME` is what follows. */
const ELSEWHERE = new Map([
  ['-b', 'submits to a server: megatron-to-hf run -b NAME'],
  ['--batch', 'submits to a server: megatron-to-hf run --batch NAME'],
  ['--detach', 'leaves a run on a server: megatron-to-hf run --detach'],
  ['-r', 'names a profile; here that is profile=NAME'],
  ['--run', 'names a profile; here that is profile=NAME'],
  ['-c', 'names a configuration, and none is read here; give what is to change as key=value'],
  ['--config', 'names a configuration, and none is read here; give what is to change as key=value'],
  ['-d', 'prints the configuration of run and convert; there is none to print here'],
  ['--dry-run', 'prints the configuration of run and convert; there is none to print here'],
  ['--stage', 'uploads files of the step; there is nothing to upload here, leave it out'],
]);
const OPTIONS = ['--config', '--run', '--batch', '--dry-run', '--detach', '--force-squash', '--json', '--help'];

interface Refusal {
  readonly problem: string;
  /** The next word was meant as the value of this one. */
  readonly takesNext: boolean;
}

/** @param next - the word behind it, where there is one */
export function refuseFlag(token: string, next: string | undefined): Refusal {
  const isValue = !token.includes('=') && next !== undefined && !next.startsWith('-') && !next.includes('=');
  const elsewhere = ELSEWHERE.get(token);
  if (elsewhere !== undefined) {
    const name = isValue ? next : 'NAME';
    return { problem: `${token} ${elsewhere.replace('NAME', name)}`, takesNext: isValue };
  }
  const [name = '', ...rest] = token.replace(/^-+/, '').split('=');
  const key = name.replaceAll('-', '_');
  const options = listOptions(ConversionInput);
  const negated = /^no_(.+)$/.exec(key)?.[1];
  if (negated !== undefined && find(negated, options)?.accepts.has('boolean') === true) {
    return { problem: sayWritten([token], `${negated}=false`), takesNext: false };
  }
  const value = rest.length > 0 ? rest.join('=') : isValue ? next : undefined;
  const words = isValue ? [token, next] : [token];
  return { problem: explain(words, key, value, options), takesNext: isValue };
}

function explain(words: readonly string[], key: string, value: string | undefined, options: readonly Option[]): string {
  const option = find(key, options);
  if (option !== undefined) {
    return sayWritten(words, `${key}=${value ?? (option.accepts.has('boolean') ? 'true' : '...')}`);
  }
  const [token = ''] = words;
  const instead = STEP_PARAMETERS.find(({ name }) => name === key)?.instead;
  if (instead !== undefined) return `${token} ${instead}`;
  const shown = `${maskWords(words).join(' ')}: there is no such option`;
  const similar = token.startsWith('--') ? closest(token, OPTIONS) : null;
  if (similar !== null) return `${shown}; did you mean ${similar}?`;
  if (key.length < 2) return shown;
  const unknown = describeUnknownKey(key, options);
  return `${shown}, and ${key}${unknown.startsWith('there') ? ':' : ''} ${unknown}`;
}

const find = (key: string, options: readonly Option[]): Option | undefined =>
  options.find(({ path }) => path === ownName(key));

function sayWritten(words: readonly string[], spelling: string): string {
  return `${maskWords(words).join(' ')}: there is no such option; parameters are written ${maskWords([spelling]).join('')}`;
}
