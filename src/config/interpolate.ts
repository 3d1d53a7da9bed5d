// Resolves the interpolations of a configuration. Values keep their type where a template is one reference.
import { describeOrigin, nestLeaves, type Leaf, type Leaves } from './leaf.ts';
import { parseTemplate, type Part, type Template } from './template.ts';
import { decodeYaml } from './yaml-values.ts';

/** What OmegaConf writes for a value that somebody must give. */
export const MANDATORY = '???';

type Environment = Readonly<Record<string, string | undefined>>;

/** Resolves every leaf. Leaves that cannot be resolved are left out of the result and named in `problems`. */
export function interpolate(leaves: Leaves, environment: Environment): { leaves: Leaves; problems: string[] } {
  const resolver = new Resolver(leaves, environment);
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
  readonly #done = new Map<string, Leaf>();
  readonly #open: string[] = [];

  constructor(leaves: Leaves, environment: Environment) {
    this.#leaves = leaves;
    this.#environment = environment;
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
    return value;
  }

  #evaluate(template: Template, used: Set<string>): unknown {
    const [only] = template;
    if (template.length === 1 && only !== undefined) return this.#evaluatePart(only, used);
    return template.map((part) => asText(this.#evaluatePart(part, used))).join('');
  }

  #evaluatePart(part: Part, used: Set<string>): unknown {
    if (typeof part === 'string') return part;
    if (part.kind === 'reference') return this.#lookUp(part.path, used);
    const [first = [], second] = part.arguments;
    switch (part.name) {
      case 'oc.env':
        return this.#readEnvironment(asText(this.#evaluate(first, used)).trim(), second, used);
      case 'oc.decode':
        return decode(this.#evaluate(first, used));
      default:
        throw new SyntaxError(`no resolver is called ${part.name}; there are oc.env and oc.decode`);
    }
  }

  #readEnvironment(name: string, fallback: Template | undefined, used: Set<string>): unknown {
    const value = this.#environment[name];
    if (value !== undefined) {
      used.add(name);
      return value;
    }
    if (fallback === undefined) throw new SyntaxError(`the environment variable ${name} is not set`);
    const text = this.#evaluate(fallback, used);
    return typeof text === 'string' ? unquote(text.trim()) : text;
  }

  #lookUp(path: string, used: Set<string>): unknown {
    const leaf = this.#leaves.get(path);
    if (leaf !== undefined) {
      const resolved = this.resolveLeaf(path, leaf);
      if (resolved.value === MANDATORY) throw new SyntaxError(`refers to ${path}, which nobody has given`);
      for (const name of resolved.environment) used.add(name);
      return resolved.value;
    }
    const below = [...this.#leaves].filter(([other]) => other.startsWith(`${path}.`));
    if (below.length === 0) throw new SyntaxError(`refers to ${path}, which does not exist`);
    const section = below.map(([other, item]) => {
      const resolved = this.resolveLeaf(other, item);
      for (const name of resolved.environment) used.add(name);
      return [other.slice(path.length + 1), resolved] as const;
    });
    return nestLeaves(new Map(section));
  }
}

function asText(value: unknown): string {
  if (typeof value === 'string') return value;
  if (value === null || value === undefined) return '';
  return JSON.stringify(value);
}

function decode(value: unknown): unknown {
  if (typeof value !== 'string') return value;
  const decoded = decodeYaml(value);
  if (decoded === null) throw new SyntaxError(`oc.decode: ${JSON.stringify(value)} is not YAML`);
  return decoded.value;
}

function unquote(text: string): string {
  return /^(["']).*\1$/s.test(text) ? text.slice(1, -1) : text;
}
