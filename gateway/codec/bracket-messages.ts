import {
  BRACKET_EVENT_W_PROFIT_LIMIT,
  BRACKET_EVENT_W_PROFIT_PRICE,
  BRACKET_EVENT_W_SOURCES,
  BRACKET_EVENT_W_STOP_LIMIT,
  BRACKET_EVENT_W_STOP_PRICE,
  EF_ACCOUNT_SEQUENCE,
  EF_ORDER_ID,
  EF_SEQUENCE,
  marketOf,
  W_HEAD,
} from '../../engine/messages/layout.js';
import type { Market, Markets } from '../markets.js';
import { MESSAGES } from '../protocol/messages.js';
import { TRIGGER_SOURCES } from '../protocol/names.js';
import type { MessageSink } from './message-sink.js';

/** A take-profit or stop that is attached to an order. */
export interface LegTerms {
  /** 0: there is none. */
  triggerTicks: number;
  /** 0: a market order. */
  limitTicks: number;
  /** PRICE_OF_…. */
  source: number;
}

export interface BracketTerms {
  profit: LegTerms;
  stop: LegTerms;
}

/** Of EVT_BRACKET. */
export function bracketTerms(words: Int32Array, at: number): BracketTerms {
  const sources = words[at + BRACKET_EVENT_W_SOURCES] as number;
  return {
    profit: {
      triggerTicks: words[at + BRACKET_EVENT_W_PROFIT_PRICE] as number,
      limitTicks: words[at + BRACKET_EVENT_W_PROFIT_LIMIT] as number,
      source: sources & 0xff,
    },
    stop: {
      triggerTicks: words[at + BRACKET_EVENT_W_STOP_PRICE] as number,
      limitTicks: words[at + BRACKET_EVENT_W_STOP_LIMIT] as number,
      source: (sources >>> 8) & 0xff,
    },
  };
}

/** EVT_BRACKET as a message of the protocol. `writeClientId`: that of the order, like that of any. */
export function writeBracketEvent(
  sink: MessageSink,
  markets: Markets,
  words: Int32Array,
  floats: Float64Array,
  at: number,
  epoch: number,
  timeMs: number,
  writeClientId: () => void,
): void {
  const f = at / 2;
  const market = markets.get(marketOf(words[at + W_HEAD] as number)) as Market;
  const { profit, stop } = bracketTerms(words, at);
  sink.begin(MESSAGES.bracket);
  sink.uint('epoch', epoch);
  sink.uint('accountSequence', floats[f + EF_ACCOUNT_SEQUENCE] as number);
  sink.market('market', market.params.symbol, market.id);
  sink.uint('orderId', floats[f + EF_ORDER_ID] as number);
  writeClientId();
  writeLeg(sink, market, 'takeProfit', profit);
  writeLeg(sink, market, 'stopLoss', stop);
  sink.uint('sequence', floats[f + EF_SEQUENCE] as number);
  sink.uint('time', timeMs);
}

function writeLeg(sink: MessageSink, { params }: Market, name: string, leg: LegTerms): void {
  const { tickMantissa, tickDecimals } = params;
  const price = (field: string, ticks: number) => {
    if (ticks === 0) sink.none(field);
    else sink.decimal(field, ticks, tickMantissa, tickDecimals);
  };
  price(`${name}Price`, leg.triggerTicks);
  price(`${name}Limit`, leg.limitTicks);
  if (leg.triggerTicks === 0) sink.none(`${name}By`);
  else sink.choice(`${name}By`, leg.source, TRIGGER_SOURCES);
}
