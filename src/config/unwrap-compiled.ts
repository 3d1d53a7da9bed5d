// Reads what `--dry-run` printed as a configuration again.
import type { Leaf, Leaves } from './leaf.ts';
import { MASK } from './secrets.ts';
import { OWN_SECTION } from './step-parameters.ts';

const CONFIG = 'config.';
const DEFAULTED = `${OWN_SECTION}.defaulted`;

/** The leaves of the part `config` where a file holds a compiled configuration, else the leaves as they are. */
export function unwrapCompiled(leaves: Leaves): { leaves: Leaves; problems: string[] } {
  const paths = [...leaves.keys()];
  const isCompiled =
    paths.some((path) => path.startsWith(CONFIG)) &&
    paths.every((path) => path.startsWith(CONFIG) || path === 'run' || path.startsWith('run.'));
  if (!isCompiled) return { leaves, problems: [] };
  const inner = new Map(
    [...leaves].filter(([path]) => path.startsWith(CONFIG)).map(([path, leaf]) => [path.slice(CONFIG.length), leaf]),
  );
  const unwrapped: Leaves = new Map();
  const problems: string[] = [];
  for (const [path, leaf] of inner) {
    if (isNote(path)) continue;
    if (leaf.value === MASK) problems.push(`${path} was masked when this configuration was printed: give ${path}=...`);
    // Still a default where nobody has edited the value since.
    const isDefault = inner.get(`${DEFAULTED}.${path}`)?.value === leaf.value && inner.has(`${DEFAULTED}.${path}`);
    unwrapped.set(path, isDefault ? asDefault(leaf) : leaf);
  }
  return { leaves: unwrapped, problems };
}

const isNote = (path: string): boolean => path === DEFAULTED || path.startsWith(`${DEFAULTED}.`);

function asDefault(leaf: Leaf): Leaf {
  return leaf.origin.kind === 'file' ? { ...leaf, origin: { ...leaf.origin, kind: 'package' } } : leaf;
}
