// Resolves the interpolations of a configuration as OmegaConf does. Values keep their type where a template is one reference.
import { decodeElement } from './decode-element.ts';
import { describeOrigin, MANDATORY, nestLeaves, type Leaf, type Leaves } from './leaf.ts';
import { isSecretName, MASK } from './secrets.ts';
import { parseTemplate, type Argument, type Part, type Template } from './template.ts';

type Environment = Readonly<Record<string, string | undefined>>;
type OwnName = (path: string) => string;

/**
 * Resolves every leaf. Leaves that cannot be resolved are left out of the result and named in `problems`.
 *
 * @param ownName - the path that a reference by another spelling means
 */
export function interpolate(
  leaves: Leaves,
  environment: Environment,
  ownName: OwnName = (path) => path,
): { leaves: Leaves; problems: string[] } {
  const resolver = new Resolver(leaves, environment, ownName);
  const resolved: Leaves = new Map();
  const problems: string[] = [];
  for (const [path, leaf] of leaves) {
    try {
      resolved.set(path, resolver.resolveLeaf(path, leaf));
    } catch (error) {
      if (!(error instanceof SyntaxError)) throw error;
      problems.push(`${path} (${describeOrigin(leaf.origin)}): ${error.message}`);
    }
  }
  return { leaves: resolved, problems };
}

class Resolver {
  readonly #leaves: Leaves;
  readonly #environment: Environment;
  readonly #ownName: OwnName;
  readonly #done = new Map<string, Leaf>();
  readonly #open: string[] = [];

  constructor(leaves: Leaves, environment: Environment, ownName: OwnName) {
    this.#leaves = leaves;
    this.#environment = environment;
    this.#ownName = ownName;
  }

  resolveLeaf(path: string, leaf: Leaf): Leaf {
    const known = this.#done.get(path);
    if (known !== undefined) return known;
    if (this.#open.includes(path)) {
      const chain = [...this.#open.slice(this.#open.indexOf(path)), path];
      throw new SyntaxError(`the references form a cycle: ${chain.join(' -> ')}`);
    }
    this.#open.push(path);
    try {
      const used = new Set<string>();
      const value = this.#resolveValue(leaf.value, used);
      const changed = value !== leaf.value;
      const resolved = changed
        ? { ...leaf, value, text: typeof value === 'string' ? value : null, environment: [...used] }
        : leaf;
      this.#done.set(path, resolved);
      return resolved;
    } finally {
      this.#open.pop();
    }
  }

  #resolveValue(value: unknown, used: Set<string>): unknown {
    if (typeof value === 'string' && value.includes('${')) return this.#evaluate(parseTemplate(value), used);
    if (Array.isArray(value)) return value.map((item) => this.#resolveValue(item, used));
    if (typeof value !== 'object' || value === null) return value;
    return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, this.#resolveValue(item, used)]));
  }

  #evaluate(template: Template, used: Set<string>): unknown {
    const [only] = template;
    if (template.length === 1 && only !== undefined) return this.#evaluatePart(only, used);
    return template.map((part) => asText(this.#evaluatePart(part, used))).join('');
  }

  #evaluatePart(part: Part, used: Set<string>): unknown {
    if (typeof part === 'string') return part;
    if (part.kind === 'reference') return this.#lookUp(this.#ownName(this.#absolute(part.path)), used);
    const [first, second] = part.arguments;
    switch (part.name) {
      case 'oc.env':
        return this.#readEnvironment(asText(this.#evaluate(first?.template ?? [], used)), second, used);
      case 'oc.decode':
        return decode(this.#evaluate(first?.template ?? [], used), [...used].some(isSecretName));
      default:
        throw new SyntaxError(`no resolver is called ${part.name}; there are oc.env and oc.decode`);
    }
  }

  /** `.name` is beside the value that refers to it, `..name` one level up. */
  #absolute(path: string): string {
    const dots = /^\.*/.exec(path)?.[0].length ?? 0;
    if (dots === 0) return path;
    const keys = (this.#open.at(-1) ?? '').split('.');
    return [...keys.slice(0, Math.max(0, keys.length - dots)), path.slice(dots)].join('.');
  }

  /** A default is text as well, apart from null: so says OmegaConf. */
  #readEnvironment(name: string, fallback: Argument | undefined, used: Set<string>): unknown {
    const value = this.#environment[name];
    if (value !== undefined) {
      used.add(name);
      return value;
    }
    if (fallback === undefined) throw new SyntaxError(`the environment variable ${name} is not set`);
    const { quoted, template } = fallback;
    const text = this.#evaluate(template, used);
    if (quoted) return asText(text);
    const [only] = template;
    const word = template.length === 1 && typeof only === 'string' ? only.toLowerCase() : '';
    if (text === null || word === 'null') return null;
    return word === 'true' ? 'True' : word === 'false' ? 'False' : asText(text);
  }

  #lookUp(path: string, used: Set<string>): unknown {
    const keys = path.split('.');
    for (let count = keys.length; count > 0; count--) {
      const prefix = keys.slice(0, count).join('.');
      const leaf = this.#leaves.get(prefix);
      if (leaf !== undefined) return pick(this.#use(prefix, leaf, used), keys.slice(count), path);
    }
    const below = [...this.#leaves].filter(([other]) => other.startsWith(`${path}.`));
    if (below.length === 0) throw new SyntaxError(`refers to ${path}, which does not exist`);
    const section = below.map(([other, item]) => {
      const value = this.#use(other, item, used);
      return [other.slice(path.length + 1), { ...item, value }] as const;
    });
    return nestLeaves(new Map(section));
  }

  #use(path: string, leaf: Leaf, used: Set<string>): unknown {
    const resolved = this.resolveLeaf(path, leaf);
    if (resolved.value === MANDATORY) throw new SyntaxError(`refers to ${path}, which nobody has given`);
    for (const name of resolved.environment) used.add(name);
    return resolved.value;
  }
}

/** An item of a list or of a mapping in a list. */
function pick(value: unknown, keys: readonly string[], path: string): unknown {
  return keys.reduce<unknown>((node, key) => {
    if (typeof node !== 'object' || node === null || !Object.hasOwn(node, key)) {
      throw new SyntaxError(`refers to ${path}, which does not exist`);
    }
    return (node as Record<string, unknown>)[key];
  }, value);
}

/** As Python writes it: people know the configuration from there. */
function asText(value: unknown): string {
  if (typeof value === 'string') return value;
  if (value === null || value === undefined) return 'None';
  if (typeof value === 'boolean') return value ? 'True' : 'False';
  return JSON.stringify(value);
}

function decode(value: unknown, isSecret: boolean): unknown {
  if (value === null) return null;
  const decoded = typeof value === 'string' ? decodeElement(value) : null;
  if (decoded === null)
    throw new SyntaxError(`oc.decode: ${isSecret ? MASK : JSON.stringify(value)} is no text that holds one value`);
  return decoded.value;
}
