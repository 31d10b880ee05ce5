import { ProtectionReason } from './generated/index.js';

/** Client ids from here on are those of quotes; the door gives them. */
export const QUOTE_IDS_FROM = 2 ** 52;

/** What is still to be answered of a MassQuote. */
export interface QuoteRound {
  left: number;
  accepted: number;
  rejected: number;
  canceled: number;
  readonly quoteId: number;
  readonly marketId: number;
  /** First client id of the quotes that it places; those of the quotes that it takes back are smaller. */
  readonly idsFrom: number;
}

/** Fills of quotes that a market maker bears within a window; beyond any of it the quotes are taken back. */
export interface ProtectionLimits {
  readonly windowMs: number;
  readonly volumeLots: number;
  readonly deltaLots: number;
  readonly count: number;
}

/** Counts fills of quotes over a window that moves with the exchange's time. */
export class Protection {
  tripped = false;
  private readonly limits: ProtectionLimits;
  private fills: { timeMs: number; lots: number }[] = [];

  constructor(limits: ProtectionLimits) {
    this.limits = limits;
  }

  /** Notes a fill, lots below zero for a sale. Gives the limit that it has reached, if any. */
  note(lots: number, timeMs: number): ProtectionReason {
    const from = timeMs - this.limits.windowMs;
    this.fills = this.fills.filter((fill) => fill.timeMs > from);
    this.fills.push({ timeMs, lots });
    const { volumeLots, deltaLots, count } = this.seen();
    const reason =
      volumeLots >= this.limits.volumeLots
        ? ProtectionReason.Volume
        : Math.abs(deltaLots) >= this.limits.deltaLots
          ? ProtectionReason.Delta
          : count >= this.limits.count
            ? ProtectionReason.Count
            : ProtectionReason.None;
    this.tripped = reason !== ProtectionReason.None;
    return reason;
  }

  seen(): { volumeLots: number; deltaLots: number; count: number } {
    let [volumeLots, deltaLots] = [0, 0];
    for (const { lots } of this.fills) {
      volumeLots += Math.abs(lots);
      deltaLots += lots;
    }
    return { volumeLots, deltaLots, count: this.fills.length };
  }

  reset(): void {
    this.tripped = false;
    this.fills = [];
  }
}

/**
 * The quotes of one session in one market, by client id. Of a level and side there may be several: one that could not be taken back, as
 * the market was halted, is still there when the next one comes.
 */
export class MarketQuotes {
  readonly marketId: number;
  protection: Protection | null = null;
  private readonly places = new Map<number, { level: number; side: 0 | 1 }>();

  constructor(marketId: number) {
    this.marketId = marketId;
  }

  /** Those that are open, or on their way, at a place. */
  clientIdsOf(level: number, side: 0 | 1): number[] {
    const found: number[] = [];
    for (const [clientId, place] of this.places) {
      if (place.level === level && place.side === side) found.push(clientId);
    }
    return found;
  }

  add(level: number, side: 0 | 1, clientId: number): void {
    this.places.set(clientId, { level, side });
  }

  has(clientId: number): boolean {
    return this.places.has(clientId);
  }

  openClientIds(): number[] {
    return [...this.places.keys()];
  }

  /** The order of this client id is over. */
  ended(clientId: number): void {
    this.places.delete(clientId);
  }
}

/** All quotes of a session. */
export class SessionQuotes {
  /** By number of the request as it goes with commands. */
  readonly rounds = new Map<number, QuoteRound>();
  private readonly markets = new Map<number, MarketQuotes>();

  of(marketId: number): MarketQuotes {
    const found = this.markets.get(marketId) ?? new MarketQuotes(marketId);
    this.markets.set(marketId, found);
    return found;
  }

  /** Undefined: none was ever sent there. */
  inMarket(marketId: number): MarketQuotes | undefined {
    return this.markets.get(marketId);
  }

  /** The quotes that an order belongs to; undefined: it is no quote of this session. */
  find(marketId: number, clientId: number): MarketQuotes | undefined {
    if (clientId < QUOTE_IDS_FROM) return undefined;
    const found = this.markets.get(marketId);
    return found?.has(clientId) === true ? found : undefined;
  }
}
