// docs/config-checks.md, made from the tables. `vitest run test/plan/config-checks-document.test.ts -u` writes it anew.
import { markdownTable } from '../models/markdown-table.ts';
import { RECORDED_DIMENSIONS } from './recorded-dimensions.ts';
import { RECORDED_SETTINGS } from './recorded-settings.ts';

const INTRODUCTION = `# What config.json is held against

A reference that does not belong to a checkpoint makes an export that loads and is wrong. So \`validateParallelism\` compares its
\`config.json\` with three things, and names every disagreement with both values at once:

1. **The shapes in the checkpoint**: layers, hidden size, heads and groups (rows of the fused projection), feed-forward size, experts,
   vocabulary, tied embeddings. A difference fails every run.
2. **What the training run recorded**, in \`run_config.yaml\` (Megatron-Bridge) or in the \`args\` of the common state (Megatron-LM): the
   tables below. A pair is silent where a side does not say, or says it in a form that is not known.
   Gated families are refused where the run recorded \`moe_mlp_glu_interleave_size\` or \`moe_shared_expert_glu_interleave_size\`: gate and up
   rows may then alternate, which no shape shows.
3. **What the family needs**, whatever \`config.json\` says: the \`demands\` of its table in \`src/models/\`, and as \`recorded\` what shapes show in
   part only, such as \`q_lora_rank\`, \`kv_lora_rank\`, \`qk_head_dim\` and \`qk_pos_emb_head_dim\` of latent attention, with the defaults of
   transformers. They come before rows of the same name here.

With \`hf_model_id: from-checkpoint\` the config is made from the record, and held against the shapes all the same. What the record does
not decide is listed with its value in the warnings and in \`export_manifest.json\` (\`config_synthesis.assumed\`); a record that says too
little, or something that no field of the family's config can express, is refused with all of it.

The tables below are made from \`src/plan/recorded-dimensions.ts\` and \`src/plan/recorded-settings.ts\`; a test keeps it current.
`;

export function describeRecordedSettings(): string {
  const sizes = RECORDED_DIMENSIONS.map(({ field, recorded }) => [code(recorded), code([field])]);
  const settings = RECORDED_SETTINGS.map(({ recorded, config, how, models, failsStrict }) => [
    code(recorded),
    code(config),
    how,
    models,
    failsStrict ? 'error if strict, else warning' : 'warning',
  ]);
  return [
    INTRODUCTION,
    `## Sizes\n\nA difference fails every run.\n\n${markdownTable([['recorded', 'config.json'], ...sizes])}`,
    `## Settings\n\n${markdownTable([['recorded', 'config.json', 'agree when', 'models', 'a difference is'], ...settings])}`,
  ].join('\n');
}

function code(names: readonly string[]): string {
  return names.map((name) => `\`${name}\``).join(', ');
}
