// The model configuration that the training run recorded: Megatron-Bridge's `run_config.yaml`, else Megatron-LM's `args`.
import { join } from 'node:path';
import { parseDocument } from 'yaml';
import { ConversionError } from '../contract/failures.ts';
import { readCommonState } from './common-state.ts';
import { toPlain } from './pickle/to-plain.ts';
import { PickleRecord } from './pickle/values.ts';
import { readSmallFile } from './read-small-file.ts';
import type { Checkpoint, TrainingConfig } from './types.ts';

/** Real ones have some 10 kB. */
export const MAX_YAML_BYTES = 1024 * 1024;
const MAX_DEPTH = 32;

type Fields = Record<string, unknown>;

/**
 * Values by Megatron's own names (`num_layers`, `hidden_size`, `tensor_model_parallel_size`, ...), or null where the run recorded none.
 * `_target_` values are read as data: a dtype or a function gives its dotted name, an enum the name of its value.
 *
 * @throws ConversionError CheckpointDamaged for a malformed file, CheckpointUnsupported where the common state names a class that is not read.
 */
export async function readTrainingConfig(checkpoint: Checkpoint): Promise<TrainingConfig | null> {
  const config = await readRunConfig(checkpoint.path);
  if (config !== null) return { source: 'run_config.yaml', values: modelSection(config) };
  const common = await readCommonState(checkpoint);
  const args = common.form === 'absent' ? undefined : common.values.get('args');
  if (!(args instanceof PickleRecord) || !(args.state instanceof Map)) return null;
  return { source: 'common state args', values: asFields(toPlain(args.state, 'args of the common state')) ?? {} };
}

/** The whole `run_config.yaml` with its `_target_` encodings read as data, or null. @throws ConversionError CheckpointDamaged. */
export async function readRunConfig(path: string): Promise<Readonly<Fields> | null> {
  const bytes = await readSmallFile(join(path, 'run_config.yaml'), MAX_YAML_BYTES);
  if (bytes === null) return null;
  const config = asFields(decode(parseYaml(bytes.toString('utf8'), path), 0, path));
  // Sections are sorted, so a file that was cut off lacks the later ones.
  if (asFields(config?.['model']) === null) throw damaged(path, 'there is no section "model"');
  return config;
}

function parseYaml(text: string, path: string): unknown {
  const document = parseDocument(text, {
    // The last of equal keys counts, as for PyYAML; looking for equal ones would take time in the square of their number.
    uniqueKeys: false,
    // An error must not quote the file: it may be a link to something that the reader of the message may not see.
    prettyErrors: false,
  });
  const [problem] = document.errors;
  if (problem !== undefined) throw damaged(path, `${problem.code} at character ${problem.pos[0]}`);
  try {
    return document.toJS({ maxAliasCount: 1000 });
  } catch (error) {
    throw damaged(path, String(error));
  }
}

/** Builder-style models nest the transformer's fields and carry the Hugging Face id beside them. */
function modelSection(config: Readonly<Fields>): Fields {
  const { transformer, extra_checkpoint_metadata: extra, ...own } = asFields(config['model']) ?? {};
  return { ...asFields(transformer), ...asFields(extra), ...own };
}

/** `{_target_, _call_: false}` -> the dotted name; `{_target_, _call_: true, _name_}` -> the name of an enum's value. */
function decode(value: unknown, depth: number, path: string): unknown {
  if (depth > MAX_DEPTH) throw damaged(path, `it nests deeper than ${MAX_DEPTH}`);
  if (Array.isArray(value)) return value.map((entry: unknown) => decode(entry, depth + 1, path));
  const fields = asFields(value);
  if (fields === null) return value;
  const { _target_: target, _call_: called, _name_: name } = fields;
  if (typeof target === 'string' && called === false) return target;
  if (typeof target === 'string' && called === true && typeof name === 'string') return name;
  return Object.fromEntries(Object.entries(fields).map(([key, entry]) => [key, decode(entry, depth + 1, path)]));
}

function asFields(value: unknown): Fields | null {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Fields) : null;
}

function damaged(path: string, problem: string): ConversionError {
  return new ConversionError('CheckpointDamaged', `${path}/run_config.yaml cannot be read: ${problem}`, {
    problems: [problem],
    facts: { path },
  });
}
