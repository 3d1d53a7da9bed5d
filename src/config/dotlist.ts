// `a.b=value` on the command line, the value read as YAML, as OmegaConf's dotlist does.
import { isMap } from 'yaml';
import { setLeaf, type Leaves } from './leaf.ts';
import { maskWords } from './secrets.ts';
import { STEP_ID } from './step-parameters.ts';
import { parseYaml, plainText } from './yaml-values.ts';

const KEY = /^[A-Za-z_][\w-]*(\.[A-Za-z_][\w-]*)*$/;

/** Parses overrides in their order; later ones win. Everything that is no `key=value` is a problem with the right spelling in it. */
export function parseDotlist(tokens: readonly string[]): { leaves: Leaves; problems: string[] } {
  const leaves: Leaves = new Map();
  const problems: string[] = [];
  for (let index = 0; index < tokens.length; index++) {
    const token = tokens[index] ?? '';
    if (token.startsWith('-')) {
      const next = tokens[index + 1];
      const takesNext = !token.includes('=') && next !== undefined && !next.startsWith('-') && !next.includes('=');
      problems.push(refuseFlag(token, takesNext ? next : undefined));
      if (takesNext) index++;
    } else {
      const problem = assign(leaves, token);
      if (problem !== null) problems.push(problem);
    }
  }
  return { leaves, problems };
}

/** Options of the step or of another command, met where they mean nothing. */
const OTHER_OPTIONS = new Map([
  ['-b', 'submits to a server: megatron-to-hf run -b'],
  ['--batch', 'submits to a server: megatron-to-hf run --batch'],
  ['--detach', 'leaves a run on a server: megatron-to-hf run --detach'],
  ['--stage', 'uploads files of the step; there is nothing to upload here, leave it out'],
]);

/** The step takes `--tp 4` and silently converts with tp=1; here it is refused. */
function refuseFlag(token: string, value: string | undefined): string {
  const other = OTHER_OPTIONS.get(token);
  if (other !== undefined)
    return `${token} ${other}${value !== undefined && other.startsWith('submits') ? ` ${value}` : ''}`;
  const name = token.replace(/^-+/, '');
  const equals = name.indexOf('=');
  const key = (equals < 0 ? name : name.slice(0, equals)).replaceAll('-', '_');
  const negated = equals < 0 && value === undefined && key.startsWith('no_');
  const spelling = negated
    ? `${key.slice(3)}=false`
    : `${key}=${equals < 0 ? (value ?? 'true') : name.slice(equals + 1)}`;
  const [shown = '', ...rest] = maskWords(value === undefined ? [token] : [token, value]);
  const [written] = maskWords([spelling]);
  return `${[shown, ...rest].join(' ')}: there is no such option; parameters are written ${written}`;
}

function assign(leaves: Leaves, token: string): string | null {
  const equals = token.indexOf('=');
  if (equals < 0) {
    return token === STEP_ID || token === `steps/${STEP_ID}`
      ? `${token}: the step needs no name here, leave it out`
      : `${token}: expected key=value`;
  }
  const key = token.slice(0, equals);
  if (/^[+~]/.test(key))
    return `${token}: parameters are set without ${key[0]}: ${token.slice(key.startsWith('++') ? 2 : 1)}`;
  if (!KEY.test(key)) return `${token}: ${key === '' ? 'the key is missing' : `${key} is not a parameter name`}`;
  const { document } = parseYaml(token.slice(equals + 1));
  if (document.errors.length > 0) {
    return `${maskWords([token]).join('')}: the value is not YAML (${document.errors[0]?.message.split('\n')[0] ?? 'syntax'}); quote it: ${key}='"..."'`;
  }
  const value = document.toJS() as unknown;
  const origin = { kind: 'command line', token } as const;
  if (isMap(document.contents) && document.contents.items.length > 0) {
    for (const [path, leafValue] of flatten(key, value)) {
      setLeaf(leaves, path, { value: leafValue, text: null, origin, environment: [] });
    }
  } else {
    setLeaf(leaves, key, { value, text: plainText(document.contents), origin, environment: [] });
  }
  return null;
}

/** `wait={timeout: 1h}` sets `wait.timeout`. */
function flatten(path: string, value: unknown): [string, unknown][] {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return [[path, value]];
  return Object.entries(value).flatMap(([key, child]) => flatten(`${path}.${key}`, child));
}
