import type { LevelVisitor } from '../../../engine/book/order-book.js';
import type { CanonicalReader, CanonicalWriter } from '../../../engine/state/canonical-writer.js';
import type { CommandOutcome } from './command-outcome.js';

/** Takes the recorded trades. */
export const TAKER_ACCOUNT = 1;
const FIRST_MAKER_ACCOUNT = 2;
const MAKER_BITS = 6;
/** Accounts 1 … this are the replay's. */
export const LAST_ACCOUNT = FIRST_MAKER_ACCOUNT + 2 ** MAKER_BITS - 1;

/**
 * The account under which the recorded orders of a price rest. A whole book is worth more than one account may
 * hold, so it is spread over many; by price alone, so that nothing has to be remembered.
 */
export function makerAccountAt(priceTicks: number): number {
  return FIRST_MAKER_ACCOUNT + (Math.imul(priceTicks, 0x9e3779b1) >>> (32 - MAKER_BITS));
}

/** Tick and lot size of a recorded market, as mantissa × 10^−decimals. */
export interface MarketUnits {
  readonly symbol: string;
  readonly tickMantissa: number;
  readonly tickDecimals: number;
  readonly lotMantissa: number;
  readonly lotDecimals: number;
}

/**
 * One market of ours, to which a replay gives commands. Two forms: the bare order book, and the whole shard core
 * with margin, positions and fees around it. Each command leaves what came of it in `outcome`.
 */
export interface ReplayMarket {
  readonly outcome: CommandOutcome;
  readonly openOrders: number;
  /** The recording's time, for all commands that follow. Never goes back. */
  setTime(timeMs: number): void;
  setIndexPrice(priceTicks: number, publishTimeMs: number): void;
  /** `flags` with side and time in force, as in messages/types.ts. */
  place(account: number, flags: number, priceTicks: number, lots: number): void;
  cancel(account: number, orderId: number): void;
  /** The price stays; `totalLots` includes what was filled. */
  amend(account: number, orderId: number, priceTicks: number, totalLots: number): void;
  /** Best level first; stops after `depth`. */
  forEachLevel(side: number, depth: number, visit: LevelVisitor): void;
  /** Everything needed to go on in another process. */
  write(writer: CanonicalWriter): void;
  /** Into a new market only. */
  read(reader: CanonicalReader): void;
  /** SHA-256 of the canonical trading state: equal for equal replays. */
  stateHash(): string;
  /** Throws when the invariants of the engine do not hold. */
  check(): void;
}

/** Opens the market once its units are known, which a recording tells in its first rows. */
export type OpenMarket = (units: MarketUnits) => ReplayMarket;
