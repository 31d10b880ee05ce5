/** The process that moves a mark, and waits for the first order of a liquidation in the book. */
import {
  F_QTY,
  headOf,
  SLOT_FLOATS,
  SLOT_WORDS,
  typeOf,
  W_ACCOUNT,
  W_FLAGS,
  W_HEAD,
  W_PRICE,
} from '../../engine/messages/layout.js';
import { MessageBuffer } from '../../engine/messages/message-buffer.js';
import {
  CMD_CREATE_ACCOUNT,
  CMD_DEPOSIT,
  CMD_ORACLE_PRICE,
  CMD_PLACE,
  EVT_ACCEPTED,
  SIDE_BUY,
  SIDE_SELL,
  TIF_GTC,
  TIF_IOC,
  TIF_SHIFT,
} from '../../engine/messages/types.js';
import { openInlineShard } from '../../main/exchange/inline-shard.js';
import type { ShardAccess } from '../../main/exchange/shard-access.js';
import { openThreadedShard } from '../../main/exchange/threaded-shard.js';
import { setUpShard } from '../book/core-setup.js';
import { openScratchShard } from '../shard/scratch-shard.js';
import { MARK_TICKS } from './population.js';

export interface LatencyTask {
  target: 'inline' | 'thread';
  threads: number;
  accounts: number;
  samples: number;
}

export interface LatencyFigures {
  /** From the price to the first order of a liquidation, milliseconds of each sample. */
  firstOrderMs: number[];
  /** Until everything is settled: all of them canceled, and asked for a slice once. */
  settledMs: number[];
  error?: string;
}

const MARKETS = 4;
const LOTS = 100;
/** One in so many accounts crosses the line. */
const ONE_IN = 100;
/** A lot is worth 13.1072 USD; all positions together. */
const NOTIONAL_MICRO_USD = MARKETS * LOTS * MARK_TICKS * 100;
/** Of the notional: who has so much in one market of four falls below 1 % when that falls by 6 %. */
const THIN = 0.022;
const DIP_TICKS = Math.round(MARK_TICKS * 0.94);
const MAKER = 1;
const WARM_UP = 5;
/** Longer than the pause between two steps of a liquidation. */
const RECOVERY_MS = 3_000;

process.once('message', (message) => {
  void run(message as LatencyTask)
    .catch((error: unknown) => ({ error: error instanceof Error ? error.stack : String(error) }))
    .then((figures) => process.send?.(figures, () => process.exit(0)));
});

async function run(task: LatencyTask): Promise<LatencyFigures> {
  const open = task.target === 'inline' ? openInlineShard : openThreadedShard;
  const settings = { clock: 'manual', startTimeMs: 1e12, sweepThreads: task.threads } as const;
  const { shard, close } = await openScratchShard(open, settings);
  const bench = new LatencyBench(shard, task);
  const figures = await bench.run();
  await close();
  return figures;
}

class LatencyBench {
  private readonly shard: ShardAccess;
  private readonly task: LatencyTask;
  private readonly out = new MessageBuffer(1024);
  private orders = 0;
  private heard: () => void = () => {};
  private nowMs = 1e12;

  constructor(shard: ShardAccess, task: LatencyTask) {
    this.shard = shard;
    this.task = task;
    shard.adminPort.onEvents(() => {});
    shard.gatewayPort.onEvents((words, _floats, firstWord) => {
      if (typeOf(words[firstWord + W_HEAD] as number) !== EVT_ACCEPTED) return;
      this.orders++;
      this.heard();
    });
  }

  async run(): Promise<LatencyFigures> {
    await this.setUp();
    const figures: LatencyFigures = { firstOrderMs: [], settledMs: [] };
    for (let sample = -WARM_UP; sample < this.task.samples; sample++) {
      const before = this.orders;
      const startMs = performance.now();
      const first = new Promise<number>((resolve) => {
        this.heard = () => {
          this.heard = () => {};
          resolve(performance.now() - startMs);
        };
      });
      await this.setPrice(DIP_TICKS);
      const firstMs = await first;
      await this.shard.settle();
      const settledMs = performance.now() - startMs;
      const expected = Math.floor(this.task.accounts / ONE_IN);
      const liquidated = this.orders - before;
      if (liquidated !== expected) {
        throw new Error(`${liquidated} orders of liquidations came instead of ${expected}`);
      }
      await this.setPrice(MARK_TICKS);
      await this.shard.settle();
      this.nowMs += RECOVERY_MS;
      await this.shard.advanceTo(this.nowMs, true);
      if (sample < 0) continue;
      figures.firstOrderMs.push(firstMs);
      figures.settledMs.push(settledMs);
    }
    return figures;
  }

  /** Everybody is long in four markets, bought from one maker. */
  private async setUp(): Promise<void> {
    const { accounts } = this.task;
    setUpShard(0, MARKETS, (write) => write(this.out));
    await this.sendAll('adminPort');
    await this.forEachAccount(accounts + 1, 'adminPort', () => {
      this.command(CMD_CREATE_ACCOUNT, 2, 0);
    });
    await this.forEachAccount(accounts + 1, 'adminPort', (account) => {
      const isThin = account % ONE_IN === 0;
      const slot = this.command(CMD_DEPOSIT, 1, 0);
      this.out.words[slot * SLOT_WORDS + W_ACCOUNT] = account;
      const microUsd = account === MAKER ? 1e15 : NOTIONAL_MICRO_USD * (isThin ? THIN : 1);
      this.out.floats[slot * SLOT_FLOATS + F_QTY] = Math.round(microUsd);
    });
    await this.shard.settle();
    for (let market = 1; market <= MARKETS; market++) {
      this.order(market, MAKER, SIDE_SELL | (TIF_GTC << TIF_SHIFT), accounts * LOTS);
    }
    await this.sendAll('gatewayPort');
    await this.forEachAccount(accounts + 1, 'gatewayPort', (account) => {
      if (account === MAKER) return;
      for (let market = 1; market <= MARKETS; market++) {
        this.order(market, account, SIDE_BUY | (TIF_IOC << TIF_SHIFT), LOTS);
      }
    });
    await this.shard.settle();
  }

  private async setPrice(ticks: number): Promise<void> {
    const slot = this.command(CMD_ORACLE_PRICE, 1, 1);
    this.out.words[slot * SLOT_WORDS + W_PRICE] = ticks;
    this.out.floats[slot * SLOT_FLOATS + F_QTY] = this.nowMs;
    await this.sendAll('adminPort');
  }

  private order(market: number, account: number, flags: number, lots: number): void {
    const slot = this.command(CMD_PLACE, 1, market);
    const w = slot * SLOT_WORDS;
    this.out.words[w + W_ACCOUNT] = account;
    this.out.words[w + W_FLAGS] = flags;
    this.out.words[w + W_PRICE] = MARK_TICKS;
    this.out.floats[slot * SLOT_FLOATS + F_QTY] = lots;
  }

  private command(type: number, slots: number, market: number): number {
    const slot = this.out.push(slots);
    this.out.words[slot * SLOT_WORDS + W_HEAD] = headOf(type, slots, market);
    return slot;
  }

  private async forEachAccount(
    last: number,
    port: 'adminPort' | 'gatewayPort',
    write: (account: number) => void,
  ): Promise<void> {
    for (let account = 1; account <= last; account++) {
      write(account);
      if (account % 64 === 0) await this.sendAll(port);
    }
    await this.sendAll(port);
  }

  private async sendAll(name: 'adminPort' | 'gatewayPort'): Promise<void> {
    const { out } = this;
    const port = this.shard[name];
    while (out.length > 0 && !port.trySendAll(out.words, 0, out.length)) {
      await new Promise(setImmediate);
    }
    out.reset();
    port.flush();
  }
}
