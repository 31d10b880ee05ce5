import { setImmediate as nextTurn } from 'node:timers/promises';
import { assert } from '../../engine/assert.js';
import { Kernel } from '../../engine/kernel/host/kernel.js';
import { R_ENTRY_VALUE, R_POSITION } from '../../engine/kernel/layout.js';
import { type MarketParams, writeMarketParams } from '../../engine/market/market-params.js';
import { MARKET_STATE } from '../../engine/market/market-state.js';
import { F_QTY, SLOT_WORDS, W_SESSION } from '../../engine/messages/layout.js';
import { MessageBuffer } from '../../engine/messages/message-buffer.js';
import * as type from '../../engine/messages/types.js';
import { compiledModule, kernelFrom } from '../../engine/runtime/kernel-file.js';
import { ShardCore } from '../../engine/shard/shard-core.js';
import { readEvents } from '../../engine/testing/events.js';
import { Xorshift } from '../../engine/testing/xorshift.js';
import { asMicroUsd, asPpm, asPriceTicks, asQtyLots } from '../../engine/units/units.js';
import { command, type Fields, type Wire, withSlots } from '../../sim/traffic/wire.js';
import { MarginActor } from '../margin/margin-actor.js';
import { javascriptRiskKernel } from '../margin/risk-kernel.js';
import { SweepPool } from './sweep-pool.js';
import { type AccountSweep, Sweeper } from './sweeper.js';

const KERNEL_FILE = new URL('../kernel/kernel.wasm', import.meta.url);
const PORT = 3;
const MARKETS = [1, 2, 3, 4];
const MARK = 1000;
/** They quote both sides of every market and are never short of money. */
const MAKERS = [1, 2];
const MICRO_PER_USD = 1_000_000;
const PPM = 1_000_000n;

/** One tick·lot is a cent; maintenance margin 5 %. */
const PARAMS: MarketParams = {
  symbol: 'X-PERP',
  tickMantissa: 1,
  tickDecimals: 1,
  lotMantissa: 1,
  lotDecimals: 1,
  microUsdPerTickLotNumerator: 10_000,
  microUsdPerTickLotDenominator: 1,
  priceTicksMax: asPriceTicks(100_000),
  qtyLotsMax: asQtyLots(100_000),
  minNotionalMicroUsd: asMicroUsd(0),
  priceBandPpm: asPpm(500_000),
  initialMarginPpm: asPpm(60_000),
  maintenanceMarginPpm: asPpm(50_000),
  openOrdersMax: 200,
};

export interface RaceOptions {
  seed: number;
  /** Sweeps of all accounts that have to be complete. */
  rounds: number;
  threads: number;
  accounts: number;
  /** So many threads are killed in the middle of a round, each when those before are replaced; left out: none. */
  kills?: number;
}

export interface RaceResult {
  rounds: number;
  frames: number;
  proposed: number;
  /** Candidates that were sound when the shard looked. */
  refused: number;
  liquidated: number;
  /** Complete rounds in which nothing that margin rests on had changed, after which everybody was looked at. */
  proven: number;
  /** Accounts that threads have looked at once more, because they were written during a sweep. */
  sweptAgain: number;
  killed: number;
  failures: number;
}

/**
 * A shard that writes as fast as it can, and threads that sweep it meanwhile: makers quote, traders open and close positions with all
 * they have, money comes and goes, marks move, accounts are created. At each candidate its margin is taken anew in bigint; at
 * the end of each round everybody is asked.
 */
export class SweepRace {
  private readonly options: RaceOptions;
  private readonly random: Xorshift;
  private readonly core = createCore();
  private readonly home = this.core.home as MarginActor;
  private readonly pool: SweepPool;
  private readonly sweeper: Sweeper;
  private readonly marks = new Map<number, number>();
  private nowMs = 1_000;
  /** Of the round under way, when it began. */
  private sweptChanges = -1;
  /** The last look has found its sweep to be done. */
  private hasEnded = false;
  private readonly result: RaceResult = {
    rounds: 0,
    frames: 0,
    proposed: 0,
    refused: 0,
    liquidated: 0,
    proven: 0,
    sweptAgain: 0,
    killed: 0,
    failures: 0,
  };

  constructor(options: RaceOptions) {
    this.options = options;
    this.random = new Xorshift(options.seed);
    this.pool = new SweepPool({
      kernel: this.home.state.kernel,
      module: compiledModule(KERNEL_FILE),
      threads: options.threads,
      rangeAccounts: 16,
      againMin: 3,
      onWork: () => {},
      onFailure: () => {
        this.result.failures++;
      },
    });
    const { pool, home } = this;
    const watched: AccountSweep = {
      begin: (last) => {
        this.sweptChanges = home.termsChanges;
        pool.begin(last);
      },
      poll: (found) => {
        this.hasEnded = pool.poll(found);
        return this.hasEnded;
      },
      again: (accounts) => {
        const taken = pool.again(accounts);
        if (taken > 0) this.hasEnded = false;
        this.result.sweptAgain += taken;
        return taken;
      },
    };
    this.sweeper = new Sweeper(home, watched, PORT);
    this.open();
  }

  async run(): Promise<RaceResult> {
    const { sweeper, result, options } = this;
    const { rounds, threads, kills = 0 } = options;
    while (this.pool.serving < threads) await nextTurn();
    sweeper.start();
    for (let turn = 0; sweeper.rounds < rounds || result.killed < kills; turn++) {
      this.write();
      if (sweeper.idle) sweeper.demand();
      this.look();
      if (turn % 64 === 0) await nextTurn();
      const isDue = result.killed < kills && sweeper.isSweeping;
      if (isDue && this.pool.serving === threads) {
        await this.random.pick(this.pool.threads).terminate();
        result.killed++;
      }
    }
    await this.pool.close();
    this.core.check();
    result.rounds = sweeper.rounds;
    return { ...result };
  }

  /** One look of the sweeper, as a host gives it between two frames; then what it says goes into the shard. */
  private look(): void {
    const { sweeper, home } = this;
    this.hasEnded = false;
    sweeper.look();
    this.takeCandidates();
    if (!this.hasEnded || this.sweptChanges !== home.termsChanges) return;
    this.result.proven++;
    for (let account = 1; account <= home.lastAccount; account++) {
      assert(!home.isCandidate(account), `account ${account} was missed by a sweep`);
    }
  }

  private takeCandidates(): void {
    const { input, output } = this.sweeper.hostPort;
    for (let at = input.next(); at >= 0; at = input.next()) {
      const wire = input.words.slice(at, at + input.slots * SLOT_WORDS);
      // The host writes the port's number into it.
      wire[W_SESSION] = PORT << 24;
      this.judge(wire);
      output.write(this.core.events, 0);
      input.advance();
    }
    input.release();
  }

  /** Exactly those candidates are liquidated that are below their margin now. */
  private judge(wire: Wire): void {
    const { accounts } = this.home.state;
    const count = new Float64Array(wire.buffer)[F_QTY] as number;
    const ids = Array.from(wire.subarray(SLOT_WORDS, SLOT_WORDS + count));
    const expected = ids.filter((id) => !accounts.isLiquidating(id) && this.isBelow(id));
    this.send(wire);
    const begun = readEvents(this.core.events)
      .filter((event) => event.type === type.EVT_LIQUIDATION)
      .filter((event) => event.flags === type.LIQUIDATION_BEGUN)
      .map((event) => event.account);
    const distinct = [...new Set(expected)];
    assert(`${begun}` === `${distinct}`, `of ${ids} are below ${distinct}, liquidated ${begun}`);
    this.result.proposed += ids.length;
    this.result.liquidated += begun.length;
    this.result.refused += ids.length - begun.length;
  }

  /** Equity < Σ maintenance margin, from the rows, exactly. */
  private isBelow(account: number): boolean {
    const { accounts, kernel, markets } = this.home.state;
    let left = BigInt(accounts.collateral(account));
    let held = false;
    for (const market of markets.all) {
      const row = market.rows.at(account);
      const position = BigInt(kernel.float(row + R_POSITION));
      if (position === 0n) continue;
      held = true;
      const mark = BigInt(market.markTicks);
      const unit = BigInt(PARAMS.microUsdPerTickLotNumerator);
      left += (position * mark - BigInt(kernel.float(row + R_ENTRY_VALUE))) * unit;
      const size = position < 0n ? -position : position;
      const margin = size * mark * unit * BigInt(PARAMS.maintenanceMarginPpm);
      left -= (margin + PPM - 1n) / PPM;
    }
    return held && left < 0n;
  }

  private open(): void {
    for (const marketId of MARKETS) {
      const list = withSlots(type.CMD_LIST_MARKET, 3, { marketId });
      const symbol = `X${marketId}-PERP`;
      writeMarketParams(list, new Float64Array(list.buffer), SLOT_WORDS, { ...PARAMS, symbol });
      this.send(list);
      const fields = { marketId, flags: MARKET_STATE.open };
      this.send(withSlots(type.CMD_SET_MARKET_STATE, 1, fields));
      this.setMark(marketId, MARK);
    }
    for (let account = 1; account <= this.options.accounts; account++) this.createAccount();
  }

  private createAccount(): void {
    this.send(withSlots(type.CMD_CREATE_ACCOUNT, 2, {}));
    const account = this.home.lastAccount;
    const usd = MAKERS.includes(account) ? 1_000_000_000 : this.random.between(50, 500);
    this.deposit(account, usd);
  }

  private deposit(account: number, usd: number): void {
    this.send(withSlots(type.CMD_DEPOSIT, 1, { account, qty: usd * MICRO_PER_USD }));
  }

  private setMark(marketId: number, price: number): void {
    this.marks.set(marketId, price);
    this.send(withSlots(type.CMD_ORACLE_PRICE, 1, { marketId, price, qty: this.nowMs }));
  }

  /** Something of everything that writes what a sweep reads. */
  private write(): void {
    const { random } = this;
    this.nowMs += random.below(3);
    const marketId = random.pick(MARKETS);
    const account = random.between(3, this.home.lastAccount);
    const dice = random.below(100);
    if (dice < 60) this.trade(marketId, account);
    else if (dice < 75) this.deposit(account, random.between(1, 200));
    else if (dice < 85) {
      const qty = random.between(1, 100) * MICRO_PER_USD;
      this.send(withSlots(type.CMD_WITHDRAW, 1, { account, qty }));
    } else if (dice < 90) {
      // In every other round the marks stand still: what it has missed then nobody will find.
      if (this.sweeper.rounds % 2 === 1) return;
      const mark = this.marks.get(marketId) as number;
      const next = Math.min(1300, Math.max(700, mark + random.between(-25, 25)));
      this.setMark(marketId, next);
    } else if (dice < 91) {
      if (this.home.lastAccount < this.options.accounts * 3) this.createAccount();
    } else if (this.core.nextTimerMs() <= this.nowMs) {
      this.send(withSlots(type.CMD_TIMER, 1, {}));
    }
  }

  /** A maker quotes at the mark, a trader takes, up to all it can bear. */
  private trade(marketId: number, account: number): void {
    const { random } = this;
    const price = this.marks.get(marketId) as number;
    const maker = random.pick(MAKERS);
    const buys = random.chance(50);
    const qty = random.between(1, 900);
    const side = (isBuy: boolean) => (isBuy ? type.SIDE_BUY : type.SIDE_SELL);
    this.place({ marketId, account: maker, price, qty, flags: side(!buys) });
    const flags = side(buys) | (type.TIF_IOC << type.TIF_SHIFT);
    this.place({ marketId, account, price, qty, flags });
    const all = type.FLAG_MASS_BIDS | type.FLAG_MASS_ASKS;
    if (random.chance(20)) {
      this.send(command(type.CMD_MASS_CANCEL, { marketId, account: maker, flags: all }));
    }
  }

  private place(fields: Fields): void {
    this.send(command(type.CMD_PLACE, fields));
  }

  private send(wire: Wire): void {
    const { core } = this;
    const messages = new MessageBuffer(8);
    messages.push(wire.length / SLOT_WORDS);
    messages.words.set(wire);
    core.events.reset();
    const firstSequence = core.sequence + 1;
    core.applyFrame({ messages, firstSequence, count: 1, timeMs: this.nowMs });
    this.sweeper?.note(core.events);
    this.result.frames++;
  }
}

export function race(options: RaceOptions): Promise<RaceResult> {
  return new SweepRace(options).run();
}

function createCore(): ShardCore {
  return new ShardCore(
    (inbox, events, fees, kernel) => new MarginActor(inbox, events, fees, kernel, false),
    undefined,
    undefined,
    new Kernel(kernelFrom(KERNEL_FILE, javascriptRiskKernel)),
  );
}
