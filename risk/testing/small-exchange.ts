import { type MarketParams, writeMarketParams } from '../../engine/market/market-params.js';
import { MARKET_STATE } from '../../engine/market/market-state.js';
import * as layout from '../../engine/messages/layout.js';
import type { MessageBuffer } from '../../engine/messages/message-buffer.js';
import * as type from '../../engine/messages/types.js';
import type { Xorshift } from '../../engine/testing/xorshift.js';
import { asMicroUsd, asPpm, asPriceTicks, asQtyLots } from '../../engine/units/units.js';

/** Three narrow markets and a few accounts with little money, so that everything meets everything; commands to build it. */
export const ACCOUNTS = 6;
export const MARKETS = [1, 7, 9];
export const MARK = 1000;

const PARAMS: MarketParams = {
  symbol: 'X-PERP',
  tickMantissa: 1,
  tickDecimals: 2,
  lotMantissa: 1,
  lotDecimals: 1,
  microUsdPerTickLotNumerator: 1000,
  microUsdPerTickLotDenominator: 1,
  priceTicksMax: asPriceTicks(3000),
  qtyLotsMax: asQtyLots(500),
  minNotionalMicroUsd: asMicroUsd(3_000_000),
  priceBandPpm: asPpm(30_000),
  initialMarginPpm: asPpm(50_000),
  maintenanceMarginPpm: asPpm(25_000),
  openOrdersMax: 20,
};
/** A tick·lot is a fraction of a micro-USD. */
const FRACTION: MarketParams = {
  ...PARAMS,
  tickDecimals: 5,
  lotDecimals: 4,
  microUsdPerTickLotNumerator: 1,
  microUsdPerTickLotDenominator: 1000,
  minNotionalMicroUsd: asMicroUsd(5),
};

/** So little initial margin that the tenth of the notional, which withdrawals have to leave, is far more. */
const STEEP: MarketParams = {
  ...PARAMS,
  initialMarginPpm: asPpm(20_000),
  maintenanceMarginPpm: asPpm(10_000),
};
const ALL_PARAMS = [PARAMS, FRACTION, STEEP];

export type Fields = { words?: [number, number][]; floats?: [number, number][] };

/** Appends a message with these fields; all others are zero. */
export function push(
  buffer: MessageBuffer,
  kind: number,
  market: number,
  slots: number,
  fields: Fields,
) {
  const slot = buffer.push(slots);
  buffer.words[slot * 16] = layout.headOf(kind, slots, market);
  for (const [word, value] of fields.words ?? []) buffer.words[slot * 16 + word] = value;
  for (const [float, value] of fields.floats ?? []) buffer.floats[slot * 8 + float] = value;
  return slot;
}

/** Commands that list and open the markets, and create the accounts. Returns how many. */
export function setUp(buffer: MessageBuffer, random: Xorshift): number {
  let count = 0;
  const add = (kind: number, market: number, slots: number, fields: Fields): number => {
    count++;
    return push(buffer, kind, market, slots, fields);
  };
  const rates: [number, number][] = [
    [400, -100],
    [600, 200],
  ];
  rates.forEach(([taker, maker], tier) => {
    add(type.CMD_SET_FEE_RATES, 0, 1, {
      words: [
        [layout.W_FLAGS, tier],
        [layout.W_PRICE, taker],
      ],
      floats: [[layout.F_QTY, tier === 0 ? 0 : maker]],
    });
  });
  MARKETS.forEach((market, i) => {
    const slot = add(type.CMD_LIST_MARKET, market, 3, {});
    const params = ALL_PARAMS[i] as MarketParams;
    writeMarketParams(buffer.words, buffer.floats, slot * 16 + 16, params);
    add(type.CMD_SET_MARKET_STATE, market, 1, { words: [[layout.W_FLAGS, MARKET_STATE.open]] });
    add(type.CMD_ORACLE_PRICE, market, 1, { words: [[layout.W_PRICE, MARK]] });
  });
  for (let account = 1; account <= ACCOUNTS; account++) {
    add(type.CMD_CREATE_ACCOUNT, 0, 2, {});
    const tier: [number, number] = [layout.W_FLAGS, account % 2];
    add(type.CMD_SET_FEE_TIER, 0, 1, { words: [[layout.W_ACCOUNT, account], tier] });
    add(type.CMD_DEPOSIT, 0, 1, {
      words: [[layout.W_ACCOUNT, account]],
      floats: [[layout.F_QTY, random.between(10, 40) * 1_000_000]],
    });
  }
  return count;
}

/** Length and bytes; behind its end a text has whatever its sender left there. */
export function putText(buffer: MessageBuffer, at: number, text: string, random: Xorshift): void {
  buffer.words[at] = text.length;
  for (let i = 0; i < layout.CLIENT_TEXT_MAX_BYTES; i++) {
    const byte = i < text.length ? text.charCodeAt(i) : random.below(256);
    const word = at + 1 + (i >> 2);
    buffer.words[word] = (buffer.words[word] as number) | (byte << ((i & 3) * 8));
  }
}
