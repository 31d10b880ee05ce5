/**
 * Market states and what each lets in.
 *
 * | state | new orders | amends | cancels |
 * |---|---|---|---|
 * | initializing | none | none | none (no order exists yet) |
 * | open | all | all | yes |
 * | post_only | post-only ones | of post-only orders, and size down | yes |
 * | cancel_only | none | size down | yes |
 * | reduce_only | reduce-only ones | of reduce-only orders, and size down | yes |
 * | halted | none | none | of accounts that are liquidated: what they have no margin for must not trade when the market opens again |
 * | settling | none | none | none: all orders were canceled on entry |
 * | closed | none | none | none: all positions were settled on entry |
 */
export const MARKET_STATE = {
  initializing: 0,
  open: 1,
  post_only: 2,
  cancel_only: 3,
  reduce_only: 4,
  halted: 5,
  settling: 6,
  closed: 7,
} as const;

export type MarketStateName = keyof typeof MARKET_STATE;
export type MarketState = (typeof MARKET_STATE)[MarketStateName];

const STATES = Object.keys(MARKET_STATE) as MarketStateName[];

/** The trading states may follow each other in any order; settling and closed are one way. */
const TRADING: readonly MarketStateName[] = [
  'open',
  'post_only',
  'cancel_only',
  'reduce_only',
  'halted',
];
const NEXT: Record<MarketStateName, readonly MarketStateName[]> = {
  initializing: [...TRADING, 'closed'],
  open: [...TRADING, 'settling'],
  post_only: [...TRADING, 'settling'],
  cancel_only: [...TRADING, 'settling'],
  reduce_only: [...TRADING, 'settling'],
  halted: [...TRADING, 'settling'],
  settling: ['closed'],
  closed: [],
};

/** Whether a position can be closed by an immediate order in the book. */
export function letsClose(state: number): boolean {
  return state === MARKET_STATE.open || state === MARKET_STATE.reduce_only;
}

export function marketStateName(state: number): MarketStateName {
  const name = STATES[state];
  if (name === undefined) throw new RangeError(`market state ${state} does not exist`);
  return name;
}

export function isMarketState(state: number): state is MarketState {
  return Number.isInteger(state) && state >= 0 && state < STATES.length;
}

/** Whether the operator may move a market from one state to the other. Staying is allowed. */
export function mayFollow(from: MarketState, to: MarketState): boolean {
  return from === to || NEXT[marketStateName(from)].includes(marketStateName(to));
}
