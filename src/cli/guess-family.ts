// Which family a checkpoint without a reference may be: what its training run recorded, and which tables know its tensors. Pure.
import type { Checkpoint, TrainingConfig } from '../checkpoint/types.ts';
import { FAMILIES } from '../models/registry.ts';
import type { Family } from '../models/types.ts';
import { compareMeaning } from '../plan/compare-meaning.ts';
import { findKnowing } from '../plan/known-tensors.ts';

export interface FamilyGuess {
  readonly family: string | null;
  /** What the guess rests on, such as `hf_model_id "Qwen/Qwen3-8B"`. */
  readonly evidence: string | null;
  /** Families whose table knows every tensor, and whose demands on the recorded settings are met. */
  readonly candidates: readonly string[];
  /** What the run recorded as its base model: the first reference to try. */
  readonly recorded_model_id: string | null;
}

/**
 * Fields that name a model, the clearest first: Megatron-Bridge's id and model class, Megatron-LM's tokenizer, which is often taken from
 * the base model.
 */
const FIELDS = ['hf_model_id', '_target_', 'tokenizer_model'] as const;
/** `gpt` of gpt-oss is in too many names. */
const SHORTEST_STEM = 4;

export function guessFamily(checkpoint: Checkpoint, training: TrainingConfig | null): FamilyGuess {
  const candidates = findCandidates(checkpoint, training);
  const recorded = training?.values['hf_model_id'];
  const rest = {
    candidates: candidates.map(({ name }) => name),
    recorded_model_id: typeof recorded === 'string' ? recorded : null,
  };
  for (const field of FIELDS) {
    const text = training?.values[field];
    if (typeof text !== 'string') continue;
    const family = findNamed(candidates, lastWords(text));
    if (family !== null) return { family, evidence: `${field} ${JSON.stringify(text)}`, ...rest };
  }
  const [only, ...others] = candidates;
  if (only !== undefined && others.length === 0)
    return { family: only.name, evidence: 'the tensors, which no other table knows', ...rest };
  return { family: null, evidence: null, ...rest };
}

function findCandidates(checkpoint: Checkpoint, training: TrainingConfig | null): Family[] {
  const knowing = findKnowing(FAMILIES, checkpoint);
  return training === null ? knowing : knowing.filter((family) => compareMeaning(family, training).length === 0);
}

/** Of `organization/model`, a path or a dotted class the last two parts: folders further up are named after anything. */
function lastWords(text: string): string {
  const parts = text.includes('/') ? text.split('/') : text.split('.');
  const words = parts.filter((part) => part !== '');
  return squeeze(words.slice(-2).join(''));
}

/**
 * The longest full name that the words hold, else the longest first word: `Qwen3-30B-A3B` does not say that it has
 * experts. Of equals the one with the shortest table, which knows the tensors and the least beside them.
 */
function findNamed(candidates: readonly Family[], words: string): string | null {
  const tight = candidates.toSorted((a, b) => a.rules.length - b.rules.length);
  const full = tight.map(({ name }) => ({ name, word: squeeze(name) }));
  const stems = tight
    .map(({ name }) => ({ name, word: squeeze(name.split('-')[0] ?? '') }))
    .filter(({ word }) => word.length >= SHORTEST_STEM);
  return longest(full, words) ?? longest(stems, words);
}

function longest(names: readonly { readonly name: string; readonly word: string }[], text: string): string | null {
  const found = names.filter(({ word }) => text.includes(word)).toSorted((a, b) => b.word.length - a.word.length);
  return found[0]?.name ?? null;
}

function squeeze(text: string): string {
  return text.toLowerCase().replaceAll(/[^a-z0-9]/g, '');
}
