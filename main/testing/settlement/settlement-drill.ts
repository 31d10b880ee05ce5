import { setTimeout as sleep } from 'node:timers/promises';
import { Xorshift } from '../../../engine/testing/xorshift.js';
import type { Layout } from '../../config/config.js';
import { ExchangeProcess } from '../exchange-process.js';
import { type DrillPlace, DrillTrader } from './drill-trader.js';
import { eventually } from './eventually.js';
import { commandsWith, type Part, partsOf } from './processes.js';
import { SettlingExchange } from './settling-exchange.js';
import { compareSides, type ThreeSides } from './three-sides.js';

export interface DrillOptions {
  folder: string;
  bus: 'nats' | 'embedded';
  layout: Layout;
  seed: number;
}

/** What may be killed. */
export type Victim = Part | 'exchange';

const TRADERS = 4;
const FILL_MICRO_USD = 10_000_000_000_000n;
const FIRST_DEPOSIT_MICRO_USD = 100_000_000_001n;
const PRICES = { 'BTC-PERP': '100000', 'ETH-PERP': '3500', 'SOL-PERP': '180' };
const WITHIN_MS = 300_000;
const ENDED_WITHIN_MS = 30_000;
/** Between two kills: from the first moments of what is started again to a while of work. */
const APART_MS_MAX = 3_000;
/** A start with all its processes takes longer: kills hit every moment of it. */
const START_MS_MAX = 4_000;
/** So many random orders around one price that some of them trade. */
const ORDERS_AFTER_KILLS = 200;

/**
 * Kills what belongs to the settlement under load at random moments, lets it come back by itself, and compares everything that everybody
 * knows: engine, ledger, chain, and the wallets.
 */
export class SettlementDrill {
  readonly killed = new Map<Victim, number>();
  killedStarts = 0;
  private readonly options: DrillOptions;
  private readonly random: Xorshift;
  private readonly place: DrillPlace;
  private readonly traders: DrillTrader[];
  private load: Promise<unknown> = Promise.resolve();

  static async start(options: DrillOptions): Promise<SettlementDrill> {
    const exchange = await begin(options);
    const place = { exchange, facts: await exchange.facts(), isPaused: true };
    const drill = new SettlementDrill(options, place);
    await drill.prepare();
    return drill;
  }

  private constructor(options: DrillOptions, place: DrillPlace) {
    this.options = options;
    this.place = place;
    this.random = new Xorshift(options.seed);
    this.traders = Array.from({ length: TRADERS }, (_, i) => {
      return new DrillTrader(place, new Xorshift(options.seed + i + 1));
    });
  }

  get orders(): number {
    return this.sum(({ orders }) => orders);
  }

  get deposits(): number {
    return this.sum(({ deposits }) => deposits);
  }

  get withdrawals(): number {
    return this.sum(({ withdrawals }) => withdrawals);
  }

  /** Loads, kills one after the other, and goes on until it trades again. */
  async round(kills: number): Promise<void> {
    this.place.isPaused = false;
    this.load = Promise.all(this.traders.map((trader) => trader.run()));
    // Told when it is waited for.
    this.load.catch(() => {});
    for (let i = 0; i < kills; i++) {
      // Sometimes two at once.
      if (this.random.below(4) > 0) await sleep(this.random.below(APART_MS_MAX));
      await this.kill();
    }
    const before = this.orders;
    await sleep(this.random.below(APART_MS_MAX));
    // On a slow machine the exchange may hardly be there again by now.
    await eventually('orders after the last kill', () => this.hasOrdered(before), WITHIN_MS);
  }

  /** Ends the load, and waits until everybody says the same. */
  async check(): Promise<ThreeSides> {
    this.place.isPaused = true;
    await this.load;
    return eventually(
      'engine = ledger = chain',
      async () => {
        const { exchange } = this.place;
        const sides = await compareSides(exchange.dataDir, await exchange.factsNow());
        const found = [...sides.differences, ...(await this.wrongWallets(sides))];
        if (found.length === 0) return sides;
        throw new Error(found.join('\n'));
      },
      WITHIN_MS,
    );
  }

  /** Gives the exit code, and what is still running then. */
  async finish(): Promise<{ code: number | null; left: string[] }> {
    const code = await this.place.exchange.process.stop();
    const left = () => commandsWith(this.options.folder);
    // What was let go ends by itself, later when the machine has paused it.
    await eventually('the end of all', () => (left().length === 0 ? true : null), ENDED_WITHIN_MS)
      // What is left is told by name.
      .catch(() => {});
    return { code, left: left() };
  }

  /** For the end of a test that has failed. */
  async abandon(): Promise<void> {
    this.place.isPaused = true;
    await this.place.exchange.process.kill();
  }

  private hasOrdered(before: number): true | null {
    return this.orders >= before + ORDERS_AFTER_KILLS ? true : null;
  }

  private async prepare(): Promise<void> {
    const { exchange } = this.place;
    await exchange.setPrices(PRICES);
    for (const trader of this.traders) {
      const publicKey = trader.wallet.owner;
      const made = await exchange.process.admin<{ accountId: number }>('POST', 'accounts', {
        publicKey,
      });
      trader.accountId = made.accountId;
      await trader.wallet.fill(exchange, FILL_MICRO_USD);
      await eventually('a row on chain', () => this.hasRow(trader), WITHIN_MS);
      await trader.deposit(FIRST_DEPOSIT_MICRO_USD);
    }
    await this.check();
  }

  private async hasRow({ wallet }: DrillTrader): Promise<true | null> {
    const { body } = await this.place.exchange.custody('GET', `/v1/accounts/${wallet.owner}`);
    return body.data?.[0]?.isOnChain === true ? true : null;
  }

  private async kill(): Promise<void> {
    const { pid } = this.place.exchange.process;
    const there = partsOf(pid);
    const victim = this.random.pick<Victim>(['exchange', ...there.keys()]);
    this.killed.set(victim, (this.killed.get(victim) ?? 0) + 1);
    if (victim === 'exchange') await this.killExchange();
    else endAtOnce(there.get(victim) as number);
  }

  /** What it has started ends by itself, while the next one starts already, which may not live long either. */
  private async killExchange(): Promise<void> {
    await this.place.exchange.process.kill();
    while (this.random.below(3) === 0) {
      const args = SettlingExchange.argsFor(this.options.folder, ...layoutOf(this.options));
      await ExchangeProcess.startAndKill(args, this.random.below(START_MS_MAX));
      this.killedStarts++;
    }
    this.place.exchange = await begin(this.options);
  }

  /** Tokens that are in each wallet, and what its row has seen, against what its owner has done. */
  private async wrongWallets({ rows }: ThreeSides): Promise<string[]> {
    const found: string[] = [];
    for (const { wallet, accountId, depositedMicroUsd, withdrawnMicroUsd } of this.traders) {
      const row = rows.get(accountId);
      const expectEqual = (what: string, is: bigint | undefined, must: bigint) => {
        if (is !== must) found.push(`${what} of account ${accountId}: ${is} instead of ${must}`);
      };
      expectEqual('deposits', row?.depositedMicroUsd, depositedMicroUsd);
      expectEqual('withdrawals', row?.withdrawnMicroUsd, withdrawnMicroUsd);
      const left = FILL_MICRO_USD - depositedMicroUsd + withdrawnMicroUsd;
      expectEqual('wallet', await wallet.tokens(this.place.facts), left);
    }
    return found;
  }

  private sum(of: (trader: DrillTrader) => number): number {
    return this.traders.reduce((sum, trader) => sum + of(trader), 0);
  }
}

function begin(options: DrillOptions): Promise<SettlingExchange> {
  const { folder, bus } = options;
  return SettlingExchange.start(folder, { bus, hasFunding: true }, ...layoutOf(options));
}

function layoutOf({ layout }: DrillOptions): string[] {
  return ['--layout', layout];
}

/** It may have come to its end by itself a moment ago. */
function endAtOnce(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
  }
}
