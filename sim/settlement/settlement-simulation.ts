import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { assert } from '../../engine/assert.js';
import { ManualClock } from '../../engine/runtime/clock.js';
import { Xorshift } from '../../engine/testing/xorshift.js';
import {
  COMMIT_ADDRESS_BYTES_MAX,
  COMPUTE_UNITS_MAX,
} from '../../settlement/program/batch-cost.js';
import type { ExchangeMoney } from '../../settlement/service/exchange-door.js';
import { LedgerBook } from '../../settlement/service/ledger-book.js';
import type { FaultName } from '../faults.js';
import { passingMs } from '../passing-time.js';
import { BusClient } from './bus-client.js';
import { Calls, drained } from './calls.js';
import { ChainUsers } from './chain-users.js';
import { GentleTraffic } from './gentle-traffic.js';
import { OutboxNode } from './outbox-node.js';
import { checkAlways, checkAtRest, openTransfers } from './settlement-checks.js';
import { SettlementNode } from './settlement-node.js';
import { SimulatedBus } from './simulated-bus.js';
import { SimulatedChain } from './simulated-chain.js';
import { SimulatedChainDoor } from './simulated-chain-door.js';
import { SimulatedExchange } from './simulated-exchange.js';

export interface SettlementResult {
  batches: number;
  /** Of the last batch. */
  hash: string;
  counts: Record<string, number>;
}

const START_MS = 1_767_225_600_000;
const OPERATOR = 'operator';
const OUTBOX = 'outbox';
const SETTLEMENT = 'settlement';
const CHECK_EVERY = 25;
const REST_ROUNDS_MAX = 6_000;

/**
 * From the fill to the chain: an exchange with its journal, the product's outbox, ledger and rounds of settlement, over a bus and a chain
 * that do everything that the interfaces allow. Each process is killed at any step; power fails for exchange, outbox and bus together.
 */
export class SettlementSimulation {
  step = 0;
  private readonly steps: number;
  private readonly faults: ReadonlySet<FaultName>;
  private readonly random: Xorshift;
  private readonly clock = new ManualClock(START_MS);
  /** The exchange's: it stands still while all comes to rest, so that nothing new happens there by itself. */
  private readonly exchangeClock = new ManualClock(START_MS);
  private readonly dataDir: string;
  private readonly calls: Calls;
  private readonly bus: SimulatedBus;
  private readonly chain: SimulatedChain;
  private readonly exchange: SimulatedExchange;
  private readonly outbox: OutboxNode;
  private readonly traffic: GentleTraffic;
  private readonly users: ChainUsers;
  private settlement: SettlementNode;
  private readonly doorRandom: Xorshift;
  private readonly readsConfirmed: boolean;
  private readonly counts = {
    commands: 0,
    exchangeKills: 0,
    powerFailures: 0,
    busPowerFailures: 0,
    outboxKills: 0,
    settlementKills: 0,
    requestsLost: 0,
    answersLost: 0,
    loopTroubles: 0,
    batchesSentAgain: 0,
  };
  private lastSettled = 0;

  constructor(seed: number, steps: number, faults: ReadonlySet<FaultName>) {
    this.steps = steps;
    this.faults = faults;
    const stream = (n: number) => new Xorshift(seed * 16 + 100_000_007 * n);
    this.random = stream(1);
    this.calls = new Calls(stream(2));
    this.bus = new SimulatedBus(stream(3), faults.has('bus'));
    this.chain = new SimulatedChain(stream(4), faults.has('chain'), START_MS);
    this.doorRandom = stream(5);
    this.dataDir = fs.mkdtempSync(path.join(scratchParent(), 'plimsoll-sim-'));
    this.exchange = new SimulatedExchange(this.dataDir, stream(6).next(), this.exchangeClock);
    this.traffic = new GentleTraffic(stream(7), this.exchange.knowledge);
    this.users = new ChainUsers(stream(8), this.chain);
    this.readsConfirmed = this.random.chance(50);
    const client = new BusClient(this.bus, this.calls, OUTBOX);
    const packItemsMax = this.random.pick([1, 4, 16, 2_048]);
    this.outbox = new OutboxNode({ dataDir: this.dataDir, client, packItemsMax });
    this.settlement = this.newSettlement();
  }

  async run(): Promise<SettlementResult> {
    try {
      this.exchange.start();
      this.traffic.open(this.exchangeClock.nowMs());
      for (this.step = 1; this.step <= this.steps; this.step++) await this.takeStep();
      await this.comeToRest();
      return this.result();
    } finally {
      this.settlement.die();
      this.outbox.die();
      fs.rmSync(this.dataDir, { recursive: true, force: true });
    }
  }

  private async takeStep(): Promise<void> {
    const { random } = this;
    const passed = passingMs(random);
    this.pass(passed);
    this.exchangeClock.set(this.clock.nowMs());
    for (let i = random.below(5); i > 0; i--) this.trade();
    if (random.chance(5)) this.users.deposit();
    if (random.chance(5)) this.users.withdraw(this.settlement.ledger, this.clock.nowMs());
    if (this.exchange.step()) this.restartExchange('none');
    await this.moveOn(random.between(1, 5));
    if (random.chance(2)) await this.exchange.node.snapshot();
    this.strike();
    if (this.step % CHECK_EVERY === 0) checkAlways(this.settlement.ledger, this.chain.finalized);
  }

  private trade(): void {
    const wire = this.traffic.next(this.exchangeClock.nowMs());
    if (wire !== null && this.exchange.send(wire)) this.counts.commands++;
  }

  /** Everybody but the exchange does something. */
  private async moveOn(calls: number): Promise<void> {
    const { random, exchange, clock } = this;
    exchange.node.disk.show();
    this.outbox.step(exchange.durableSequence, clock.nowMs());
    await drained();
    this.bus.step(clock.nowMs());
    await drained();
    if (random.chance(60)) this.settlement.takeIn();
    for (const loop of this.settlement.loops) if (random.chance(35)) this.settlement.begin(loop);
    await drained();
    for (let i = calls; i > 0 && this.calls.endOne(); i--) await drained();
    this.chain.step(clock.nowMs());
    this.count();
  }

  private count(): void {
    const { counts, settlement } = this;
    if (settlement.troubles.size > 0) counts.loopTroubles++;
    const settled = settlement.ledger.batches.lastSettledSequence();
    // A fork has taken back what the ledger was told of.
    if (settled < this.lastSettled) counts.batchesSentAgain++;
    this.lastSettled = settled;
  }

  private strike(): void {
    const { random, faults } = this;
    const dice = random.below(1_000);
    const may = (fault: FaultName) => faults.has(fault);
    if (dice < 6 && may('kill')) this.restartExchange('none');
    else if (dice < 10 && may('kill')) {
      this.exchange.node.disk.bytesUntilDeath = random.between(1, 1_500);
    } else if (dice < 16 && may('power')) this.restartExchange(random.pick(['tail', 'sectors']));
    else if (dice < 20 && may('power')) this.restartBus();
    else if (dice < 30 && may('kill')) this.killOutbox();
    else if (dice < 47 && may('kill')) this.killSettlement();
  }

  /** The outbox is a thread of the exchange. In a power failure the bus's server, on the same machine, loses what it has not synced. */
  private restartExchange(loss: 'none' | 'tail' | 'sectors'): void {
    if (loss === 'none') this.counts.exchangeKills++;
    else this.counts.powerFailures++;
    this.killOutbox();
    if (loss !== 'none') this.bus.powerFails();
    this.exchange.restart(loss);
  }

  /** Its server is on another machine. */
  private restartBus(): void {
    this.counts.busPowerFailures++;
    this.bus.powerFails();
  }

  private killOutbox(): void {
    this.counts.outboxKills++;
    this.calls.died(OUTBOX);
    this.bus.publisherDied();
    this.outbox.die();
  }

  private killSettlement(): void {
    this.counts.settlementKills++;
    this.settlement.die();
    this.calls.died(SETTLEMENT);
    this.settlement = this.newSettlement();
  }

  private newSettlement(): SettlementNode {
    const { dataDir, bus, calls, chain, clock, doorRandom, readsConfirmed } = this;
    const below = (limit: number) => doorRandom.below(limit);
    return new SettlementNode({
      dataDir,
      bus,
      exchange: this.moneyDoor(),
      operator: OPERATOR,
      now: () => clock.nowMs(),
      limits: {
        itemsMax: this.random.between(2, 200),
        entriesMax: this.random.between(4, 60),
        bytesMax: 10_000,
        pagesMax: 12,
        rowsPerPage: 1_024,
        addressBytesMax: COMMIT_ADDRESS_BYTES_MAX,
        computeUnitsMax: COMPUTE_UNITS_MAX,
        notionalMicroUsdMax: 1e14,
        marketNotionalMicroUsdMax: 5e13,
      },
      doorOf: (ledger) => {
        const book = new LedgerBook(ledger.transactions);
        const common = { chain, calls, owner: SETTLEMENT, operator: OPERATOR };
        return new SimulatedChainDoor({ ...common, book, readsConfirmed, below });
      },
    });
  }

  /** Over the exchange's admin API, whose requests and answers may be lost. */
  private moneyDoor(): ExchangeMoney {
    const { calls, exchange } = this;
    const life = this.counts.settlementKills;
    const ask = async (...request: Parameters<SimulatedExchange['move']>): Promise<void> => {
      await calls.call(SETTLEMENT, () => this.lose('requestsLost'));
      let answer: Promise<void> = Promise.resolve();
      await calls.call(SETTLEMENT, () => {
        answer = exchange.move(...request);
        answer.catch(() => {});
      });
      await answer;
      // Nobody is there any more to hear it.
      if (life !== this.counts.settlementKills) return new Promise<void>(() => {});
      await calls.call(SETTLEMENT, () => this.lose('answersLost'));
    };
    return {
      deposit: (account, microUsd, key) => ask('deposit', account, microUsd, key),
      withdraw: (account, microUsd, key) => ask('withdraw', account, microUsd, key),
    };
  }

  private lose(what: 'requestsLost' | 'answersLost'): void {
    if (!this.faults.has('door') || !this.doorRandom.chance(6)) return;
    this.counts[what]++;
    throw new Error('lost on the way to the exchange or back');
  }

  private pass(ms: number): void {
    this.clock.set(this.clock.nowMs() + ms);
  }

  /** No more traffic and no more faults of bus and chain; then everything has to arrive. */
  private async comeToRest(): Promise<void> {
    this.bus.hasFaults = false;
    this.chain.hasFaults = false;
    this.exchange.node.disk.bytesUntilDeath = Number.POSITIVE_INFINITY;
    for (let round = 0; ; round++) {
      assert(round < REST_ROUNDS_MAX, `it does not come to rest: ${this.whatIsOpen()}`);
      this.pass(round % 10 === 0 ? 5_000 : 50);
      this.exchange.comeToRest();
      await this.moveOn(40);
      if (this.whatIsOpen() === '' && round % 5 === 0) break;
    }
    this.exchange.shard.check();
    const { settlement, chain, exchange, bus } = this;
    checkAtRest(settlement.ledger, chain.finalized, exchange.shard, bus);
  }

  /** In words; empty when nothing is. */
  private whatIsOpen(): string {
    const { ledger } = this.settlement;
    const open = ledger.withdrawals.open(1_000).map(({ id, state }) => `withdrawal ${id} ${state}`);
    const transfers = openTransfers(ledger, this.chain.finalized);
    const { troubles } = this.settlement;
    const unsettled = ledger.batches.unsettled(1).length > 0;
    const rests: [boolean, string][] = [
      [this.outbox.isAt(this.exchange.shard.sequence), 'the outbox'],
      [this.bus.isQuiet, 'the bus'],
      [ledger.waiting().sinceMs === null, 'items wait'],
      [!unsettled, 'batches'],
      [ledger.batches.lastSettledSequence() === this.chain.finalized.lastSequence, 'the chain'],
      [ledger.deposits.open(1).length === 0, 'deposits'],
      [String(this.chain.finalized.deposits.length) === (ledger.deposits.cursor() ?? '0'), 'scan'],
      [ledger.cash.unlinkedItems(1).length === 0, 'operators’ money'],
      [ledger.cash.unpaidFundings(1).length === 0, 'fundings'],
      [ledger.catalogue.accountsWithoutRow(1).length === 0, 'rows'],
      [transfers.length === 0, transfers.join(', ')],
      [open.length === 0, open.join(', ')],
    ];
    const left = rests.filter(([isDone]) => !isDone).map(([, what]) => what);
    if (left.length === 0) return '';
    return [...left, ...[...troubles].map(([loop, said]) => `${loop}: ${said}`)].join('; ');
  }

  private result(): SettlementResult {
    const { ledger } = this.settlement;
    const { lastSequence, lastHash } = this.chain.finalized;
    const { deposits, withdrawals } = ledger.status();
    const states = (from: Record<string, number>, name: string) =>
      Object.fromEntries(Object.entries(from).map(([state, n]) => [`${name}:${state}`, n]));
    return {
      batches: lastSequence,
      hash: Buffer.from(lastHash).toString('hex'),
      counts: {
        ...this.counts,
        fills: this.exchange.knowledge.counts.fills,
        transfers: ledger.transfers.doneCount(),
        batches: lastSequence,
        ...this.outbox.counts,
        ...this.bus.counts,
        ...this.chain.counts,
        ...this.traffic.counts,
        ...this.users.counts,
        ...states(deposits, 'deposits'),
        ...states(withdrawals, 'withdrawals'),
      },
    };
  }
}

/** In memory where the system offers that: the ledger syncs thousands of times. */
function scratchParent(): string {
  return fs.existsSync('/dev/shm') ? '/dev/shm' : os.tmpdir();
}
