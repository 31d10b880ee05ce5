import type { Market, Markets } from '../../markets.js';
import type { FixMessage } from '../codec/fix-message.js';
import { TAG } from '../codec/tags.js';

/** MDReqRejReason. */
export const MARKET_DATA_REJECT = {
  unknownSymbol: 0,
  duplicateId: 1,
  insufficientBandwidth: 2,
  unsupportedRequestType: 4,
  unsupportedDepth: 5,
  unsupportedUpdateType: 6,
  unsupportedAggregation: 7,
  unsupportedEntryType: 8,
} as const;

/** What a client wants to see. */
export interface WantedData {
  readonly markets: readonly Market[];
  /** Levels of each side; 0: all. */
  readonly depth: number;
  readonly bids: boolean;
  readonly offers: boolean;
  readonly trades: boolean;
  /** Goes on with updates. */
  readonly isLive: boolean;
  /** Each update is a whole snapshot. */
  readonly isFull: boolean;
}

export interface RefusedData {
  /** MDReqRejReason; null: none of them fits. */
  readonly reason: number | null;
  readonly text: string;
}

/** MDEntryType. */
export const ENTRY_BID = '0';
export const ENTRY_OFFER = '1';
export const ENTRY_TRADE = '2';
const ENTRY_TYPES: readonly string[] = [ENTRY_BID, ENTRY_OFFER, ENTRY_TRADE];
const SNAPSHOT = '0';
const SNAPSHOT_AND_UPDATES = '1';
const FULL_REFRESH = '0';
const INCREMENTAL = '1';
const SYMBOLS_MAX = 64;

/** Reads a MarketDataRequest that is not one to end a subscription. */
export function readWanted(message: FixMessage, markets: Markets): WantedData | RefusedData {
  const kind = message.get(TAG.SubscriptionRequestType);
  if (kind !== SNAPSHOT && kind !== SNAPSHOT_AND_UPDATES) {
    const text = 'SubscriptionRequestType must be 0, 1 or 2';
    return refused(MARKET_DATA_REJECT.unsupportedRequestType, text);
  }
  const depth = Number(message.get(TAG.MarketDepth));
  const update = message.get(TAG.MDUpdateType) ?? INCREMENTAL;
  if (update !== FULL_REFRESH && update !== INCREMENTAL) {
    return refused(MARKET_DATA_REJECT.unsupportedUpdateType, 'MDUpdateType must be 0 or 1');
  }
  if (message.get(TAG.AggregatedBook) === 'N') {
    const text = 'AggregatedBook must be Y: entries are price levels';
    return refused(MARKET_DATA_REJECT.unsupportedAggregation, text);
  }
  const types = message.list(TAG.NoMDEntryTypes, TAG.MDEntryType);
  const wrong = types?.find((type) => !ENTRY_TYPES.includes(type));
  if (types === null || types.length === 0 || wrong !== undefined) {
    const text = 'NoMDEntryTypes must count entries of MDEntryType 0 (bid), 1 (offer) or 2 (trade)';
    return refused(MARKET_DATA_REJECT.unsupportedEntryType, text);
  }
  const symbols = message.list(TAG.NoRelatedSym, TAG.Symbol) ?? [];
  if (symbols.length === 0 || symbols.length > SYMBOLS_MAX) {
    const text = `NoRelatedSym must count 1 to ${SYMBOLS_MAX} entries of Symbol`;
    return refused(MARKET_DATA_REJECT.unknownSymbol, text);
  }
  const found = [...new Set(symbols)].map((symbol) => markets.find(symbol));
  const unknown = found.indexOf(undefined);
  if (unknown >= 0) {
    const text = `Symbol must be one of this venue, but is ${JSON.stringify(symbols[unknown])}`;
    return refused(MARKET_DATA_REJECT.unknownSymbol, text);
  }
  return {
    markets: found as Market[],
    depth,
    bids: types.includes(ENTRY_BID),
    offers: types.includes(ENTRY_OFFER),
    trades: types.includes(ENTRY_TRADE),
    isLive: kind === SNAPSHOT_AND_UPDATES,
    isFull: update === FULL_REFRESH,
  };
}

function refused(reason: number, text: string): RefusedData {
  return { reason, text };
}
