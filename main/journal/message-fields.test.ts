import { describe, expect, it } from 'vitest';
import { W_MARGIN_TERMS, writeMarginTerms } from '../../engine/market/margin-terms.js';
import { type MarketParams, writeMarketParams } from '../../engine/market/market-params.js';
import {
  F_CLIENT_ID,
  F_DEADLINE,
  F_EXPIRY,
  F_ORDER_ID,
  F_QTY,
  headOf,
  SLOT_FLOATS,
  SLOT_WORDS,
  TARGET_F_ORDER_ID,
  TARGET_W_TEXT,
  TARGET_W_TEXT_LENGTH,
  TRIGGER_W_OCO_TEXT,
  TRIGGER_W_OCO_TEXT_LENGTH,
  TRIGGER_W_PRICE,
  TRIGGER_W_TERMS,
  W_ACCOUNT,
  W_CLIENT_TEXT,
  W_CLIENT_TEXT_LENGTH,
  W_FLAGS,
  W_PRICE,
  W_REQUEST,
  W_SESSION,
  W_TRANSFER_KEY,
  W_TRANSFER_TO,
} from '../../engine/messages/layout.js';
import { MessageBuffer } from '../../engine/messages/message-buffer.js';
import * as types from '../../engine/messages/types.js';
import { triggerTerms } from '../../engine/triggers/trigger-events.js';
import { asMicroUsd, asPpm, asPriceTicks, asQtyLots } from '../../engine/units/units.js';
import { messageFields } from './message-fields.js';

/** A message behind another one, so that every offset counts. */
function make(type: number, slots: number, market: number, words: object, floats: object) {
  const messages = new MessageBuffer(8);
  messages.push(1);
  const slot = messages.push(slots);
  const at = slot * SLOT_WORDS;
  messages.words[at] = headOf(type, slots, market);
  for (const [i, value] of Object.entries(words)) messages.words[at + Number(i)] = value;
  for (const [i, value] of Object.entries(floats)) messages.floats[at / 2 + Number(i)] = value;
  return { messages, slot };
}

function putText(messages: MessageBuffer, word: number, text: string): void {
  const bytes = new Uint8Array(messages.words.buffer);
  bytes.set(Buffer.from(text), word * 4);
}

describe('messageFields', () => {
  it('shows a limit order with everything that is set', () => {
    const flags =
      types.SIDE_SELL |
      (types.TIF_GTD << types.TIF_SHIFT) |
      types.FLAG_POST_ONLY |
      types.FLAG_REDUCE_ONLY |
      (types.STP_CANCEL_MAKER << types.STP_SHIFT) |
      types.FLAG_CLIENT_TEXT;
    const words = {
      [W_ACCOUNT]: 7,
      [W_FLAGS]: flags,
      [W_PRICE]: 101,
      [W_SESSION]: 5,
      [W_REQUEST]: 9,
      [W_CLIENT_TEXT_LENGTH]: 8,
    };
    const floats = { [F_QTY]: 12, [F_DEADLINE]: 2000, [F_EXPIRY]: 3000 };
    const { messages, slot } = make(types.CMD_PLACE, 2, 3, words, floats);
    putText(messages, slot * SLOT_WORDS + W_CLIENT_TEXT, 'my-order');
    expect(messageFields(messages, slot)).toEqual({
      type: 'CMD_PLACE',
      accountId: 7,
      marketId: 3,
      side: 'sell',
      kind: 'limit',
      priceTicks: 101,
      qtyLots: 12,
      timeInForce: 'GTD',
      postOnly: true,
      reduceOnly: true,
      selfTradePrevention: 'cancel_maker',
      expiryMs: 3000,
      clientId: 'my-order',
      session: 5,
      request: 9,
      deadlineMs: 2000,
    });
  });

  it('shows both orders of a replacement', () => {
    const { messages, slot } = make(
      types.CMD_REPLACE,
      2,
      0,
      { [W_ACCOUNT]: 1, [W_PRICE]: 5 },
      { [F_QTY]: 1, [F_CLIENT_ID]: 77 },
    );
    const targetAt = (slot + 1) * SLOT_WORDS;
    messages.floats[(slot + 1) * SLOT_FLOATS + TARGET_F_ORDER_ID] = 40;
    messages.words[targetAt + TARGET_W_TEXT_LENGTH] = 3;
    putText(messages, targetAt + TARGET_W_TEXT, 'old');
    expect(messageFields(messages, slot)).toMatchObject({
      clientId: 77,
      target: { orderId: 40, clientId: 'old' },
    });
  });

  it('shows what a trigger order waits for', () => {
    const words = { [W_ACCOUNT]: 1, [W_FLAGS]: types.SIDE_SELL | types.FLAG_MARKET_ORDER };
    const { messages, slot } = make(types.CMD_PLACE_TRIGGER, 2, 4, words, { [F_QTY]: 3 });
    const terms = (slot + 1) * SLOT_WORDS;
    const { TRIGGER_TAKE_PROFIT, PRICE_OF_LAST_TRADE } = types;
    messages.words[terms + TRIGGER_W_TERMS] = triggerTerms(
      TRIGGER_TAKE_PROFIT,
      PRICE_OF_LAST_TRADE,
    );
    messages.words[terms + TRIGGER_W_PRICE] = 70;
    messages.words[terms + TRIGGER_W_OCO_TEXT_LENGTH] = 5;
    putText(messages, terms + TRIGGER_W_OCO_TEXT, 'other');
    expect(messageFields(messages, slot)).toMatchObject({
      type: 'CMD_PLACE_TRIGGER',
      marketId: 4,
      side: 'sell',
      kind: 'market',
      qtyLots: 3,
      trigger: { kind: 'take_profit', by: 'last', priceTicks: 70, ocoClientId: 'other' },
    });
  });

  it.each([
    [
      types.CMD_PLACE_SCALED,
      [90, 3, types.SCALED_FALLING],
      {
        type: 'CMD_PLACE_SCALED',
        scaled: { lastPriceTicks: 90, count: 3, distribution: 'falling' },
      },
    ],
    [
      types.CMD_PLACE_TWAP,
      [4, 60_000],
      { type: 'CMD_PLACE_TWAP', twap: { slices: 4, durationMs: 60_000 } },
    ],
    [
      types.CMD_PLACE_BRACKET,
      [110, 109, 80, 0, types.PRICE_OF_INDEX << 8],
      {
        type: 'CMD_PLACE_BRACKET',
        bracket: {
          profitTicks: 110,
          profitLimitTicks: 109,
          profitBy: 'mark',
          stopTicks: 80,
          stopBy: 'index',
        },
      },
    ],
  ])('shows what an order makes of itself (%i)', (type, last, expected) => {
    const { messages, slot } = make(type, 2, 4, { [W_ACCOUNT]: 1, [W_PRICE]: 100 }, { [F_QTY]: 3 });
    messages.words.set(last, (slot + 1) * SLOT_WORDS);
    const common = { accountId: 1, marketId: 4, side: 'buy', priceTicks: 100, qtyLots: 3 };
    expect(messageFields(messages, slot)).toMatchObject({ ...common, ...expected });
  });

  it('shows cancels, amends and mass cancels', () => {
    const cancel = make(types.CMD_CANCEL, 1, 2, { [W_ACCOUNT]: 1 }, { [F_ORDER_ID]: 4 });
    expect(messageFields(cancel.messages, cancel.slot)).toEqual({
      type: 'CMD_CANCEL',
      accountId: 1,
      marketId: 2,
      orderId: 4,
    });
    const amend = make(types.CMD_AMEND, 1, 2, { [W_PRICE]: 9 }, { [F_CLIENT_ID]: 4 });
    expect(messageFields(amend.messages, amend.slot)).toMatchObject({ clientId: 4, priceTicks: 9 });
    const isolate = make(types.CMD_SET_MARGIN_MODE, 1, 3, { [W_PRICE]: types.MARGIN_ISOLATED }, {});
    expect(messageFields(isolate.messages, isolate.slot)).toMatchObject({ mode: 'isolated' });
    const move = make(types.CMD_MOVE_MARGIN, 1, 3, {}, { [F_QTY]: -5 });
    expect(messageFields(move.messages, move.slot)).toMatchObject({ amountMicroUsd: -5 });
    const transfer = make(types.CMD_TRANSFER, 2, 0, { [W_TRANSFER_TO]: 7 }, { [F_QTY]: 5 });
    transfer.messages.words[transfer.slot * SLOT_WORDS + W_TRANSFER_KEY] = 1;
    expect(messageFields(transfer.messages, transfer.slot)).toMatchObject({
      type: 'CMD_TRANSFER',
      toAccountId: 7,
      amountMicroUsd: 5,
      idempotencyKey: '01000000'.padEnd(32, '0'),
    });
    const made = make(types.CMD_CREATE_SUB_ACCOUNT, 1, 0, { [W_PRICE]: 3 }, {});
    expect(messageFields(made.messages, made.slot)).toMatchObject({ number: 3 });
    const mass = make(types.CMD_MASS_CANCEL, 1, 0xffff, { [W_FLAGS]: types.FLAG_MASS_ASKS }, {});
    expect(messageFields(mass.messages, mass.slot)).toMatchObject({
      marketId: 'all',
      sides: 'asks',
    });
  });

  it('shows what liquidators and their operators send', () => {
    const words = { [W_ACCOUNT]: 3, [W_FLAGS]: types.SIDE_SELL, [W_PRICE]: 905 };
    const floats = { [F_ORDER_ID]: 7, [F_QTY]: 20 };
    const take = make(types.CMD_TAKE_OVER, 1, 2, words, floats);
    expect(messageFields(take.messages, take.slot)).toEqual({
      type: 'CMD_TAKE_OVER',
      accountId: 3,
      marketId: 2,
      auctionId: 7,
      side: 'sell',
      priceTicks: 905,
      qtyLots: 20,
    });
    const admit = make(types.CMD_SET_LIQUIDATOR, 1, 0, { [W_ACCOUNT]: 3, [W_FLAGS]: 1 }, {});
    expect(messageFields(admit.messages, admit.slot)).toEqual({
      type: 'CMD_SET_LIQUIDATOR',
      accountId: 3,
      isLiquidator: true,
    });
    const fund = make(types.CMD_FUND_INSURANCE, 1, 2, { 6: 0x0102 }, { [F_QTY]: -5 });
    expect(messageFields(fund.messages, fund.slot)).toEqual({
      type: 'CMD_FUND_INSURANCE',
      marketId: 2,
      amountMicroUsd: -5,
      idempotencyKey: `0201${'0'.repeat(28)}`,
    });
  });

  it('knows each command that a journal may have', () => {
    const commands = Object.entries(types).filter(([name]) => name.startsWith('CMD_'));
    expect(commands.length).toBeGreaterThan(20);
    for (const [name, type] of commands) {
      // Only an envelope shows words: those of the message in it.
      if (type === types.CMD_CHANNEL) continue;
      const { messages, slot } = make(type as number, 4, 1, {}, {});
      const fields = messageFields(messages, slot);
      expect(fields.type).toBe(name);
      expect(fields, name).not.toHaveProperty('words');
    }
  });

  it("shows operators' and oracle's commands", () => {
    const params: MarketParams = {
      symbol: 'BTC-PERP',
      tickMantissa: 1,
      tickDecimals: 1,
      lotMantissa: 1,
      lotDecimals: 3,
      microUsdPerTickLotNumerator: 100,
      microUsdPerTickLotDenominator: 1,
      priceTicksMax: asPriceTicks(10_000_000),
      qtyLotsMax: asQtyLots(1_000_000),
      minNotionalMicroUsd: asMicroUsd(5_000_000),
      priceBandPpm: asPpm(50_000),
      initialMarginPpm: asPpm(20_000),
      maintenanceMarginPpm: asPpm(10_000),
      openOrdersMax: 200,
    };
    const list = make(types.CMD_LIST_MARKET, 3, 1, {}, {});
    const { messages } = list;
    writeMarketParams(messages.words, messages.floats, (list.slot + 1) * SLOT_WORDS, params);
    expect(messageFields(messages, list.slot)).toMatchObject({ marketId: 1, params });

    const margin = {
      tiers: [{ floorUsd: 0, initialPpm: 20_000, maintenancePpm: 10_000 }],
      openInterestLotsMax: asQtyLots(7),
      positionLotsMax: asQtyLots(0),
      growthLowerUsd: 20_000_000,
      growthUpperUsd: 50_000_000,
    };
    const tiers = make(types.CMD_SET_MARGIN_TIERS, 4, 1, {}, {});
    const at = tiers.slot * SLOT_WORDS + W_MARGIN_TERMS;
    writeMarginTerms(tiers.messages.words, tiers.messages.floats, at, margin);
    expect(messageFields(tiers.messages, tiers.slot)).toMatchObject({ marketId: 1, margin });

    const candidates = make(types.CMD_CANDIDATES, 3, 0, { 16: 4, 31: 9, 32: 8 }, { [F_QTY]: 17 });
    const ids = [4, ...new Array(14).fill(0), 9, 8];
    expect(messageFields(candidates.messages, candidates.slot)).toMatchObject({ accountIds: ids });

    const deposit = make(types.CMD_DEPOSIT, 1, 0, { [W_ACCOUNT]: 2, 6: 0x0102 }, { [F_QTY]: 1e6 });
    expect(messageFields(deposit.messages, deposit.slot)).toEqual({
      type: 'CMD_DEPOSIT',
      accountId: 2,
      amountMicroUsd: 1e6,
      idempotencyKey: `0201${'0'.repeat(28)}`,
    });
    const oracle = make(
      types.CMD_ORACLE_PRICE,
      1,
      1,
      { [W_PRICE]: 5 },
      { [F_QTY]: 9, [F_CLIENT_ID]: 1 },
    );
    expect(messageFields(oracle.messages, oracle.slot)).toMatchObject({
      indexTicks: 5,
      confidenceTicks: 1,
      publishTimeMs: 9,
    });
    const state = make(types.CMD_SET_MARKET_STATE, 1, 1, { [W_FLAGS]: 3 }, {});
    expect(messageFields(state.messages, state.slot)).toMatchObject({ state: 'cancel_only' });
  });

  it('shows the words of a type that it does not know', () => {
    const { messages, slot } = make(63, 1, 0, { 1: 255 }, {});
    expect(messageFields(messages, slot)).toEqual({
      type: 'unknown_type_63',
      words: `3f010000ff${'0'.repeat(118)}`,
    });
  });

  it('shows from which shard a message came, and what it is', () => {
    const { messages, slot } = make(
      types.CMD_CHANNEL,
      3,
      0,
      {
        [W_FLAGS]: 2,
        [W_PRICE]: 1,
        [SLOT_WORDS]: headOf(types.EVT_CANCELED, 2, 7),
        [SLOT_WORDS + W_ACCOUNT]: 5,
      },
      { [F_QTY]: 12 },
    );
    const fields = messageFields(messages, slot);
    expect(fields).toMatchObject({ type: 'CMD_CHANNEL', fromShard: 2, toShard: 1, number: 12 });
    expect(fields).toMatchObject({ message: 'EVT_CANCELED', marketId: 7, accountId: 5 });
    expect(fields.words).toHaveLength(256);
  });
});
