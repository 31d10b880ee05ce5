/** What an index needs of its sources. Zero switches a limit off. */
export interface IndexGuards {
  /** Oldest publish time that counts. */
  ageMaxMs: number;
  /** How far a publish time may lie ahead of the clock. */
  aheadMaxMs: number;
  /** Widest confidence as a share of the price. */
  confidenceMaxPpm: number;
  /** Farthest distance of a source from the median of all. */
  deviationMaxPpm: number;
  /** So many sources have to be left. */
  sourcesMin: number;
  /** After the index was held back, so many good rounds in a row, each newer than the one before, bring it back. */
  goodRounds: number;
}

/** Why a source is not used. */
export type SourceDoubt =
  | 'nothing_yet'
  | 'too_old'
  | 'from_the_future'
  | 'too_uncertain'
  | 'too_far_from_median'
  | 'price_is_not_positive'
  | 'exponent_is_beyond_limit'
  | 'price_is_too_high'
  | 'price_is_too_low';

/** Why there is no new index price. */
export type IndexDoubt = 'too_few_sources' | 'older_than_index' | 'recovering';
