// `torchrun.{node_rank,master_addr,master_port}`: which node of several this one is. Not part of a request: it differs from node to node.
import { z } from 'zod';
import { checkConfig } from './check-config.ts';
import { describeOrigin, type Leaves } from './leaf.ts';
import { listOptions } from './options.ts';

const NodeOptions = z.strictObject({
  torchrun: z
    .strictObject({
      node_rank: z.int().min(0).max(65_535).nullish().describe('number of this node, from 0'),
      master_addr: z
        .string()
        .regex(/^[A-Za-z0-9:][A-Za-z0-9:._-]*$/, 'must be a host name or an address')
        .nullish()
        .describe('host of node 0, as the other nodes reach it'),
      master_port: z.int().min(1).max(65_535).nullish().describe('free port of node 0'),
    })
    .prefault({}),
});

/** What a person said of this node; null: nothing. */
export interface NodeLaunch {
  readonly node_rank: number | null;
  readonly master_addr: string | null;
  readonly master_port: number | null;
}

const OPTIONS = listOptions(NodeOptions);
const PATHS = new Set(OPTIONS.map(({ path }) => path));

/** Takes what describes a node out of the leaves. Where the caller starts no node (`canStart`), a value is a problem. */
export function splitNode(
  leaves: Leaves,
  canStart: boolean,
): { readonly leaves: Leaves; readonly node: NodeLaunch; readonly problems: readonly string[] } {
  const rest: Leaves = new Map([...leaves].filter(([path]) => !PATHS.has(path)));
  const given: Leaves = new Map([...leaves].filter(([path, { value }]) => PATHS.has(path) && value !== null));
  const { value, problems } = checkConfig(NodeOptions, OPTIONS, given);
  const { node_rank = null, master_addr = null, master_port = null } = value?.torchrun ?? {};
  const refused = [...given].map(
    ([path, { origin }]) =>
      `${path} (${describeOrigin(origin)}) joins machines by hand, which only \`convert\` does; a run needs a profile with several nodes (run -r NAME, run -b NAME, or profile=NAME)`,
  );
  return { leaves: rest, node: { node_rank, master_addr, master_port }, problems: canStart ? problems : refused };
}
