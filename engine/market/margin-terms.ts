import { SLOT_WORDS } from '../messages/layout.js';
import type { CanonicalReader, CanonicalWriter } from '../state/canonical-writer.js';
import { withoutMinusZero } from '../state/minus-zero.js';
import { asQtyLots, PPM_ONE, QTY_LOTS_MAX, type QtyLots } from '../units/units.js';

/** From this notional on these rates hold, each for the part of the notional that lies in the tier. */
export interface MarginTier {
  /** Whole USD, so that deductions are whole micro-USD whatever the rates are. */
  floorUsd: number;
  initialPpm: number;
  maintenancePpm: number;
}

/** Margin tiers and caps of a market, as journaled by CMD_SET_MARGIN_TIERS. */
export interface MarginTerms {
  /** None: the flat rates of the market's parameters hold. */
  tiers: readonly MarginTier[];
  /** Highest open interest that an order may lead to, lots; 0: none. */
  openInterestLotsMax: QtyLots;
  /** Highest position that an account's orders may lead to, lots; 0: none. */
  positionLotsMax: QtyLots;
  /**
   * Notional of the market's open interest, whole USD, from which on its initial rates grow, and at which they have reached one; both 0:
   * they do not (risk/margin-tiers/open-interest-growth.ts).
   */
  growthLowerUsd: number;
  growthUpperUsd: number;
}

/** A market that was given none. */
export const NO_MARGIN_TERMS: MarginTerms = {
  tiers: [],
  openInterestLotsMax: asQtyLots(0),
  positionLotsMax: asQtyLots(0),
  growthLowerUsd: 0,
  growthUpperUsd: 0,
};

export const TIERS_MAX = 11;
/** Far above any value that an account may have (2^52 micro-USD), and a 32-bit number. */
export const FLOOR_USD_MAX = 2_000_000_000;

const TIER_WORDS = 3;
const CAP_WORDS = 4;
const GROWTH_WORDS = 2;
/** Both caps as Float64, both limits of growth, then the tiers, unused ones zero: what three slots between shards have room for. */
export const MARGIN_WORDS = 40;
/** CMD_SET_MARGIN_TIERS and EVT_MARGIN_TIERS have four slots, MSG_MARGIN_TIERS three. */
export const MARGIN_SLOTS = 4;
/** Where the block begins: behind what commands and events have in their first slot; between shards right behind the account. */
export const W_MARGIN_TERMS = SLOT_WORDS;
export const W_MARGIN_TERMS_BETWEEN_SHARDS = SLOT_WORDS / 2;

/** Writes the block at the even word `at` of a message. */
export function writeMarginTerms(
  words: Int32Array,
  floats: Float64Array,
  at: number,
  terms: MarginTerms,
): void {
  floats[at / 2] = terms.openInterestLotsMax;
  floats[at / 2 + 1] = terms.positionLotsMax;
  words.fill(0, at + CAP_WORDS, at + MARGIN_WORDS);
  words.set([terms.growthLowerUsd, terms.growthUpperUsd], at + CAP_WORDS);
  const first = at + CAP_WORDS + GROWTH_WORDS;
  terms.tiers.forEach(({ floorUsd, initialPpm, maintenancePpm }, i) => {
    words.set([floorUsd, initialPpm, maintenancePpm], first + i * TIER_WORDS);
  });
}

/** Tiers end at the first one without rates. */
export function readMarginTerms(words: Int32Array, floats: Float64Array, at: number): MarginTerms {
  const tiers: MarginTier[] = [];
  for (let i = 0; i < TIERS_MAX; i++) {
    const w = at + CAP_WORDS + GROWTH_WORDS + i * TIER_WORDS;
    const [floorUsd, initialPpm, maintenancePpm] = words.subarray(w, w + TIER_WORDS);
    if (floorUsd === 0 && initialPpm === 0 && maintenancePpm === 0) break;
    tiers.push({ floorUsd, initialPpm, maintenancePpm } as MarginTier);
  }
  return {
    tiers,
    openInterestLotsMax: asQtyLots(withoutMinusZero(floats[at / 2] as number)),
    positionLotsMax: asQtyLots(withoutMinusZero(floats[at / 2 + 1] as number)),
    growthLowerUsd: words[at + CAP_WORDS] as number,
    growthUpperUsd: words[at + CAP_WORDS + 1] as number,
  };
}

/** What is wrong with the terms: a sentence with field, value and limit, and both as numbers. */
export interface TermsProblem {
  sentence: string;
  value: number;
  limit: number;
}

/**
 * Null when the terms can be used: the first tier begins at zero, floors rise, and rates are above zero, never above one or below
 * those of the tier before, maintenance never above initial. Then margin never falls as a position grows.
 */
export function marginTermsProblem(terms: MarginTerms): TermsProblem | null {
  const { openInterestLotsMax, positionLotsMax, growthLowerUsd, growthUpperUsd, tiers } = terms;
  if (tiers.length > TIERS_MAX) return within('number of tiers', tiers.length, 0, TIERS_MAX);
  const caps =
    within('openInterestLotsMax', openInterestLotsMax, 0, QTY_LOTS_MAX) ??
    within('positionLotsMax', positionLotsMax, 0, QTY_LOTS_MAX) ??
    within('growthLowerUsd', growthLowerUsd, 0, FLOOR_USD_MAX) ??
    within(
      'growthUpperUsd',
      growthUpperUsd,
      growthLowerUsd === 0 ? 0 : growthLowerUsd + 1,
      FLOOR_USD_MAX,
    );
  if (caps !== null) return caps;
  for (const [i, { floorUsd, initialPpm, maintenancePpm }] of tiers.entries()) {
    const before = tiers[i - 1] ?? { floorUsd: -1, initialPpm: 1, maintenancePpm: 1 };
    const floorMax = i === 0 ? 0 : FLOOR_USD_MAX;
    const problem =
      within(`floorUsd of tier ${i + 1}`, floorUsd, before.floorUsd + 1, floorMax) ??
      within(`initialPpm of tier ${i + 1}`, initialPpm, before.initialPpm, PPM_ONE) ??
      within(`maintenancePpm of tier ${i + 1}`, maintenancePpm, before.maintenancePpm, initialPpm);
    if (problem !== null) return problem;
  }
  return null;
}

/** Whether two markets have the same terms. */
export function sameMarginTerms(a: MarginTerms, b: MarginTerms): boolean {
  return blockOf(a).every((word, i) => word === blockOf(b)[i]);
}

/** As words, for state hashes and snapshots. */
export function putMarginTerms(writer: CanonicalWriter, terms: MarginTerms): void {
  for (const word of blockOf(terms)) writer.put(word);
}

export function takeMarginTerms(reader: CanonicalReader): MarginTerms {
  const words = new Int32Array(MARGIN_WORDS);
  for (let i = 0; i < MARGIN_WORDS; i++) words[i] = reader.take();
  return readMarginTerms(words, new Float64Array(words.buffer), 0);
}

function blockOf(terms: MarginTerms): Int32Array {
  const words = new Int32Array(MARGIN_WORDS);
  writeMarginTerms(words, new Float64Array(words.buffer), 0, terms);
  return words;
}

function within(field: string, value: number, least: number, most: number): TermsProblem | null {
  if (Number.isInteger(value) && value >= least && value <= most) return null;
  const sentence = `${field} must be an integer from ${least} to ${most}, but is ${value}`;
  return { sentence, value, limit: value < least ? least : most };
}
