// Embedding and output layer: the training run pads the vocabulary so that every tensor-parallel rank gets as many rows; the tail goes.
import { mapOfRuns, singleRun, type RowMap } from './row-maps.ts';

/** @returns the map, or what is wrong with the shape. */
export function splitVocabulary(rows: number, vocab: number): RowMap | string {
  if (rows < vocab) return `config.json says vocab_size ${vocab}, the checkpoint has only ${rows} rows`;
  return { ...mapOfRuns([singleRun(0, 0, vocab)], [vocab]), padding: rows - vocab };
}
