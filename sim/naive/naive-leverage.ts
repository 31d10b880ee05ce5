import * as layout from '../../engine/messages/layout.js';
import * as type from '../../engine/messages/types.js';
import { holdingOf, type NaiveAccount, type NaiveState, naiveReject } from './naive-home.js';
import { minOf, type NaiveMarket, naiveInitialMargin, naiveUnrealized } from './naive-money.js';
import { naiveFree, naiveWithdrawable } from './naive-operator.js';
import { pushEvent, type View } from './naive-views.js';

/** The leverage that the account wants to have in a market, unless its margin would not be covered with it. */
export function naiveSetLeverage(
  state: NaiveState,
  message: View,
  account: NaiveAccount,
  market: NaiveMarket,
): void {
  const wanted = message.word(layout.W_PRICE);
  const lowest = market.terms.tiers[0]?.initialPpm ?? market.params.initialMarginPpm;
  const most = Number(minOf(1000n, 1_000_000n / BigInt(lowest)));
  if (wanted < 1 || wanted > most) {
    naiveReject(state, message, 'leverage_must_be_within_1_and_limit', wanted, most);
    return;
  }
  const holding = holdingOf(market, account.id);
  const taker = BigInt(state.fees.takerPpm[account.tier] as number);
  const chosen = holding.leverage;
  const before = naiveInitialMargin(market, holding, taker);
  holding.leverage = BigInt(wanted);
  const raise = naiveInitialMargin(market, holding, taker) - before;
  const { purse } = holding;
  const free = purse === null ? naiveFree(state, account) : naiveWithdrawable(state, account);
  if (raise > 0n && free < 0n) {
    holding.leverage = chosen;
    naiveReject(state, message, 'insufficient_margin', raise, free + raise);
    return;
  }
  const alone = naiveInitialMargin(market, { ...holding, orders: [] }, taker);
  const behind = (purse?.collateral ?? 0n) + naiveUnrealized(market, holding);
  if (raise > 0n && purse !== null && alone > 0n && behind < alone) {
    holding.leverage = chosen;
    const name = 'position_collateral_micro_usd_must_reach_minimum';
    naiveReject(state, message, name, behind, alone);
    return;
  }
  const event = pushEvent(state.events, type.EVT_LEVERAGE, layout.EVENT_SLOTS, market.marketId);
  event.setWord(layout.W_ACCOUNT, account.id);
  event.setWord(layout.EW_SESSION, message.word(layout.W_SESSION));
  event.setWord(layout.EW_REQUEST, message.word(layout.W_REQUEST));
  event.setWord(layout.EW_CLIENT_REF, -1);
  event.setFloat(layout.EF_LOTS, wanted);
  event.setFloat(layout.EF_ACCOUNT_SEQUENCE, ++account.sequence);
  event.setFloat(layout.EF_COLLATERAL, Number(account.collateral));
}
