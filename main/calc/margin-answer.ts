import type { Fraction } from '../../risk/arithmetic/fraction.js';
import {
  bankruptcyPrice,
  liquidationPrice,
} from '../../risk/liquidation-price/liquidation-price.js';
import {
  type AccountMargin,
  accountMargin,
  marginRatioE18,
} from '../../risk/requirement/account-margin.js';
import { checkOrder } from '../../risk/requirement/order-check.js';
import { positionMargin } from '../../risk/requirement/position-margin.js';
import { withdrawableMicroUsd } from '../../risk/requirement/withdrawal.js';
import { formatMoney, formatRate } from './amounts.js';
import { formatQuotient } from './exact.js';
import {
  type DocumentPosition,
  type MarginDocument,
  type NewOrder,
  readMarginDocument,
} from './margin-document.js';

/** Digits behind the point of prices that need not lie on a tick; more where ticks are very small. */
const PRICE_DIGITS = 12;
const DIGITS_BELOW_TICK = 6;

/** `calc margin`: figures of an account, its positions, and what is asked about. */
export function answerMargin(input: unknown): object {
  const document = readMarginDocument(input);
  const account = accountMargin(document.collateralMicroUsd, document.holdings);
  const ratioE18 = marginRatioE18(account);
  const { newOrder, withdrawalMicroUsd } = document;
  return {
    equity: formatMoney(account.equityMicroUsd),
    unrealizedPnl: formatMoney(account.unrealizedMicroUsd),
    initialMargin: formatMoney(account.initialMicroUsd),
    maintenanceMargin: formatMoney(account.maintenanceMicroUsd),
    marginRatio: ratioE18 === null ? null : formatRate(ratioE18),
    freeCollateral: formatMoney(account.freeMicroUsd),
    liquidatable: account.isLiquidatable,
    positions: document.positions.map((position) => answerPosition(position, account)),
    ...(newOrder === null ? {} : { newOrder: answerOrder(newOrder, document) }),
    ...(withdrawalMicroUsd === null
      ? {}
      : { withdrawal: answerWithdrawal(withdrawalMicroUsd, account) }),
  };
}

function answerPosition(position: DocumentPosition, account: AccountMargin) {
  const { holding, isolatedCollateral, marketName, scaled } = position;
  const { market } = holding;
  const own = positionMargin(market, holding.position);
  // What stands behind the position: its own collateral, or all of the account but the position itself.
  const rest = isolatedCollateral ?? account.equityMicroUsd - own.unrealizedMicroUsd;
  const othersMaintenance =
    isolatedCollateral === null ? account.maintenanceMicroUsd - own.maintenanceMicroUsd : 0n;
  const price = (ticks: Fraction | null) => formatTicks(ticks, scaled.priceDecimals);
  return {
    market: marketName,
    notional: formatMoney(own.notionalMicroUsd),
    unrealizedPnl: formatMoney(own.unrealizedMicroUsd),
    initialMargin: formatMoney(own.initialMicroUsd),
    maintenanceMargin: formatMoney(own.maintenanceMicroUsd),
    liquidationPrice: price(liquidationPrice(market, holding.position, rest - othersMaintenance)),
    bankruptcyPrice: price(bankruptcyPrice(market, holding.position, rest)),
  };
}

function formatTicks(ticks: Fraction | null, priceDecimals: number): string | null {
  if (ticks === null) return null;
  const { denominator, numerator } = ticks;
  const digits = Math.max(PRICE_DIGITS, priceDecimals + DIGITS_BELOW_TICK);
  return formatQuotient(numerator, denominator * 10n ** BigInt(priceDecimals), digits);
}

function answerOrder({ holding, order, scaled }: NewOrder, document: MarginDocument) {
  const { collateralMicroUsd, holdings } = document;
  const { caps, openInterestLots } = scaled;
  const check = checkOrder(collateralMicroUsd, holdings, holding, order, caps, openInterestLots);
  const { limitMicroUsd, refusal, valueMicroUsd } = check;
  if (refusal === null) return { accepted: true };
  const figures = { value: formatMoney(valueMicroUsd), limit: formatMoney(limitMicroUsd) };
  return { accepted: false, reason: refusal, ...figures };
}

function answerWithdrawal(wantedMicroUsd: bigint, account: AccountMargin) {
  const most = withdrawableMicroUsd(account);
  return { allowed: wantedMicroUsd <= most, withdrawable: formatMoney(most) };
}
