import fc from 'fast-check';
import { afterEach, describe, expect, it } from 'vitest';
import { Xorshift } from '../../engine/testing/xorshift.js';
import {
  DEFAULT_EXCHANGE_LIMITS,
  DEFAULT_MARKET_LIMITS,
  type MarketTerms,
} from '../program/terms.js';
import { plainMarket } from '../program/testing/test-exchange.js';
import { Twin } from '../program/testing/twin.js';
import type { SettlementLedger } from './ledger.js';
import { MARKETS, RandomJournal } from './testing/random-journal.js';
import {
  makeScratch,
  NO_LIMITS,
  openLedger,
  placeMarkets,
  removeScratch,
} from './testing/scratch.js';

afterEach(removeScratch);

const ACCOUNTS = 14;
const RUNS = Number(process.env.PLIMSOLL_LEDGER_RUNS ?? 12);
/** The random journal trades at 900 to 1,100. */
const PRICES = MARKETS.map(() => 1_000n);

/** Terms of the random journal's markets; what funding may amount to in an hour depends on how much is open, and is left out. */
const TERMS: MarketTerms[] = MARKETS.map(({ marketId, numerator, denominator }) =>
  plainMarket({
    engineMarketId: marketId,
    microUsdNumerator: BigInt(numerator),
    microUsdDenominator: BigInt(denominator),
    limits: { ...DEFAULT_MARKET_LIMITS, paymentCapPpm: 10 ** 15 },
  }),
);

/** The chain's rules, with everything paid in that the ledger counts on. */
class Chain {
  readonly twin = new Twin(TERMS, DEFAULT_EXCHANGE_LIMITS.batchNotionalCapMicroUsd);
  private readonly ledger: SettlementLedger;
  private nowSeconds = 1_700_000_000n;
  private readonly seen = new Set<number>();

  constructor(ledger: SettlementLedger) {
    this.ledger = ledger;
    for (let accountId = 1; accountId <= ACCOUNTS; accountId++) this.twin.addUser(accountId);
  }

  /** As the service does: pays in what operators have paid in, then sends the next batch. */
  settleNext(): void {
    const { ledger, twin } = this;
    for (const { id, marketId, changeMicroUsd } of ledger.cash.unpaidFundings(1_000)) {
      if (this.seen.has(id)) throw new Error('paid twice');
      this.seen.add(id);
      const slot = MARKETS.findIndex((market) => market.marketId === marketId);
      twin.fundInsurance(slot, BigInt(changeMicroUsd));
      ledger.cash.markFundingPaid(id);
    }
    const [batch] = ledger.batches.unsettled(1);
    if (batch === undefined) return;
    this.nowSeconds += 10n;
    const sections = ledger.batches.sectionsOf(batch.sequence);
    expect(twin.settle(sections, PRICES, this.nowSeconds)).toBe(null);
    ledger.batches.markSettled(batch.sequence);
  }
}

describe('the rules of the program', () => {
  it('hold for every batch, wherever it ends and in whatever order the streams come', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 1_000_000 }), (seed) => {
        const journal = new RandomJournal(seed, ACCOUNTS).run(300);
        const random = new Xorshift(seed);
        // A millisecond passes with each group of messages.
        let nowMs = 1_000;
        const ledger = openLedger(makeScratch(), { now: () => nowMs });
        // Either all of it waits, in an order that says nothing, or it comes live, and batches are built meanwhile.
        const isLive = random.chance(50);
        const messages = journal.messages(9, isLive);
        ledger.ingest(messages.slice(0, isLive ? 1 : messages.length));
        placeMarkets(ledger);
        const chain = new Chain(ledger);
        for (let at = isLive ? 1 : messages.length; at < messages.length; ) {
          const count = random.between(1, 12);
          nowMs++;
          ledger.ingest(messages.slice(at, at + count));
          at += count;
          ledger.buildBatch({
            ...NO_LIMITS,
            itemsMax: random.between(1, 40),
            entriesMax: random.between(2, 12),
            ingestedUntilMs: nowMs - 8,
          });
          if (random.chance(70)) chain.settleNext();
        }
        while (ledger.buildBatch({ ...NO_LIMITS, itemsMax: random.between(1, 40) }).isFull);
        while (ledger.batches.unsettled(1).length > 0) chain.settleNext();
        expectChainHasJournal(chain.twin, journal);
        removeScratch();
      }),
      { numRuns: RUNS },
    );
  });
});

function expectChainHasJournal(twin: Twin, journal: RandomJournal): void {
  for (let accountId = 1; accountId <= ACCOUNTS; accountId++) {
    const row = twin.row(accountId);
    for (const [slot, { marketId }] of MARKETS.entries()) {
      const position = journal.positions.get(`${accountId} ${marketId}`);
      expect(row.lots[slot]).toBe(position?.lots ?? 0n);
      expect(row.entry[slot]).toBe(position?.entry ?? 0n);
    }
    const outside = journal.events
      .filter((item) => item.kind === 'balance')
      .filter((item) => item.accountId === accountId)
      .reduce((sum, item) => sum + BigInt(item.changeMicroUsd), 0n);
    const transferred = journal.events
      .filter((item) => item.kind === 'transfer')
      .reduce((sum, { accountId: from, toAccountId, amountMicroUsd }) => {
        const sign = (toAccountId === accountId ? 1n : 0n) - (from === accountId ? 1n : 0n);
        return sum + sign * BigInt(amountMicroUsd);
      }, 0n);
    expect(row.collateral + outside + transferred).toBe(journal.collateral.get(accountId));
  }
  for (const [slot, { marketId }] of MARKETS.entries()) {
    const { fees, insurance, clearing, entrySum } = twin.market(slot);
    const totals = journal.totals.get(marketId);
    expect({ fees, insurance, clearing, entry: entrySum }).toEqual({
      fees: totals?.fees,
      insurance: totals?.insurance,
      clearing: totals?.clearing,
      entry: totals?.entry,
    });
  }
}
