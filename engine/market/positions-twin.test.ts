import { describe, expect, it } from 'vitest';
import type { FillLedger } from '../book/order-book.js';
import { Kernel } from '../kernel/host/kernel.js';
import { LEDGER_OWN } from '../kernel/layout.js';
import * as layout from '../messages/layout.js';
import { MessageBuffer } from '../messages/message-buffer.js';
import { EVT_FILL, FLAG_MAKER, SIDE_BUY, SIDE_SELL, TIER_SHIFT } from '../messages/types.js';
import { readEvents } from '../testing/events.js';
import { MapLedger } from '../testing/map-ledger.js';
import { Xorshift } from '../testing/xorshift.js';
import { asPpm } from '../units/units.js';
import { FeeSchedule } from './fee-schedule.js';
import { MarketPositions } from './positions.js';
import { checkPositions } from './positions-canonical.js';

/** The market's positions against their twin in bigint, over random trades. */
const MAKER_PPM = [-200, 0, 333, -1, 50_000];
const TAKER_PPM = [500, 1, 200, 777, 50_000];
const ACCOUNTS = 5;

interface Scale {
  name: string;
  numerator: number;
  denominator: number;
  priceMost: number;
  lotsMost: number;
  /** Beyond it a trade only reduces; keeps value and money within 2^52, as the market actor does. */
  positionMost: number;
}

const SCALES: Scale[] = [
  { name: 'whole micro-USD', numerator: 100, denominator: 1, ...most(100_000, 1000, 50_000) },
  { name: 'fractions of a micro-USD', numerator: 7, denominator: 1000, ...most(99, 50, 500) },
  { name: 'a tiny fraction', numerator: 1, denominator: 10 ** 9, ...most(2 ** 31 - 1, 9, 2 ** 20) },
  { name: 'one price tick', numerator: 3, denominator: 2, ...most(1, 2 ** 40, 2 ** 45) },
  { name: 'large values', numerator: 1, denominator: 3, ...most(2 ** 20, 2 ** 28, 2 ** 31) },
];

describe('positions and their twin agree', () => {
  describe.each(SCALES)('$name', (scale) => {
    it.each([1, 2, 3, 4])('seed %d', (seed) => {
      const random = new Xorshift(seed);
      const twins = createTwins(scale);
      for (let step = 1; step <= 5000; step++) {
        const trade = anyTrade(random, scale, twins.slow);
        const [fast, slow] = [twins.fast, twins.slow].map((ledger) => tell(ledger, trade));
        // An assertion for each step would take longer than all the trades.
        if (fast !== slow) {
          expect(fast, `seed ${seed}, step ${step}: ${JSON.stringify(trade)}`).toBe(slow);
        }
        if (step % 50 === 0) checkPositions(twins.fast, 0n);
      }
    });
  });
});

it('an account that the market has never seen can close nothing', () => {
  const { fast } = createTwins(SCALES[0] as Scale);
  expect(fast.closableLots(1_000_000, SIDE_BUY)).toBe(0);
  expect(fast.closableLots(1_000_000, SIDE_SELL)).toBe(0);
});

interface Trade {
  price: number;
  lots: number;
  tier: number;
  maker: number;
  taker: number;
  takerSide: number;
}

function most(priceMost: number, lotsMost: number, positionMost: number) {
  return { priceMost, lotsMost, positionMost };
}

function createTwins(scale: Scale): { fast: MarketPositions; slow: MapLedger } {
  const kernel = new Kernel();
  const fees = new FeeSchedule(kernel);
  MAKER_PPM.forEach((maker, tier) => {
    fees.set(tier, asPpm(maker), asPpm(TAKER_PPM[tier] as number));
  });
  const { numerator, denominator } = scale;
  return {
    fast: new MarketPositions(
      kernel,
      kernel.calls.openBook(1, 1_000, 10, LEDGER_OWN),
      numerator,
      denominator,
    ),
    slow: new MapLedger({ numerator, denominator, makerPpm: MAKER_PPM, takerPpm: TAKER_PPM }),
  };
}

function anyTrade(random: Xorshift, scale: Scale, ledger: MapLedger): Trade {
  const taker = random.between(1, ACCOUNTS);
  const maker = random.between(1, ACCOUNTS);
  const position = ledger.positionOf(taker).lots;
  let takerSide = random.pick([SIDE_BUY, SIDE_SELL]);
  if (Math.abs(position) > scale.positionMost) takerSide = position > 0 ? SIDE_SELL : SIDE_BUY;
  // Exactly flat, and one lot beside it, are where positions change sides.
  const exact = Math.abs(position) + random.between(-1, 1);
  const isExact = random.chance(30) && exact >= 1 && exact <= scale.lotsMost;
  const lots = isExact ? exact : random.between(1, scale.lotsMost);
  const price = random.between(1, scale.priceMost);
  return { price, lots, tier: random.below(MAKER_PPM.length), maker, taker, takerSide };
}

/** Settles both sides of the trade; what the ledger wrote into their events and lets close afterwards. */
function tell(ledger: FillLedger, trade: Trade): string {
  const events = new MessageBuffer(4);
  for (const by of [FLAG_MAKER, 0]) {
    const side = by === 0 ? trade.takerSide : trade.takerSide ^ 1;
    const slot = events.push(layout.EVENT_SLOTS);
    const w = slot * layout.SLOT_WORDS;
    events.words[w + layout.W_HEAD] = layout.headOf(EVT_FILL, layout.EVENT_SLOTS, 1);
    events.words[w + layout.W_ACCOUNT] = by === 0 ? trade.taker : trade.maker;
    events.words[w + layout.EW_FLAGS] = side | by | (trade.tier << TIER_SHIFT);
    events.words[w + layout.EW_PRICE] = trade.price;
    events.floats[slot * layout.SLOT_FLOATS + layout.EF_LOTS] = trade.lots;
    ledger.settleFill(events, slot);
  }
  const results = readEvents(events).map((event) => {
    const { fee, realized, position, entryValue } = event;
    return { fee, realized, position, entryValue };
  });
  const closable = [trade.maker, trade.taker].flatMap((account) => [
    ledger.closableLots(account, SIDE_BUY),
    ledger.closableLots(account, SIDE_SELL),
  ]);
  return JSON.stringify({ results, closable });
}
