// `hf_model_id: from-checkpoint`: a reference out of what the training run stored, its record for the config and its tokenizer.
import type { Checkpoint, TrainingConfig } from '../checkpoint/types.ts';
import { ConversionError } from '../contract/failures.ts';
import { FROM_CHECKPOINT, type ConversionInput } from '../contract/input.ts';
import type { Assumption, ModelRecord } from '../models/read-record.ts';
import { FAMILIES } from '../models/registry.ts';
import type { ModelConfig } from '../models/types.ts';
import { findEmbedding } from '../plan/index-sources.ts';
import { readCheckpointTokenizer } from '../reference/checkpoint-tokenizer.ts';
import { digestFiles } from '../reference/read-directory.ts';
import type { Reference } from '../reference/types.ts';
import { join } from 'node:path';
import { chooseFamily, type Candidate, type Choice } from './choose-family.ts';
import { serializeConfig } from './serialize-config.ts';
import { readSpecialTokens } from './special-tokens.ts';

export interface SynthesisRequest {
  readonly checkpoint: Checkpoint;
  readonly training: TrainingConfig | null;
  /** Why `training` is null although the run may have recorded one, else null. */
  readonly trainingProblem: string | null;
  /** The operator's: no link of the tokenizer leads out of them. */
  readonly allowedRoots: readonly string[];
  readonly input: { readonly smoke: Pick<ConversionInput['smoke'], 'enabled'> };
}

/**
 * The same record and tokenizer give the same reference, byte for byte. Without a tokenizer in the checkpoint there is an export only where
 * no smoke generation needs one.
 *
 * @throws ConversionError ReferenceUnavailable: no record, a record that does not suffice, several families that fit, or no tokenizer;
 * PolicyRefused for a tokenizer outside the allowed roots.
 */
export async function synthesizeReference(request: SynthesisRequest): Promise<Reference> {
  const { checkpoint, input } = request;
  const { family, result, assumed, source } = chooseOrRefuse(request);
  const tokenizer = await readCheckpointTokenizer(checkpoint.path, request.allowedRoots);
  const isBare = tokenizer.files.length === 0;
  if (tokenizer.problems.length > 0 && (!isBare || input.smoke.enabled)) throw noTokenizer(tokenizer.problems, isBare);
  const tokens = await readSpecialTokens(tokenizer);
  const named = Object.fromEntries(tokens.map(({ field, value }) => [field, value]));
  const text = serializeConfig({ ...result, ...named, architectures: family.architectures.slice(0, 1) });
  const config = JSON.parse(text) as ModelConfig;
  const files = new Map<string, string | Buffer>([['config.json', Buffer.from(text)]]);
  for (const name of tokenizer.files) files.set(name, join(tokenizer.path, name));
  const synthesis = { text, source, assumed: [...assumed, ...tokens] };
  return {
    id: FROM_CHECKPOINT,
    path: checkpoint.path,
    revision: null,
    config,
    files: [],
    tokenizer: { path: tokenizer.path, files: tokenizer.files },
    digest: await digestFiles(files),
    remoteCode: [],
    weights: null,
    synthesis,
    warnings: [
      ...tokenizer.warnings,
      describe(family.name, source, synthesis.assumed),
      ...(isBare ? [`the export has no tokenizer: ${tokenizer.problems.join('; ')}`] : []),
    ],
  };
}

function chooseOrRefuse(request: SynthesisRequest): Candidate & Pick<TrainingConfig, 'source'> {
  const { checkpoint, training, trainingProblem } = request;
  if (!training)
    throw insufficient(checkpoint, [trainingProblem ?? 'neither run_config.yaml nor args in the common state']);
  const rows = findEmbedding(checkpoint)?.entry.shape[0];
  if (rows === undefined) throw insufficient(checkpoint, ['there is no word embedding']);
  const hasOutputLayer = [...checkpoint.tensors.keys()].some((key) => /(?:^|\.)output_layer\.weight$/.test(key));
  const record: ModelRecord = { training, stored: { vocabularyRows: rows, hasOutputLayer } };
  const choice = chooseFamily(FAMILIES, checkpoint, record);
  if (choice.chosen) return { ...choice.chosen, source: training.source };
  throw insufficient(checkpoint, describeChoice(choice));
}

function describeChoice({ fitting, refused }: Choice): string[] {
  const names = fitting.map(({ family }) => family.name).join(', ');
  if (fitting.length > 1) return [`the record fits several families and names none of them: ${names}`];
  return refused.length > 0 ? [...refused] : ['no family has a rule for every tensor of the checkpoint'];
}

function describe(family: string, source: string, assumed: readonly Assumption[]): string {
  const list = assumed.map(({ field, value, why }) => `${field}=${JSON.stringify(value)} (${why})`).join(', ');
  return `config.json was made from ${source} as that of family ${family}; not recorded, and therefore assumed: ${list}`;
}

function insufficient(checkpoint: Checkpoint, problems: readonly string[]): ConversionError {
  const message =
    `hf_model_id=${FROM_CHECKPOINT}: no config.json can be made from what the training run recorded in ${checkpoint.path}:` +
    `${problems.map((problem) => `\n  - ${problem}`).join('')}\n` +
    'Set hf_model_id to the original base model or a local config source.';
  return new ConversionError('ReferenceUnavailable', message, { problems });
}

function noTokenizer(problems: readonly string[], isBare: boolean): ConversionError {
  const message =
    `hf_model_id=${FROM_CHECKPOINT} takes the tokenizer from the checkpoint, but ${problems.join('; ')}. ` +
    'Set hf_model_id to a local directory with config.json and the tokenizer' +
    (isBare ? ', or smoke.enabled=false to export without a tokenizer.' : '.');
  return new ConversionError('ReferenceUnavailable', message, { problems });
}
