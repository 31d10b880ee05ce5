import type { Market } from '../markets.js';
import { messageBytes } from './fixp-connection.js';
import type { FixpSession } from './fixp-session.js';
import {
  type MarketState,
  SecurityDefinitionEncoder,
  SecurityListEncoder,
} from './generated/index.js';
import { beginMessage, commitMessage } from './report-writer.js';

const definition = new SecurityDefinitionEncoder();
const list = new SecurityListEncoder();
const SYMBOL_CHARACTERS_MAX = 32;

/** Lays a market's definition at a place; gives its length with its header. */
export function layDefinition(market: Market, view: DataView, at: number): number {
  const { params, id, state } = market;
  const message = definition.wrapAndApplyHeader(view, at).clear();
  message.marketId(id).state(state as MarketState);
  message.symbol(params.symbol.slice(0, SYMBOL_CHARACTERS_MAX));
  message.tickSize().mantissa(params.tickMantissa).exponent(-params.tickDecimals);
  message.lotSize().mantissa(params.lotMantissa).exponent(-params.lotDecimals);
  message.priceMax(params.priceTicksMax).qtyMax(params.qtyLotsMax);
  message.minNotional(params.minNotionalMicroUsd);
  message.initialMarginRate(params.initialMarginPpm);
  message.maintenanceMarginRate(params.maintenanceMarginPpm);
  return messageBytes(message.openOrdersMax(params.openOrdersMax));
}

/** The answer: so many definitions went before it. */
export function writeSecurityList(
  session: FixpSession,
  requestSeqNo: number,
  count: number,
  timeMs: number,
): void {
  const message = beginMessage(session, list, requestSeqNo).transactTime(timeMs);
  commitMessage(session, message.count(count));
}
