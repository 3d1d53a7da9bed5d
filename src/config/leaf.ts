// A configuration while it is being put together: a flat map from dotted path to leaf, so that each value knows where it came from.

/** Where a value was written. `package` is a file that ships with megatron-to-hf: what it says is a default, not a person's choice. */
export type Origin =
  | { readonly kind: 'package' | 'file'; readonly file: string; readonly line: number }
  | { readonly kind: 'command line'; readonly token: string };

/** What OmegaConf writes for a value that somebody must give. */
export const MANDATORY = '???';

/** One value that is not a mapping: a scalar, or a list (lists are replaced as a whole, as OmegaConf does). */
export interface Leaf {
  readonly value: unknown;
  /** Source text of a plain scalar; null where the value was quoted or is no scalar. */
  readonly text: string | null;
  readonly origin: Origin;
  /** Environment variables that were set and that the value was made of. */
  readonly environment: readonly string[];
}

export type Leaves = Map<string, Leaf>;

/** Sets a path: what lies below it and what lay above it as a leaf is replaced. As in OmegaConf, an empty mapping adds nothing to a mapping, and `???` takes nothing away. */
export function setLeaf(leaves: Leaves, path: string, leaf: Leaf): void {
  if (leaf.value === MANDATORY && leaves.has(path)) return;
  if (isEmptyMapping(leaf.value) && [...leaves.keys()].some((other) => other.startsWith(`${path}.`))) return;
  for (const other of leaves.keys()) {
    if (other.startsWith(`${path}.`) || path.startsWith(`${other}.`)) leaves.delete(other);
  }
  leaves.set(path, leaf);
}

/** Later maps win, path by path. */
export function mergeLeaves(layers: readonly Leaves[]): Leaves {
  const merged: Leaves = new Map();
  for (const layer of layers) for (const [path, leaf] of layer) setLeaf(merged, path, leaf);
  return merged;
}

/** The nested object that the leaves describe. */
export function nestLeaves(leaves: ReadonlyMap<string, Leaf>): Record<string, unknown> {
  const root: Record<string, unknown> = {};
  for (const [path, leaf] of leaves) {
    const keys = path.split('.');
    const last = keys.pop() ?? path;
    let node = root;
    for (const key of keys) {
      const child = Object.hasOwn(node, key) ? node[key] : undefined;
      if (typeof child === 'object' && child !== null) node = child as Record<string, unknown>;
      else node = defineKey(node, key, {}) as Record<string, unknown>;
    }
    defineKey(node, last, leaf.value);
  }
  return root;
}

/** Assigns without meaning anything special by `__proto__`. */
function defineKey(node: Record<string, unknown>, key: string, value: unknown): unknown {
  Object.defineProperty(node, key, { value, enumerable: true, configurable: true, writable: true });
  return value;
}

function isEmptyMapping(value: unknown): boolean {
  return typeof value === 'object' && value !== null && !Array.isArray(value) && Object.keys(value).length === 0;
}

/** `config/mine.yaml:3`, or `command line`. */
export function describeOrigin(origin: Origin): string {
  return origin.kind === 'command line' ? 'command line' : `${origin.file}:${origin.line}`;
}
