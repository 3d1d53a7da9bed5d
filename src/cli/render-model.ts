// The head of an inspection: which model this is, how large, and how it is laid out. Pure.
import { formatBytes } from '../contract/index.ts';
import type { Vocabulary } from './count-model.ts';
import type { Inspection } from './inspection.ts';
import type { Layout } from './find-layout.ts';

export function renderModel(inspection: Inspection): string[] {
  const { path, iteration, layers, layout, vocabulary, training_config: training } = inspection;
  const rows: (readonly [label: string, text: string])[] = [
    ['family', describeFamily(inspection)],
    ['layers', layers === null ? 'none found' : `${layers}${described(layout.layers)}`],
    ...(layout.experts === null
      ? []
      : [['experts', `${layout.experts.count}${described(layout.experts.stored)}`] as const]),
    ['norms', layout.norms === null ? 'none found' : describeNorms(layout.norms)],
    ['parameters', describeParameters(inspection)],
    ['vocabulary', vocabulary === null ? 'no word embedding found' : describeVocabulary(vocabulary)],
    ['stored', describeStorage(inspection)],
    ['written by', describeWriters(layout)],
    ['training', training === null ? describeNoTraining(inspection) : `configuration from ${training}${sizes(layout)}`],
  ];
  return [
    `${path}${iteration === null ? '' : `  iteration ${iteration}`}`,
    ...rows.map(([label, text]) => `  ${label.padEnd(12)}${text}`),
  ];
}

function describeFamily({ family, family_source: source, guess }: Inspection): string {
  const advice = `--reference ${guess.recorded_model_id ?? '<Hugging Face id or directory of the base model>'}`;
  if (source === 'reference') return family ?? '';
  if (family !== null) return `${family}, a guess from ${guess.evidence}; be sure with ${advice}`;
  const known =
    guess.candidates.length === 0 ? 'no table knows all tensors' : `tables that fit: ${guess.candidates.join(', ')}`;
  return `not recorded (${known}); give ${advice}`;
}

function described(place: Layout['layers']): string {
  if (place === null) return '';
  const meaning = { axis: 'as a leading axis', keys: 'as numbers in the keys', 'axis and keys': 'as axis and in keys' };
  return `, ${meaning[place]}`;
}

function describeNorms(norms: NonNullable<Layout['norms']>): string {
  if (norms === 'fused') return 'fused with the linear layer behind them (layer_norm_weight)';
  return norms === 'separate' ? 'separate (input_layernorm.weight, ...)' : norms;
}

function describeParameters({ parameters, exported_parameters: exported, dtypes }: Inspection): string {
  const types = Object.entries(dtypes).filter(([, count]) => count.parameters > 0);
  const each = types.map(([dtype, count]) => `${dtype} ${count.parameters.toLocaleString('en')}`).join(', ');
  const out = exported === null ? '' : `; exported ${exported.toLocaleString('en')}`;
  return `${parameters.toLocaleString('en')} (${each || 'none'})${out}`;
}

function describeVocabulary({ rows, used, source, padding }: Vocabulary): string {
  if (used === null || padding === null) return `${rows} rows; how many are padding is not recorded`;
  return `${rows} rows, ${padding} of them padding (${source} says ${used})`;
}

function describeStorage({ dtypes, files, objects, tensors }: Inspection): string {
  const types = Object.entries(dtypes).map(
    ([dtype, count]) => `${count.tensors} ${dtype} (${formatBytes(count.bytes)})`,
  );
  return `${tensors.length} tensors: ${types.join(', ') || 'none'}; ${objects.length} objects; ${files} files`;
}

function describeWriters({ writers, chunks_per_tensor: chunks, embedding_parts: parts }: Layout): string {
  const ranks = `${writers} rank${writers === 1 ? '' : 's'}`;
  if (chunks === null) return ranks;
  const pieces = chunks.fewest === chunks.most ? `${chunks.most}` : `${chunks.fewest} to ${chunks.most}`;
  return `${ranks}; ${pieces} chunks a tensor${parts === null ? '' : `; embedding rows in ${parts} part${parts === 1 ? '' : 's'} (tensor parallel)`}`;
}

function describeNoTraining({ training_problem: problem }: Inspection): string {
  return problem === null ? 'no configuration recorded' : `cannot be read: ${problem}`;
}

function sizes({ recorded }: Layout): string {
  if (recorded === null) return '';
  const known = Object.entries(recorded).filter(([, size]) => size !== null);
  return `: ${known.map(([name, size]) => `${name}=${size}`).join(' ')}`;
}
