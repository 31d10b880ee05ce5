import type { DeleveragingRules } from '../../engine/market/liquidation/liquidation-rules.js';
import * as layout from '../../engine/messages/layout.js';
import { pushRejection } from '../../engine/messages/rejection.js';
import * as type from '../../engine/messages/types.js';
import { asQtyLots } from '../../engine/units/units.js';
import { marketWith, type NaiveAccount, type NaiveState, naiveReject } from './naive-home.js';
import { naiveEquityBehind, naiveMessage } from './naive-liquidations.js';
import { absOf, maxOf, minOf, type NaiveMarket } from './naive-money.js';
import { naiveReserve } from './naive-reserve.js';
import type { View } from './naive-views.js';

const CANDIDATES_MAX = 8;

/** Profit ÷ entry × leverage when it has won, ÷ leverage when it has lost, as one fraction. */
interface Score {
  account: number;
  over: bigint;
  under: bigint;
}

/** Who comes first comes first. */
export const naiveDeleveraging: DeleveragingRules = {
  plan(candidates, remainderLots, markTicks, params) {
    const unit = BigInt(params.microUsdPerTickLotNumerator);
    const denominator = BigInt(params.microUsdPerTickLotDenominator);
    const scores = candidates.map((candidate): Score => {
      const lots = BigInt(candidate.positionLots);
      const entry = BigInt(candidate.entryValueTickLots);
      const equity = maxOf(1n, BigInt(candidate.equityMicroUsd)) * denominator;
      const value = absOf(lots) * BigInt(markTicks) * unit;
      const profit = lots * BigInt(markTicks) - entry;
      const cost = maxOf(1n, absOf(entry));
      const { account } = candidate;
      return profit >= 0n
        ? { account, over: profit * value, under: cost * equity }
        : { account, over: profit * equity, under: cost * value };
    });
    scores.sort((a, b) => {
      const difference = b.over * a.under - a.over * b.under;
      return difference === 0n ? a.account - b.account : difference > 0n ? 1 : -1;
    });
    let left = BigInt(remainderLots);
    const steps: { account: number; lots: ReturnType<typeof asQtyLots> }[] = [];
    for (const { account } of scores) {
      const held = candidates.find((candidate) => candidate.account === account);
      const lots = minOf(left, absOf(BigInt(held?.positionLots ?? 0)));
      left -= lots;
      if (lots > 0n) steps.push({ account, lots: asQtyLots(Number(lots)) });
    }
    return steps;
  },
};

/** EVT_DELEVERAGING: the best of the other side, with their equity. */
export function naiveAnswerDeleveraging(state: NaiveState, event: View): void {
  const market = marketWith(state, event.marketId) as NaiveMarket;
  const wantsShorts = type.sideOf(event.word(layout.EW_FLAGS)) === type.SIDE_SELL;
  const others = [...market.holdings].filter(([, { position }]) => {
    return position !== 0n && position < 0n === wantsShorts;
  });
  const asked = others.map(([account, { position, entryValue }]) => ({
    account,
    positionLots: Number(position),
    entryValueTickLots: Number(entryValue),
    equityMicroUsd: Number(
      naiveEquityBehind(state, state.accounts.get(account) as NaiveAccount, market),
    ),
  }));
  const lots = asked.reduce((sum, { positionLots }) => sum + Math.abs(positionLots), 0);
  const mark = Number(market.mark) as Parameters<DeleveragingRules['plan']>[2];
  const ranked = naiveDeleveraging.plan(asked, asQtyLots(lots), mark, market.params);
  const best = ranked.slice(0, CANDIDATES_MAX);
  const slots = 1 + Math.ceil(best.length / 4);
  const out = naiveMessage(state, type.MSG_ADL_CANDIDATES, slots, market.marketId, 0, 0);
  // It names no client id.
  out.setWord(layout.W_CLIENT_REF, 0);
  out.setWord(layout.ADL_W_COUNT, best.length);
  out.setFloat(layout.F_ORDER_ID, event.float(layout.EF_ORDER_ID));
  best.forEach(({ account }, i) => {
    const equity = asked.find((each) => each.account === account)?.equityMicroUsd ?? 0;
    out.setFloat(layout.ADL_F_FIRST + 2 * i, account);
    out.setFloat(layout.ADL_F_FIRST + 2 * i + 1, equity);
  });
}

/** CMD_TAKE_OVER. */
export function naiveTakeOver(
  state: NaiveState,
  message: View,
  account: NaiveAccount,
  market: NaiveMarket,
): void {
  const price = message.word(layout.W_PRICE);
  const lots = message.float(layout.F_QTY);
  const { priceTicksMax, qtyLotsMax } = market.params;
  if (!account.isLiquidator) {
    naiveReject(state, message, 'account_is_not_a_liquidator', account.id, 0);
  } else if (price < 1 || price > priceTicksMax) {
    const name = 'price_ticks_must_be_within_1_and_limit';
    naiveReject(state, message, name, price, priceTicksMax);
  } else if (!Number.isInteger(lots) || lots < 1 || lots > qtyLotsMax) {
    naiveReject(state, message, 'qty_lots_must_be_within_1_and_limit', lots, qtyLotsMax);
  } else if (market.mark === 0n) {
    naiveReject(state, message, 'market_has_no_mark_price', 0, 0);
  } else {
    reserveTakeOver(state, message, account, market);
  }
}

function reserveTakeOver(
  state: NaiveState,
  message: View,
  account: NaiveAccount,
  market: NaiveMarket,
): void {
  const price = message.word(layout.W_PRICE);
  const lots = message.float(layout.F_QTY);
  const flags = type.sideOf(message.flags);
  const distance = price - Number(market.mark);
  const refusal = naiveReserve(state, account, market, {
    flags,
    price,
    lots: BigInt(lots),
    distance,
  });
  if (refusal !== null) {
    const { code, value, limit } = refusal;
    pushRejection(state.events, message.buffer, message.slot, code, Number(value), Number(limit));
    return;
  }
  const { marketId } = market;
  const out = naiveMessage(state, type.MSG_TAKE_OVER, 1, marketId, account.id, flags);
  out.setWord(layout.W_PRICE, price);
  out.setWord(layout.W_MARK_DISTANCE, distance);
  out.setWord(layout.W_SESSION, message.word(layout.W_SESSION));
  out.setWord(layout.W_REQUEST, message.word(layout.W_REQUEST));
  out.setFloat(layout.F_QTY, lots);
  out.setFloat(layout.F_ORDER_ID, message.float(layout.F_ORDER_ID));
}
