import { describe, expect, it } from 'vitest';
import {
  isMarketState,
  MARKET_STATE,
  type MarketStateName,
  marketStateName,
  mayFollow,
} from './market-state.js';

const NAMES = Object.keys(MARKET_STATE) as MarketStateName[];
const TRADING: MarketStateName[] = ['open', 'post_only', 'cancel_only', 'reduce_only', 'halted'];

function followers(from: MarketStateName): MarketStateName[] {
  return NAMES.filter((to) => to !== from && mayFollow(MARKET_STATE[from], MARKET_STATE[to]));
}

describe('transitions of a market', () => {
  it.each(TRADING)('%s leads to every other trading state and to settling', (from) => {
    expect(followers(from)).toEqual([...TRADING.filter((to) => to !== from), 'settling']);
  });

  it('a new market opens into any trading state, or is closed before it traded', () => {
    expect(followers('initializing')).toEqual([...TRADING, 'closed']);
  });

  it('settling only leads to closed, and closed nowhere', () => {
    expect(followers('settling')).toEqual(['closed']);
    expect(followers('closed')).toEqual([]);
  });

  it('staying is always allowed', () => {
    for (const name of NAMES) expect(mayFollow(MARKET_STATE[name], MARKET_STATE[name])).toBe(true);
  });

  it('tells numbers that are no state', () => {
    for (const wrong of [-1, 8, 1.5, Number.NaN]) expect(isMarketState(wrong)).toBe(false);
    expect(marketStateName(MARKET_STATE.halted)).toBe('halted');
    expect(() => marketStateName(8)).toThrow('market state 8 does not exist');
  });
});
