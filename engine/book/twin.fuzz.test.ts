import { existsSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { javascriptKernel } from '../kernel/host/flavours.js';
import { Kernel } from '../kernel/host/kernel.js';
import { kernelFrom } from '../runtime/kernel-file.js';
import type { CreateBook } from '../testing/book-tester.js';
import { RandomTrader, type Regime } from '../testing/random-trader.js';
import { type Deed, TwinBooks, type TwinOptions } from '../testing/twin-books.js';
import { Xorshift } from '../testing/xorshift.js';
import { NaiveBook } from './naive-book.js';

/**
 * The fast book against its twin, over random commands: the events of every command, and now and then the whole state,
 * must be the same bytes. Both kernels run each regime; PLIMSOLL_LONG=1 runs a million commands, PLIMSOLL_FULL=1 ten times as many; PLIMSOLL_SEED=n runs one seed only.
 */
const PRICE_MAX = 2 ** 31 - 1;
const COMPILED = new URL('../../dist/engine/kernel/kernel.wasm', import.meta.url);
const STEPS = 26_000;
const SEEDS = process.env.PLIMSOLL_FULL === '1' ? 50 : process.env.PLIMSOLL_LONG === '1' ? 5 : 2;
const ONLY_SEED = Number(process.env.PLIMSOLL_SEED ?? 0);
/** Commands between two comparisons of the whole state. */
const STATE_INTERVAL = 200;

const ordinary = {
  accounts: 30,
  priceTicksMax: PRICE_MAX,
  lotsMax: 1000,
  reduceOnlyShare: 5,
  gtdShare: 5,
  preventionShare: 50,
  openOrders: 120,
  windowBits: 12,
  priceTicks: (random: Xorshift, middle: number, away: number) => {
    return middle + away * random.between(-4, 15);
  },
  nextMiddle: (random: Xorshift, middle: number) => middle + random.between(-1, 1),
};

const REGIMES: (Regime & { windowBits: number })[] = [
  { ...ordinary, name: 'tight book' },
  {
    ...ordinary,
    name: 'the whole range of prices',
    windowBits: 10,
    lotsMax: 2 ** 40,
    priceTicks: (random, middle, away) => {
      // Every magnitude of the distance is as likely as any other, and the ends are met often.
      const distance = 2 ** random.between(0, 30) + random.below(1000);
      return middle + (random.chance(88) ? away : -away) * distance;
    },
    nextMiddle: (random, middle) => {
      if (random.chance(1)) return random.between(1, PRICE_MAX);
      return random.chance(1) ? middle + random.between(-3000, 3000) : middle;
    },
  },
  {
    ...ordinary,
    name: 'both ends of the range',
    windowBits: 10,
    priceTicks: (random, middle, away) => {
      return middle + away * random.between(-20, random.chance(80) ? 60 : 5000);
    },
    nextMiddle: (random, middle) => (random.below(500) === 0 ? PRICE_MAX + 1 - middle : middle),
  },
  { ...ordinary, name: 'few accounts', accounts: 2, preventionShare: 80, openOrders: 60 },
  { ...ordinary, name: 'reduce-only', accounts: 6, reduceOnlyShare: 60, openOrders: 60 },
  { ...ordinary, name: 'good till date', gtdShare: 70 },
  {
    // More orders than the fast book has room for at first, and a window whose bitmap has all of its levels.
    ...ordinary,
    name: 'deep book',
    windowBits: 17,
    accounts: 200,
    openOrders: 3000,
    priceTicks: (random, middle, away) => {
      return middle + away * random.between(-40, random.chance(50) ? 2000 : 100_000);
    },
  },
  {
    // Thousands of levels beyond the window, which come in and go out as the price wanders.
    ...ordinary,
    name: 'far levels',
    windowBits: 10,
    accounts: 200,
    openOrders: 3000,
    priceTicks: (random, middle, away) => {
      return middle + away * random.between(-20, random.chance(30) ? 60 : 20_000);
    },
    nextMiddle: (random, middle) => {
      return random.chance(1) ? middle + random.between(-4_000, 4_000) : middle;
    },
  },
  {
    // The worst keys of bids are the highest numbers of 32 bits: a window that ends there must not run over.
    ...ordinary,
    name: 'pennies',
    windowBits: 10,
    priceTicks: (random, middle, away) => Math.max(1, middle + away * random.between(-4, 300)),
    nextMiddle: (random, middle) => {
      return random.below(200) === 0 ? random.between(1, 1500) : Math.max(1, middle);
    },
  },
  {
    ...ordinary,
    name: 'a market that runs',
    windowBits: 10,
    openOrders: 200,
    priceTicks: (random, middle, away) => middle + away * random.between(-100, 1500),
    nextMiddle: (random, middle) => {
      return random.below(300) === 0 ? middle + random.between(-5000, 5000) : middle + 3;
    },
  },
];

describe('the fast book and its twin agree', async () => {
  const { FastBook } = await import('./fast-book.js');
  const asJavaScript: CreateBook = (options) => new FastBook(options);
  const asWebAssembly: CreateBook = (options) => {
    return new FastBook({ ...options, kernel: new Kernel(kernelFrom(COMPILED, javascriptKernel)) });
  };
  const isCompiled = existsSync(COMPILED);
  const naive: CreateBook = (options) => new NaiveBook(options);
  const seeds = ONLY_SEED > 0 ? [ONLY_SEED] : Array.from({ length: SEEDS }, (_, i) => i + 1);

  describe.each(REGIMES)('$name', (regime) => {
    for (const seed of seeds) {
      // Every other seed runs the kernel that the build has compiled (`npm test` builds first).
      const fast = seed % 2 === 0 ? asWebAssembly : asJavaScript;
      const kind = seed % 2 === 0 ? 'as WebAssembly' : 'as JavaScript';
      it.skipIf(seed % 2 === 0 && !isCompiled)(`seed ${seed}, ${kind}`, () => {
        const trades = run(seed, regime, fast, naive);
        // A market in which nobody trades proves nothing.
        expect(trades).toBeGreaterThan(STEPS / 20);
      });
    }
  });
});

/** Returns the number of trades; throws at the first difference. */
function run(
  seed: number,
  regime: Regime & TwinOptions,
  first: CreateBook,
  second: CreateBook,
): number {
  const random = new Xorshift(seed);
  const trader = new RandomTrader(random, regime);
  const twins = new TwinBooks(regime, first, second);
  for (let step = 1; step <= STEPS; step++) {
    const deed = nextDeed(random, trader, regime, step);
    try {
      twins.apply(deed);
      if (step % STATE_INTERVAL === 0) twins.compareStates(regime.accounts);
      if (step % 10 === 0) {
        const { id, account } = trader.anyOrder();
        twins.compareFind(id, account);
      }
    } catch (cause) {
      const where = `seed ${seed}, regime '${regime.name}', step ${step}: ${JSON.stringify(deed)}`;
      throw new Error(`${where}\n${(cause as Error).stack}`, { cause });
    }
    trader.hear(twins.events);
  }
  return twins.trades;
}

function nextDeed(random: Xorshift, trader: RandomTrader, regime: Regime, step: number): Deed {
  if (step % 97 === 0) return { do: 'expire', nowMs: trader.timeMs };
  if (step % 1501 === 0) return { do: 'snapshot and restore' };
  if (step % 7001 === 0) return { do: 'cancel everything' };
  if (random.below(1000) < regime.reduceOnlyShare / 10) {
    const account = trader.anyAccount();
    return { do: 'set position', account, lots: random.between(-50, 50), priceTicks: 100 };
  }
  return { do: 'send', message: trader.next() };
}
