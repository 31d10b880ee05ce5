import {
  type MarketParams,
  OPEN_ORDERS_MAX,
  writeMarketParams,
} from '../../engine/market/market-params.js';
import { MARKET_STATE } from '../../engine/market/market-state.js';
import {
  F_QTY,
  headOf,
  SLOT_FLOATS,
  SLOT_WORDS,
  W_ACCOUNT,
  W_FLAGS,
  W_HEAD,
  W_PRICE,
} from '../../engine/messages/layout.js';
import type { MessageBuffer } from '../../engine/messages/message-buffer.js';
import {
  CMD_CREATE_ACCOUNT,
  CMD_DEPOSIT,
  CMD_LIST_MARKET,
  CMD_ORACLE_PRICE,
  CMD_SET_MARKET_STATE,
} from '../../engine/messages/types.js';
import { asMicroUsd, asPpm, asPriceTicks, asQtyLots } from '../../engine/units/units.js';

/** Where the workloads begin to quote. */
export const MARK_TICKS = 131_072;
/** Enough for any position that a workload leads to. */
const DEPOSIT_MICRO_USD = 1e13;
const MESSAGES_A_FRAME = 256;

/** Ticks of 0.1 and lots of 0.001 as BTC-PERP has, and limits that no command of a workload touches. */
export function benchMarketParams(symbol: string): MarketParams {
  return {
    symbol,
    tickMantissa: 1,
    tickDecimals: 1,
    lotMantissa: 1,
    lotDecimals: 3,
    microUsdPerTickLotNumerator: 100,
    microUsdPerTickLotDenominator: 1,
    priceTicksMax: asPriceTicks(2 ** 31 - 1),
    qtyLotsMax: asQtyLots(2 ** 30),
    minNotionalMicroUsd: asMicroUsd(0),
    priceBandPpm: asPpm(1_000_000),
    initialMarginPpm: asPpm(20_000),
    maintenanceMarginPpm: asPpm(10_000),
    openOrdersMax: OPEN_ORDERS_MAX,
  };
}

/**
 * Frames that list markets 1 … `markets`, create the accounts with so much money on each, and open trading. `apply`
 * gets each frame's messages and their number.
 */
export function setUpShard(
  accounts: number,
  markets: number,
  apply: (write: (messages: MessageBuffer) => number) => void,
  microUsd = DEPOSIT_MICRO_USD,
): void {
  for (let market = 1; market <= markets; market++) apply((messages) => list(messages, market));
  for (let first = 1; first <= accounts; first += MESSAGES_A_FRAME) {
    const last = Math.min(accounts, first + MESSAGES_A_FRAME - 1);
    apply((messages) => {
      for (let account = first; account <= last; account++) {
        command(messages, CMD_CREATE_ACCOUNT, 2, 0);
      }
      return last - first + 1;
    });
    apply((messages) => {
      for (let account = first; account <= last; account++) deposit(messages, account, microUsd);
      return last - first + 1;
    });
  }
}

function list(messages: MessageBuffer, market: number): number {
  const listing = command(messages, CMD_LIST_MARKET, 3, market);
  const params = benchMarketParams(`BENCH-${market}`);
  writeMarketParams(messages.words, messages.floats, (listing + 1) * SLOT_WORDS, params);
  const opening = command(messages, CMD_SET_MARKET_STATE, 1, market);
  messages.words[opening * SLOT_WORDS + W_FLAGS] = MARKET_STATE.open;
  const price = command(messages, CMD_ORACLE_PRICE, 1, market);
  messages.words[price * SLOT_WORDS + W_PRICE] = MARK_TICKS;
  messages.floats[price * SLOT_FLOATS + F_QTY] = 1;
  return 3;
}

function deposit(messages: MessageBuffer, account: number, microUsd: number): void {
  const slot = command(messages, CMD_DEPOSIT, 1, 0);
  messages.words[slot * SLOT_WORDS + W_ACCOUNT] = account;
  messages.floats[slot * SLOT_FLOATS + F_QTY] = microUsd;
}

function command(messages: MessageBuffer, type: number, slots: number, market: number): number {
  const slot = messages.push(slots);
  messages.words[slot * SLOT_WORDS + W_HEAD] = headOf(type, slots, market);
  return slot;
}
