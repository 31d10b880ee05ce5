import {
  BRACKET_W_PROFIT_LIMIT,
  BRACKET_W_PROFIT_PRICE,
  BRACKET_W_SOURCES,
  BRACKET_W_STOP_LIMIT,
  BRACKET_W_STOP_PRICE,
} from '../messages/layout.js';
import { TRIGGER_STOP, TRIGGER_TAKE_PROFIT } from '../messages/types.js';

/** Brackets that one account may have in one market. */
export const BRACKETS_PER_ACCOUNT_MAX = 50;

/** Nothing of the entry is filled yet, or what was is closed again. */
export const LEG_IDLE = 0;
/** It waits for its price as a trigger order, whose id is `orderId`. */
export const LEG_WAITS = 1;
/** Its price was reached: at the home for its margin, or on the way back. `orderId` is still that of the trigger order. */
export const LEG_FIRED = 2;
/** `orderId` is the order that came of it, open or not. */
export const LEG_PLACED = 3;
/** Canceled by its owner, or refused when it fired. */
export const LEG_GONE = 4;

/** What a take-profit or stop of a bracket waits for, and what it then becomes. */
export interface LegTerms {
  readonly kind: number;
  /** 0: the bracket has no such leg. */
  readonly triggerTicks: number;
  /** Limit of the order that it becomes; 0: a market order. */
  readonly priceTicks: number;
  /** PRICE_OF_…. */
  readonly source: number;
}

export interface Leg extends LegTerms {
  /** LEG_…. */
  state: number;
  orderId: number;
}

/** Take-profit and stop that are attached to an order, the entry. */
export interface Bracket {
  /** The entry's order id. */
  readonly id: number;
  readonly account: number;
  /** Side, self-trade prevention and reduce-only of the orders that close. */
  readonly flags: number;
  readonly legs: readonly Leg[];
  /** Of the entry. */
  filledLots: number;
  /** Of that, what the legs have closed, or what was gone with the position. */
  closedLots: number;
}

/** Take-profit, then stop; one that is missing has no trigger price. `last`: word of the bracket's slot. */
export function readLegs(words: Int32Array, last: number): readonly [LegTerms, LegTerms] {
  const sources = words[last + BRACKET_W_SOURCES] as number;
  return [
    {
      kind: TRIGGER_TAKE_PROFIT,
      triggerTicks: words[last + BRACKET_W_PROFIT_PRICE] as number,
      priceTicks: words[last + BRACKET_W_PROFIT_LIMIT] as number,
      source: sources & 0xff,
    },
    {
      kind: TRIGGER_STOP,
      triggerTicks: words[last + BRACKET_W_STOP_PRICE] as number,
      priceTicks: words[last + BRACKET_W_STOP_LIMIT] as number,
      source: (sources >>> 8) & 0xff,
    },
  ];
}
