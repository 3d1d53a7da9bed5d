// Text of an env.toml as our configuration may have it: references that we resolve, and no secret.
import { isSecretName } from '../secrets.ts';

/** What cannot be written down here, in words that hold no secret. */
export class NotOurs extends Error {}

export interface OwnText {
  readonly text: string;
  /** Name of the environment variable that now holds what was written as it is; null where nothing was taken out. */
  readonly secretVariable: string | null;
}

/** A reference without another one inside. */
const INNERMOST = /\$\{([^${}]*)\}/;
/** Stands for a reference that is kept, while what is around it is looked at. Characters that no configuration has. */
const markOf = (index: number): string => `\u{E000}${index}\u{E001}`;
const KEPT = /\u{E000}\d+\u{E001}/gu;
const VARIABLE = /\$\{oc\.env:\s*([A-Za-z_][A-Za-z0-9_]*)\s*(?:,|\})/;

/**
 * @param name - the key, or the environment variable, that the text belongs to.
 * @param siblings - scalar values of the same profile, for `${name}`.
 * @param variable - where a secret that is written as it is goes to.
 * @throws NotOurs for references that only the step can resolve.
 */
export function ownText(
  text: string,
  name: string,
  siblings: Readonly<Record<string, string>>,
  variable: string,
): OwnText {
  if (isSecretName(name) && text !== '') {
    const [, referred] = VARIABLE.exec(text) ?? [];
    const harmless = referred !== undefined && /^\$\{oc\.env:[^,}]*(?:,\s*(?:''|""|null)?\s*)?\}$/.test(text);
    if (harmless) return { text, secretVariable: null };
    const own = referred ?? variable;
    return { text: `\${oc.env:${own},''}`, secretVariable: own };
  }
  if (looksSecret(text)) return { text: `\${oc.env:${variable},''}`, secretVariable: variable };
  return { text: resolveSiblings(text, siblings), secretVariable: null };
}

/** Tokens that are known by how they begin, and addresses with a password. */
function looksSecret(text: string): boolean {
  return (
    /(?:^|[^A-Za-z0-9])(?:hf_|nvapi-|ghp_|github_pat_|glpat-|sk-|xox[abp]-|AKIA)[A-Za-z0-9_-]{8,}/.test(text) ||
    /:\/\/[^/\s:@]*:[^/\s@]+@/.test(text)
  );
}

/** `${workspace}/x` becomes what the profile says about `workspace`; `${oc.env:...}` and `${oc.decode:...}` stay. */
function resolveSiblings(text: string, siblings: Readonly<Record<string, string>>): string {
  const kept: string[] = [];
  let rest = text;
  for (let steps = 0; steps < 1000; steps++) {
    const found = INNERMOST.exec(rest);
    if (found === null) break;
    const [whole, inner = ''] = found;
    const sibling = Object.hasOwn(siblings, inner.trim()) ? siblings[inner.trim()] : undefined;
    if (sibling === undefined && !/^oc\.(env|decode):/.test(inner.trim())) {
      throw new NotOurs(`only the step can resolve ${whole.replaceAll(KEPT, '${...}')}`);
    }
    if (sibling === undefined) kept.push(whole);
    rest = rest.replace(whole, () => sibling ?? markOf(kept.length - 1));
  }
  // From the outside in: what was kept may hold what was kept before.
  for (let at = kept.length - 1; at >= 0; at--) rest = rest.replaceAll(markOf(at), () => kept[at] ?? '');
  return rest;
}
