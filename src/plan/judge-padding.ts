// Whether the rows that would be cut as vocabulary padding can be padding: otherwise a wrong reference cuts real rows.
// Megatron-LM megatron/training/vocab_utils.py: padded = ceil(vocab / unit) * unit with unit = make_vocab_size_divisible_by * TP.
import type { TrainingValues } from './training-values.ts';

/** The largest unit of published recipes: DeepSeek's divisible_by 1280 with TP=8. */
const MAX_UNIT = 10_240;

type Recorded = Pick<TrainingValues, 'vocab' | 'paddedVocab' | 'vocabDivisor' | 'tp' | 'source'>;

/** What is certainly wrong: rows that the training run used would be cut. A smaller recorded value loses nothing: tokenizers have fewer. */
export function vocabularyMismatch(vocab: number, recorded: Recorded | null): string | null {
  if (!recorded?.vocab || recorded.vocab <= vocab) return null;
  return `vocab_size: config.json says ${vocab}, the training run recorded ${recorded.vocab} (${recorded.source}), so ${recorded.vocab - vocab} trained rows would be cut`;
}

/** Sentences about rows that may be more than padding. */
export function judgePadding(rows: number, vocab: number, recorded: Recorded | null): string[] {
  const doubts: string[] = [];
  if (recorded?.paddedVocab && recorded.paddedVocab !== rows) {
    doubts.push(
      `padded_vocab_size: the training run recorded ${recorded.paddedVocab} (${recorded.source}), embedding.word_embeddings.weight has ${rows} rows`,
    );
  }
  const padding = rows - vocab;
  if (padding <= 0 || recorded?.vocab) return doubts;
  const exact = recorded?.vocabDivisor && recorded.tp ? recorded.vocabDivisor * recorded.tp : null;
  const unit = exact ?? largestUnit(rows);
  if (padding < unit) return doubts;
  const why = exact
    ? `the training run recorded make_vocab_size_divisible_by ${recorded?.vocabDivisor} and tp ${recorded?.tp}, which add at most ${unit - 1}`
    : `padding to a multiple that ${rows} has adds at most ${unit - 1}`;
  doubts.push(
    `vocab_size: config.json says ${vocab}, the checkpoint has ${rows} (rows of embedding.word_embeddings.weight); the ${padding} rows between are more than padding: ${why}`,
  );
  return doubts;
}

/** The largest 2^k or 5 * 2^k (1280 = 5 * 256) that divides the rows and that a run would pad to. */
function largestUnit(rows: number): number {
  let largest = 1;
  for (const base of [1, 5]) {
    for (let unit = base; unit <= MAX_UNIT && rows % unit === 0; unit *= 2) largest = Math.max(largest, unit);
  }
  return largest;
}
