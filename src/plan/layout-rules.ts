// The rules of the parallel layout: one table, rule x engine x (given by a person | from a configuration default) -> severity.
// It is the documentation too: docs/layout-rules.md is made from it (describe-layout-rules.ts).
//
// Engine `stream` reads global tensors, so it needs no layout at all: a value that a person gave is held against the facts,
// since a wrong one tells that another checkpoint was meant; a default never fails it.
import { checkDivisor, checkExperts, checkGroups, checkLayers, checkSplits } from './check-model.ts';
import { checkRecorded } from './check-recorded.ts';
import { checkDenseWorld, checkExpertWorld, checkFiles, checkNodes, checkUnsharded } from './check-world.ts';
import type { Finding, LayoutFacts } from './layout-facts.ts';

/** `strict`: an error where `strict` is true, else a warning. `silent`: nothing is said. */
export type Severity = 'error' | 'strict' | 'warning' | 'note' | 'silent';

export interface LayoutRule {
  readonly name: string;
  /** What must hold. */
  readonly demands: string;
  readonly origin: string;
  readonly severity: Readonly<Record<'stream' | 'bridge', { readonly given: Severity; readonly default: Severity }>>;
  readonly check: (facts: LayoutFacts) => readonly Finding[];
}

const HARD_IN_BRIDGE = {
  stream: { given: 'error', default: 'note' },
  bridge: { given: 'error', default: 'error' },
} as const;

export const LAYOUT_RULES: readonly LayoutRule[] = [
  {
    name: 'sharded',
    demands: 'several ranks need tp, pp, ep or etp above 1',
    origin: 'Nemotron step, `_validate_distributed_parallelism`',
    severity: { stream: { given: 'error', default: 'silent' }, bridge: { given: 'error', default: 'error' } },
    check: checkUnsharded,
  },
  {
    name: 'world, dense',
    demands: 'nproc_per_node x nnodes is a multiple of tp x pp',
    origin: 'Nemotron step; megatron/core/parallel_state.py',
    severity: HARD_IN_BRIDGE,
    check: checkDenseWorld,
  },
  {
    name: 'world, experts',
    demands: 'nproc_per_node x nnodes is a multiple of etp x ep x pp, where etp or ep is above 1',
    origin: 'Nemotron step; megatron/core/parallel_state.py',
    severity: HARD_IN_BRIDGE,
    check: checkExpertWorld,
  },
  {
    name: 'heads',
    demands: 'tp divides num_attention_heads',
    origin: 'megatron/core/transformer/transformer_config.py',
    severity: HARD_IN_BRIDGE,
    check: checkDivisor('tp', 'num_attention_heads', ({ dimensions }) => dimensions?.heads),
  },
  {
    name: 'query groups',
    demands: 'tp divides num_key_value_heads, or is a multiple of it',
    origin: 'megatron/core/transformer/transformer_config.py',
    severity: HARD_IN_BRIDGE,
    check: checkGroups,
  },
  {
    name: 'ffn',
    demands: 'tp divides intermediate_size',
    origin: 'megatron/core/tensor_parallel/layers.py, `divide`',
    severity: HARD_IN_BRIDGE,
    check: checkDivisor('tp', 'intermediate_size', ({ dimensions }) => dimensions?.ffn),
  },
  {
    name: 'other widths',
    demands: 'tp divides Mamba heads and groups, heads of the gated delta net, and the width of shared experts',
    origin: 'megatron/core/ssm/mamba_mixer.py, ssm/gated_delta_net.py, transformer/moe/shared_experts.py',
    severity: HARD_IN_BRIDGE,
    check: checkSplits,
  },
  {
    name: 'vocabulary',
    demands: 'tp divides the padded vocabulary of the checkpoint',
    origin: 'megatron/core/tensor_parallel/layers.py, `divide`',
    severity: HARD_IN_BRIDGE,
    check: checkDivisor('tp', 'the padded vocabulary of the checkpoint', ({ paddedVocab }) => paddedVocab),
  },
  {
    name: 'layers',
    demands: 'pp divides num_hidden_layers, unless the training run recorded uneven stages',
    origin: 'megatron/core/transformer/transformer_config.py',
    severity: HARD_IN_BRIDGE,
    check: checkLayers,
  },
  {
    name: 'experts',
    demands: 'ep divides the number of experts; ep and etp above 1 need experts',
    origin: 'megatron/core/transformer/transformer_config.py, moe/moe_layer.py',
    severity: HARD_IN_BRIDGE,
    check: checkExperts,
  },
  {
    name: 'recorded layout',
    demands: 'tp, pp, ep and etp are those that run_config.yaml or the args of the common state record',
    origin: 'design 11.13; torch_dist itself does not need it',
    severity: { stream: { given: 'strict', default: 'note' }, bridge: { given: 'strict', default: 'warning' } },
    check: checkRecorded,
  },
  {
    name: 'nodes',
    demands:
      'nnodes is 1, unless a profile runs the ranks elsewhere: the local launcher starts ranks on this machine only',
    origin: 'launch/',
    severity: { stream: { given: 'error', default: 'warning' }, bridge: { given: 'error', default: 'warning' } },
    check: checkNodes,
  },
  {
    name: 'files',
    demands: 'there are at least as many output files as ranks',
    origin: 'ranks write whole files',
    severity: { stream: { given: 'note', default: 'silent' }, bridge: { given: 'silent', default: 'silent' } },
    check: checkFiles,
  },
];

export interface LayoutProblems {
  readonly errors: readonly string[];
  readonly warnings: readonly string[];
  readonly notes: readonly string[];
}

/** Every rule that the facts break, in the order of the table. Pure. */
export function layoutProblems(facts: LayoutFacts): LayoutProblems {
  const out = { error: [] as string[], warning: [] as string[], note: [] as string[] };
  for (const rule of LAYOUT_RULES) {
    for (const { given, message } of rule.check(facts)) {
      const severity = rule.severity[facts.engine][given ? 'given' : 'default'];
      if (severity === 'silent') continue;
      out[severity === 'strict' ? (facts.strict ? 'error' : 'warning') : severity].push(message);
    }
  }
  return { errors: out.error, warnings: out.warning, notes: out.note };
}
