// The sizes of a hybrid model with Mamba-2, attention, MLP and expert layers, from its `config.json`.
// Facts: transformers `configuration_nemotron_h.py`, and the same file that the published models bring along (`attention_head_dim`).
import { DECODER_PATTERN, readPattern, type Block } from './hybrid-pattern.ts';
import { readConfig, type ConfigReader } from './read-config.ts';
import type { ModelConfig, ModelDimensions } from './types.ts';

/** Sizes of a Mamba-2 layer. */
export interface MambaSizes {
  readonly heads: number;
  readonly headDim: number;
  readonly groups: number;
  readonly state: number;
  readonly kernel: number;
  readonly convBias: boolean;
  readonly projectionBias: boolean;
}

/** Sizes of a layer with experts. */
export interface ExpertSizes {
  readonly ffn: number;
  readonly sharedFfn: number;
  /** Width of what the routed experts see; null where it is the hidden size. */
  readonly latent: number | null;
}

export interface NemotronHConfig {
  readonly dimensions: ModelDimensions;
  readonly blocks: readonly Block[];
  /** One multi-token prediction block; empty where there is none. */
  readonly mtpBlocks: readonly Block[];
  /** How many such blocks are stored. */
  readonly mtpDepth: number;
  readonly mamba: MambaSizes;
  readonly moe: ExpertSizes;
  readonly attentionBias: boolean;
  readonly mlpBias: boolean;
}

/** @throws ConversionError ReferenceMismatch that names every missing or ill-typed field. */
export function readNemotronH(config: ModelConfig): NemotronHConfig {
  return readConfig(config, (read) => {
    const blocks = readBlocks(config, read);
    const mtp = readMtp(config, read);
    const hasExperts = [...blocks, ...mtp.mtpBlocks].includes('moe');
    const experts = hasExperts ? read.count('n_routed_experts', 8) : null;
    const mamba = readMamba(config, read);
    const sharedFfn = read.count('moe_shared_expert_intermediate_size', 7688);
    return {
      dimensions: {
        ...readSizes(config, read),
        layers: blocks.length,
        experts,
        mtpPatternLength: mtp.mtpBlocks.length,
        tensorSplits: {
          ...(blocks.includes('mamba') && { mamba_num_heads: mamba.heads, n_groups: mamba.groups }),
          ...(hasExperts && { moe_shared_expert_intermediate_size: sharedFfn }),
        },
      },
      blocks,
      ...mtp,
      mamba,
      moe: {
        ffn: read.count('moe_intermediate_size', 7688),
        sharedFfn,
        latent: config['moe_latent_size'] == null ? null : read.count('moe_latent_size'),
      },
      // The class of transformers ignores it; the code that published models bring along does not.
      attentionBias: read.flag('attention_bias') && 'auto_map' in config,
      mlpBias: read.flag('mlp_bias'),
    };
  });
}

/** `num_hidden_layers` is redundant, and transformers 5 does not save it. */
function readBlocks(config: ModelConfig, read: ConfigReader): readonly Block[] {
  const blocks = readPattern(config, read, DECODER_PATTERN);
  if (!blocks)
    read.complain('hybrid_override_pattern or layers_block_type must name the block of each layer, found neither');
  const named = blocks?.length ?? 1;
  const layers = read.count('num_hidden_layers', named);
  if (blocks && layers !== named) {
    read.complain(`num_hidden_layers (${layers}) must be the length of the pattern of layers (${named})`);
  }
  return blocks ?? [];
}

/**
 * With `mtp_use_repeated_layer`, true unless it is said otherwise (Megatron-Bridge `nemotron_h_bridge.py`), one stored block serves every
 * depth.
 */
function readMtp(config: ModelConfig, read: ConfigReader): Pick<NemotronHConfig, 'mtpBlocks' | 'mtpDepth'> {
  const depth = read.countOrZero('num_nextn_predict_layers', 0);
  if (depth === 0) return { mtpBlocks: [], mtpDepth: 0 };
  const fields = { list: 'mtp_layers_block_type', text: 'mtp_hybrid_override_pattern' };
  const blocks = readPattern(config, read, fields) ?? ['attention', 'moe'];
  return { mtpBlocks: blocks, mtpDepth: read.flag('mtp_use_repeated_layer', true) ? 1 : depth };
}

function readSizes(config: ModelConfig, read: ConfigReader): Omit<ModelDimensions, 'layers' | 'experts'> {
  const heads = read.count('num_attention_heads');
  const queryGroups = config['num_key_value_heads'] === null ? heads : read.count('num_key_value_heads', 8);
  if (heads % queryGroups !== 0) {
    read.complain(`num_attention_heads (${heads}) must be a multiple of num_key_value_heads (${queryGroups})`);
  }
  return {
    hidden: read.count('hidden_size'),
    heads,
    queryGroups,
    headDim: read.count('head_dim', read.count('attention_head_dim', 128)),
    ffn: read.count('intermediate_size', 21504),
    vocab: read.count('vocab_size'),
    tied: read.flag('tie_word_embeddings'),
  };
}

/** Each field under the name of published configs, or under the older one that transformers still reads. */
function readMamba(config: ModelConfig, read: ConfigReader): MambaSizes {
  const spelling = (older: string, name: string): string => (older in config ? older : name);
  return {
    heads: read.count('mamba_num_heads', 128),
    headDim: read.count('mamba_head_dim', 64),
    groups: read.count(spelling('mamba_n_groups', 'n_groups'), 8),
    state: read.count('ssm_state_size', 128),
    kernel: read.count(spelling('mamba_d_conv', 'conv_kernel'), 4),
    convBias: read.flag(spelling('mamba_conv_bias', 'use_conv_bias'), true),
    projectionBias: read.flag('use_bias'),
  };
}
