import { writeMarketParams } from '../../engine/market/market-params.js';
import { MARKET_STATE } from '../../engine/market/market-state.js';
import { SLOT_WORDS } from '../../engine/messages/layout.js';
import { MessageBuffer } from '../../engine/messages/message-buffer.js';
import {
  CMD_CREATE_ACCOUNT,
  CMD_DEPOSIT,
  CMD_LIST_MARKET,
  CMD_ORACLE_PRICE,
  CMD_SET_MARKET_STATE,
  CMD_TIMER,
} from '../../engine/messages/types.js';
import type { ShardCore } from '../../engine/shard/shard-core.js';
import { createShardCore } from '../../main/compose.js';
import { type Wire, withSlots } from '../../sim/traffic/wire.js';
import { benchMarketParams } from '../book/core-setup.js';

export const MARKET = 1;
export const MARK_TICKS = 100_000;
const START_MS = 1_767_225_600_000;
const RICH_MICRO_USD = 1e13;

/** What the messages of one operation took. */
export interface Took {
  count: number;
  nsEach: number;
  /** The longest single message, in which nobody else is served. */
  msLongest: number;
}

/** A shard with one market, to which messages are given one in a frame, each timed. */
export class CrowdShard {
  readonly core: ShardCore = createShardCore();
  nowMs = START_MS;
  private readonly messages = new MessageBuffer(8);

  constructor(accounts: number, microUsd = RICH_MICRO_USD) {
    const list = withSlots(CMD_LIST_MARKET, 3, { marketId: MARKET });
    const params = { ...benchMarketParams('CROWD'), openOrdersMax: 2_000 };
    writeMarketParams(list, new Float64Array(list.buffer), SLOT_WORDS, params);
    this.send(list);
    const flags = MARKET_STATE.open;
    this.send(withSlots(CMD_SET_MARKET_STATE, 1, { marketId: MARKET, flags }));
    this.price(MARK_TICKS);
    for (let account = 1; account <= accounts; account++) {
      this.send(withSlots(CMD_CREATE_ACCOUNT, 2, {}));
      this.deposit(account, microUsd);
    }
  }

  deposit(account: number, microUsd: number): void {
    this.send(withSlots(CMD_DEPOSIT, 1, { account, qty: microUsd }));
  }

  /** Of the index, which is the mark. */
  price(ticks: number): number {
    this.nowMs += 50;
    const fields = { marketId: MARKET, price: ticks, qty: this.nowMs };
    return this.send(withSlots(CMD_ORACLE_PRICE, 1, fields));
  }

  /** Returns the milliseconds that it took. */
  send(wire: Wire): number {
    const { core, messages } = this;
    messages.reset();
    messages.push(wire.length / SLOT_WORDS);
    messages.words.set(wire);
    core.events.reset();
    const frame = { messages, firstSequence: core.sequence + 1, count: 1, timeMs: this.nowMs };
    const beganMs = performance.now();
    core.applyFrame(frame);
    return performance.now() - beganMs;
  }

  /** All messages of an operation, which together do something `count` times. */
  measure(wires: readonly Wire[], count = wires.length): Took {
    return tookOf(
      wires.map((wire) => this.send(wire)),
      count,
    );
  }

  /** Timers until nothing is due any more `laterMs` from now; the milliseconds of each. */
  timers(laterMs: number): number[] {
    this.nowMs += laterMs;
    const times: number[] = [];
    while (this.core.nextTimerMs() <= this.nowMs) {
      times.push(this.send(withSlots(CMD_TIMER, 1, {})));
    }
    return times;
  }
}

/** `times`: milliseconds of each message. */
export function tookOf(times: readonly number[], count = times.length): Took {
  const ms = times.reduce((sum, time) => sum + time, 0);
  const msLongest = times.reduce((most, time) => Math.max(most, time), 0);
  return { count, nsEach: (ms * 1e6) / count, msLongest };
}
