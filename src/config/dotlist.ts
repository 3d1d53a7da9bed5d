// `a.b=value` on the command line, the value read as YAML, as OmegaConf's dotlist does.
import { isMap } from 'yaml';
import { setLeaf, type Leaves } from './leaf.ts';
import { refuseFlag } from './refuse-flag.ts';
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
      const { problem, takesNext } = refuseFlag(token, tokens[index + 1]);
      problems.push(problem);
      if (takesNext) index++;
    } else {
      const problem = assign(leaves, token);
      if (problem !== null) problems.push(problem);
    }
  }
  return { leaves, problems };
}

function assign(leaves: Leaves, token: string): string | null {
  const equals = token.indexOf('=');
  if (equals < 0) {
    return token === STEP_ID || token === `steps/${STEP_ID}`
      ? `${token}: the step needs no name here, leave it out`
      : `${token}: expected key=value`;
  }
  const key = token.slice(0, equals);
  const [shown = ''] = maskWords([token]);
  if (/^[+~]/.test(key))
    return `${shown}: parameters are set without ${key[0]}: ${shown.slice(key.startsWith('++') ? 2 : 1)}`;
  if (!KEY.test(key)) return `${shown}: ${key === '' ? 'the key is missing' : `${key} is not a parameter name`}`;
  const { document } = parseYaml(token.slice(equals + 1));
  if (document.errors.length > 0) {
    return `${shown}: the value is not YAML (${document.errors[0]?.message.split('\n')[0] ?? 'syntax'}); quote it: ${key}='"..."'`;
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
