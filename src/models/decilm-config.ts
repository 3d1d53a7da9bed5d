// The layers of a heterogeneous Llama, from `block_configs`.
// Facts: the same field in megatron-core `transformer/heterogeneous/heterogeneous_config.py`; TensorRT-LLM `modeling_nemotron_nas.py`.
import { z } from 'zod';
import type { ConfigReader } from './read-config.ts';
import type { ModelConfig } from './types.ts';

/** What stands where a layer of Llama has attention; `groups` are its query groups. */
export type AttentionBlock = 'nothing' | 'linear' | { readonly groups: number };
/** What stands where a layer of Llama has a gated MLP; `ffn` is its inner width. */
export type MlpBlock = 'nothing' | 'linear' | { readonly ffn: number };

export interface HeterogeneousLayer {
  readonly attention: AttentionBlock;
  readonly mlp: MlpBlock;
}

const Count = z.int().positive();
const Switches = { no_op: z.boolean().nullish(), replace_with_linear: z.boolean().nullish() };
const Block = z.object({
  attention: z.object({ ...Switches, n_heads_in_group: Count.nullish(), num_query_groups: Count.nullish() }),
  ffn: z.object({
    ...Switches,
    ffn_mult: z.number().positive().nullish(),
    ffn_hidden_size: Count.nullish(),
    /** Experts within a block, which Megatron's heterogeneous layers do not have. */
    moe: z.null().optional(),
  }),
  parallel_blocks: z.null().optional(),
});
type Block = z.infer<typeof Block>;

const STAND_IN: HeterogeneousLayer = { attention: 'nothing', mlp: 'nothing' };

/** Complains about every block that cannot be read. */
export function readBlocks(
  config: ModelConfig,
  read: ConfigReader,
  { heads, hidden }: { readonly heads: number; readonly hidden: number },
): readonly HeterogeneousLayer[] {
  const blocks = config['block_configs'];
  if (!Array.isArray(blocks) || blocks.length === 0) {
    read.complain('block_configs must name the parts of each layer, found none');
    return [STAND_IN];
  }
  const { num_hidden_layers: layers } = config;
  if (typeof layers === 'number' && layers !== blocks.length) {
    read.complain(`block_configs must name ${layers} layers (num_hidden_layers), found ${blocks.length}`);
  }
  return blocks.map((block: unknown, layer) => {
    const { success, data, error } = Block.safeParse(block);
    if (!success) {
      const [issue] = error.issues;
      read.complain(`block_configs[${layer}].${issue?.path.join('.')}: ${issue?.message}`);
      return STAND_IN;
    }
    const complain = (problem: string): void => read.complain(`block_configs[${layer}].${problem}`);
    return { attention: readAttention(data, heads, complain), mlp: readMlp(data, hidden, complain) };
  });
}

function readAttention({ attention }: Block, heads: number, complain: (problem: string) => void): AttentionBlock {
  if (attention.no_op) return 'nothing';
  if (attention.replace_with_linear) return 'linear';
  const each = attention.n_heads_in_group;
  const groups = attention.num_query_groups ?? (each == null ? null : heads / each);
  if (groups !== null && Number.isInteger(groups) && heads % groups === 0) return { groups };
  complain(`attention: n_heads_in_group must divide num_attention_heads (${heads}), found ${each ?? 'nothing'}`);
  return 'nothing';
}

function readMlp({ ffn }: Block, hidden: number, complain: (problem: string) => void): MlpBlock {
  if (ffn.no_op) return 'nothing';
  if (ffn.replace_with_linear) return 'linear';
  if (ffn.ffn_hidden_size != null) return { ffn: ffn.ffn_hidden_size };
  if (ffn.ffn_mult != null) return { ffn: widthOf(ffn.ffn_mult, hidden) };
  complain('ffn: ffn_mult must be a number, found nothing');
  return 'nothing';
}

/** Two thirds of the multiple, up to the next multiple of 256 (`ffn_mult_to_intermediate_size`). */
function widthOf(multiple: number, hidden: number): number {
  return Math.ceil(Math.trunc((2 * multiple * hidden) / 3) / 256) * 256;
}
