// Who does a share of a conversion.
import type { ConversionInput } from '../contract/input.ts';
import type { Surroundings } from '../contract/surroundings.ts';

/** What a rank needs for its share, beside the task. */
export interface ShareOwner {
  readonly rank: number;
  readonly ranks: number;
  /** Ranks of this world on this machine, and the place of this one among them. */
  readonly localRanks: number;
  readonly localRank: number;
  readonly input: ConversionInput;
  readonly surroundings: Omit<Surroundings, 'signal'>;
}
