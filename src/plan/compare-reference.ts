// The Hugging Face reference against the checkpoint: every disagreement with both values.
import type { ModelDimensions } from '../models/types.ts';
import type { SourceIndex } from './index-sources.ts';
import { vocabularyMismatch } from './judge-padding.ts';
import { compareDimensions } from './recorded-dimensions.ts';
import type { TrainingValues } from './training-values.ts';

/** Sentences, one a disagreement; empty when the reference fits. */
export function compareReference(
  index: SourceIndex,
  dimensions: ModelDimensions,
  training: TrainingValues | null,
  strict: boolean,
): string[] {
  const problems = [...compareShapes(index, dimensions), ...compareTied(index, dimensions, strict)];
  const cut = vocabularyMismatch(dimensions.vocab, training);
  if (cut) problems.push(cut);
  const told = new Set(problems.map((problem) => problem.split(':', 1)[0]));
  const hasMlp = index.byPattern.has('decoder.layers.*.mlp.linear_fc2.weight');
  for (const problem of training ? compareDimensions(dimensions, training, hasMlp) : []) {
    if (!told.has(problem.split(':', 1)[0])) problems.push(problem);
  }
  return problems;
}

function compareShapes(index: SourceIndex, d: ModelDimensions): string[] {
  const problems: string[] = [];
  const compare = (field: string, says: number, has: number, where: string): void => {
    if (says !== has) problems.push(`${field}: config.json says ${says}, the checkpoint has ${show(has)} (${where})`);
  };
  const shape = (pattern: string): readonly number[] | null => {
    const source = index.byPattern.get(pattern)?.[0];
    return source ? source.entry.shape.slice(source.leads.length) : null;
  };
  const layers = countLayers(index);
  // Where layers differ, the last one may be empty; what each has, the shapes of its own targets say.
  if (layers !== null && !d.layersDiffer) compare('num_hidden_layers', d.layers, layers, 'decoder.layers');
  const embedding = shape('embedding.word_embeddings.weight');
  const [rows = 0, width = 0] = embedding ?? [];
  if (embedding) compare('hidden_size', d.hidden, width, 'columns of embedding.word_embeddings.weight');
  if (embedding && rows < d.vocab) {
    const where = 'rows of embedding.word_embeddings.weight; padding can only add rows';
    problems.push(`vocab_size: config.json says ${d.vocab}, the checkpoint has ${rows} (${where})`);
  }
  const projection = shape('decoder.layers.*.self_attention.linear_proj.weight')?.at(-1);
  const fused = shape('decoder.layers.*.self_attention.linear_qkv.weight')?.[0];
  if (projection !== undefined) {
    const where = `${projection} columns of self_attention.linear_proj.weight over head_dim ${d.headDim}`;
    compare('num_attention_heads', d.heads, projection / d.headDim, where);
    if (fused !== undefined && !d.layersDiffer) {
      const queries = (d.outputGate ? 2 : 1) * projection;
      const groups = (fused - queries) / 2 / d.headDim;
      compare('num_key_value_heads', d.queryGroups, groups, `${fused} rows of self_attention.linear_qkv.weight`);
    }
  }
  const ffn = shape('decoder.layers.*.mlp.linear_fc2.weight')?.at(-1);
  if (ffn !== undefined && !d.layersDiffer)
    compare('intermediate_size', d.ffn, ffn, 'columns of mlp.linear_fc2.weight');
  const experts = shape('decoder.layers.*.mlp.router.weight')?.[0];
  if (experts !== undefined && d.experts !== null) {
    compare('number of experts', d.experts, experts, 'rows of mlp.router.weight');
  }
  return problems;
}

/** Layers that any decoder key speaks of, or null where there are none. */
function countLayers(index: SourceIndex): number | null {
  let layers: number | null = null;
  for (const [pattern, sources] of index.byPattern) {
    if (!pattern.startsWith('decoder.layers.*.')) continue;
    for (const { entry, indices, leads } of sources) {
      const here = leads[0] === 'layer' ? (entry.shape[0] ?? 0) : (indices[0] ?? 0) + 1;
      layers = Math.max(layers ?? 0, here);
    }
  }
  return layers;
}

function compareTied(index: SourceIndex, d: ModelDimensions, strict: boolean): string[] {
  const stored = index.byPattern.has('output_layer.weight');
  if (!d.tied && !stored) {
    return [
      'tie_word_embeddings: config.json says false, the checkpoint has no output_layer.weight, so it was trained tied',
    ];
  }
  if (d.tied && stored && strict) {
    return ['tie_word_embeddings: config.json says true, the checkpoint has an output_layer.weight of its own'];
  }
  return [];
}

function show(value: number): string {
  return Number.isInteger(value) ? String(value) : value.toFixed(2);
}
