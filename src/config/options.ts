// The parameters of a configuration as a flat list, read from its zod schema: for checking, for suggestions and for the documentation.
import { z } from 'zod';

type Kind = 'string' | 'number' | 'boolean' | 'null' | 'list' | 'section';

export interface Option {
  /** Dotted, such as `wait.timeout`. */
  readonly path: string;
  /** For people: `integer from 1 to 65536`, `headers | readback`. */
  readonly type: string;
  readonly accepts: ReadonlySet<Kind>;
  /** What the schema fills in; undefined where it has no default. */
  readonly fallback: unknown;
  readonly required: boolean;
  readonly meaning: string;
}

/** The part of JSON Schema that zod writes for our schemas. */
interface Node {
  readonly type?: string;
  readonly description?: string;
  readonly default?: unknown;
  readonly const?: string | number | boolean;
  readonly enum?: readonly (string | number)[];
  readonly anyOf?: readonly Node[];
  readonly items?: Node;
  readonly minimum?: number;
  readonly exclusiveMinimum?: number;
  readonly maximum?: number;
  readonly pattern?: string;
  readonly properties?: Readonly<Record<string, Node>>;
  readonly required?: readonly string[];
}

/** Options of a strict object schema, in the order of the schema. */
export function listOptions(schema: z.ZodType): Option[] {
  return walk(z.toJSONSchema(schema, { io: 'input', unrepresentable: 'any' }) as Node, '');
}

/** Paths of the mappings that hold options, such as `wait`. */
export function sectionsOf(options: readonly Option[]): Set<string> {
  return new Set(
    options.flatMap(({ path }) =>
      path
        .split('.')
        .map((_, i, keys) => keys.slice(0, i).join('.'))
        .slice(1),
    ),
  );
}

function walk(node: Node, prefix: string): Option[] {
  return Object.entries(node.properties ?? {}).flatMap(([key, child]) => {
    const path = prefix + key;
    if (child.properties !== undefined) return walk(child, `${path}.`);
    const variants = flattenUnion(child);
    return {
      path,
      type: [...new Set(variants.filter((variant) => variant.type !== 'null').map(describeType))].join(' | '),
      accepts: new Set(variants.map(kindOf)),
      fallback: child.default,
      required: node.required?.includes(key) ?? false,
      meaning: child.description ?? '',
    };
  });
}

/** `z.union([a, b]).nullish()` nests one union in another. */
function flattenUnion(node: Node): Node[] {
  return node.anyOf === undefined ? [node] : node.anyOf.flatMap(flattenUnion);
}

function kindOf(node: Node): Kind {
  switch (node.type) {
    case 'integer':
    case 'number':
      return 'number';
    case 'boolean':
    case 'null':
      return node.type;
    case 'array':
      return 'list';
    case 'object':
      return 'section';
    default:
      return 'string';
  }
}

function describeType(node: Node): string {
  if (node.const !== undefined) return String(node.const);
  if (node.enum !== undefined) return node.enum.join(' | ');
  switch (node.type) {
    case 'integer':
    case 'number': {
      const { minimum, exclusiveMinimum, maximum } = node;
      if (exclusiveMinimum !== undefined) return `${node.type} above ${exclusiveMinimum}`;
      const bounded = maximum !== undefined && maximum < Number.MAX_SAFE_INTEGER;
      if (minimum !== undefined && bounded) return `${node.type} from ${minimum} to ${maximum}`;
      return minimum === undefined ? node.type : `${node.type} from ${minimum}`;
    }
    case 'boolean':
      return 'true | false';
    case 'array':
      return `list of ${describeType(node.items ?? {})}`;
    case 'object':
      return 'mapping';
    default:
      return describeText(node.pattern);
  }
}

/** Durations and sizes are recognised by the units in their pattern. */
function describeText(pattern: string | undefined): string {
  if (pattern?.includes('(ms|s|m|h|d)') === true) return 'duration such as 30s, 15m, 24h';
  if (pattern?.includes('i?B') === true) return 'size such as 5GB, 500MiB';
  return 'text';
}
