import { writeFileSync } from 'node:fs';
import { assert } from '../../../engine/assert.js';
import { sumOfPositions } from '../../../engine/market/positions-canonical.js';
import { CMD_FUND_INSURANCE } from '../../../engine/messages/types.js';
import { asMicroUsd, asPpm } from '../../../engine/units/units.js';
import { readConfig } from '../../../main/config/config.js';
import type { MarketConfig } from '../../../main/config/market-config.js';
import { withSlots } from '../../../sim/traffic/wire.js';
import { say } from '../../output.js';
import { conditionsNow } from '../../report/conditions.js';
import { CrashExchange } from './crash-exchange.js';
import { plotCrash } from './crash-plot.js';
import { type CrashReport, csvOf, type Sample } from './crash-report.js';
import { Crowd } from './crowd.js';
import { LadderLedger, RUNGS } from './ladder-ledger.js';
import { END_MS, PricePath } from './price-path.js';

export interface CrashOptions {
  accounts: number;
  csv: string | null;
  svg: string | null;
}

const STEP_MS = 100;
const SECOND_MS = 1_000;
const FUND_USD = 250_000;

/**
 * A thin book, −30 % in two minutes, an oracle with gaps. The engine is the product's own, with its default market; time is the
 * scenario's, so that every run gives the same trades. Only times in wall-clock ms differ.
 */
export function runCrash(options: CrashOptions): CrashReport {
  const conditions = conditionsNow(1);
  const market = readConfig(null).markets[0] as MarketConfig;
  const pricing = { ...market.pricing, indexAgeMaxMs: 5_000, jumpMaxPpm: asPpm(250_000) };
  const exchange = new CrashExchange(market, pricing);
  exchange.price(market.referenceTicks);
  const { marketId } = market;
  exchange.send(withSlots(CMD_FUND_INSURANCE, 1, { marketId, qty: FUND_USD * 1_000_000 }));
  say(`${options.accounts} traders, half of them long, take their positions`);
  const crowd = new Crowd(exchange, options.accounts, market.referenceTicks);
  const run = new CrashRun(exchange, crowd, new PricePath(market.referenceTicks));
  const samples = run.play();
  if (options.csv !== null) writeFileSync(options.csv, csvOf(samples));
  if (options.svg !== null) writeFileSync(options.svg, plotCrash(samples));
  return { ...run.report(), accounts: options.accounts, conditions };
}

class CrashRun {
  private readonly ledger = new LadderLedger();
  private readonly before: { fundMicroUsd: number; openInterestLots: number; frames: number };
  private checks = 0;
  private priceGuardedMs = 0;
  private readonly exchange: CrashExchange;
  private readonly crowd: Crowd;
  private readonly path: PricePath;

  constructor(exchange: CrashExchange, crowd: Crowd, path: PricePath) {
    this.exchange = exchange;
    this.crowd = crowd;
    this.path = path;
    const { positions } = exchange.market;
    this.before = {
      fundMicroUsd: positions.insuranceMicroUsd,
      openInterestLots: positions.openInterestLots,
      frames: exchange.frames,
    };
    exchange.busyMs = 0;
    exchange.listen((core) => this.ledger.hear(core));
  }

  play(): Sample[] {
    const { exchange } = this;
    const startMs = exchange.nowMs;
    const samples: Sample[] = [];
    for (let timeMs = 0; timeMs <= END_MS; timeMs += STEP_MS) {
      exchange.passTo(startMs + timeMs);
      if (timeMs % SECOND_MS === 0) this.second(timeMs);
      this.crowd.takeOver();
      if (!exchange.market.pricing.index.isTrusted) this.priceGuardedMs += STEP_MS;
      if (timeMs % SECOND_MS === 0) samples.push(this.sample(timeMs));
    }
    return samples;
  }

  report(): Omit<CrashReport, 'accounts' | 'conditions'> {
    const { exchange, ledger, before } = this;
    const { market } = exchange;
    const { params, positions } = market;
    const { microUsdPerTickLotNumerator, microUsdPerTickLotDenominator } = params;
    const unit = microUsdPerTickLotNumerator / microUsdPerTickLotDenominator;
    const times = [...ledger.firstOrderMs].sort((a, b) => a - b);
    const at = (share: number) => times[Math.floor((times.length - 1) * share)] ?? Number.NaN;
    const owing = this.crowd.traders.filter((account) => exchange.collateralOf(account) < 0);
    return {
      liquidations: { begun: ledger.begun, ended: ledger.ended },
      accountsByRung: Object.fromEntries(RUNGS.map((rung) => [rung, ledger.accountsBy(rung)])),
      lotsByRung: { ...ledger.lots },
      openInterestLots: { before: before.openInterestLots, after: positions.openInterestLots },
      fundMicroUsd: {
        before: String(before.fundMicroUsd),
        after: String(positions.insuranceMicroUsd),
        fees: String(ledger.feesMicroUsd),
        shortfalls: String(ledger.shortfallMicroUsd),
        dust: String(ledger.dustMicroUsd),
        debts: String(ledger.debtMicroUsd),
      },
      deleveraging: {
        lots: ledger.lots.deleveraging,
        leastLots: ledger.leastDeleveragedLots,
        usdAtMark: (ledger.lots.deleveraging * market.markTicks * unit) / 1e6,
      },
      priceToFirstOrderMs: { prices: times.length, p50: at(0.5), p99: at(0.99), max: at(1) },
      pricesNotTrustedMs: this.priceGuardedMs,
      accountsInDebt: owing.length,
      invariants: { checks: this.checks, held: true },
      engine: { frames: exchange.frames - before.frames, busyMs: exchange.busyMs },
    };
  }

  private second(timeMs: number): void {
    const ticks = this.path.next(timeMs);
    if (ticks !== null) {
      this.ledger.priced();
      this.exchange.price(ticks);
    }
    this.crowd.quote();
    this.check();
    if (timeMs % 30_000 === 0) say(`${timeMs / 1000} s, mark ${this.exchange.market.markTicks}`);
  }

  /** Every book, position and micro-USD; it throws where something is wrong. */
  private check(): void {
    const { core, market } = this.exchange;
    core.check();
    assert(sumOfPositions(market.positions) === 0, 'positions must add up to zero');
    assert(core.moneyDifferenceMicroUsd() === 0n, 'money must balance');
    assert(market.positions.insuranceMicroUsd >= 0, 'the fund must not owe anything');
    this.checks++;
  }

  private sample(timeMs: number): Sample {
    const { exchange, ledger } = this;
    const { market } = exchange;
    const { pricing, positions } = market;
    return {
      second: timeMs / SECOND_MS,
      indexTicks: pricing.index.ticks,
      markTicks: market.markTicks,
      isTrusted: pricing.index.isTrusted,
      fundMicroUsd: asMicroUsd(positions.insuranceMicroUsd),
      openInterestLots: positions.openInterestLots,
      liquidating: ledger.begun - ledger.ended,
      ...ledger.lots,
    };
  }
}
