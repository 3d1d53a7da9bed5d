// What a directory may hold and still be replaced by `overwrite`: a model, and nothing besides. Pure.
import { MANIFEST_FILE } from '../contract/names.ts';

/** A directory's entries; names of directories end with a slash. */
type Entries = readonly string[];

/** One of these makes a directory a model's. */
const SIGN = /^(?:config\.json|.*\.(?:safetensors|gguf)|pytorch_model.*\.bin)$/;

/** Of a training run, whatever else is there: checkpoints, their parts, their parents, and repositories. */
const TRAINING =
  /^(?:\.metadata.*|metadata\.json|.*\.distcp|common\.pt|run_config\.yaml|(?:latest_)?train_state\.pt|latest_checkpointed_iteration\.txt|iter_\d+\/?|release\/|mp_rank_.*|modelopt_state\/|\.git\/?)$/;

/** What published models have beside their weights. */
const OF_A_MODEL =
  /^(?:.*\.(?:safetensors|bin|gguf|json|jsonl|txt|model|jinja|tiktoken|py|md|msgpack|h5|onnx|png|jpe?g|svg|pdf|ya?ml|template)|LICENSE.*|NOTICE.*|README.*|USE_POLICY.*|\.gitattributes|\.gitignore)$/i;

/** @param listed names that a manifest of ours accounts for. @returns why the directory is not deleted, or null where it may be. */
export function whyNotReplaced(entries: Entries, listed: ReadonlySet<string> = new Set()): string | null {
  const others = entries.filter((name) => name !== MANIFEST_FILE && !listed.has(name));
  const training = others.filter((name) => TRAINING.test(name));
  if (training.length > 0) return `holds ${nameThree(training)}, of a training run`;
  const isModel = listed.size > 0 || entries.some((name) => name === MANIFEST_FILE || SIGN.test(name));
  if (!isModel) return `holds no model (${nameThree(entries)})`;
  const foreign = others.filter((name) => !OF_A_MODEL.test(name));
  return foreign.length > 0 ? `holds ${nameThree(foreign)}, which is nothing of a model` : null;
}

function nameThree(names: Entries): string {
  return names.slice(0, 3).join(', ') + (names.length > 3 ? ', ...' : '');
}
