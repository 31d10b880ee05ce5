import { SLOT_WORDS } from '../../engine/messages/layout.js';
import { MessageBuffer } from '../../engine/messages/message-buffer.js';
import { CMD_DEPOSIT, CMD_ORACLE_PRICE, CMD_TIMER } from '../../engine/messages/types.js';
import type { ShardCore } from '../../engine/shard/shard-core.js';
import { createShardCore } from '../../main/compose.js';
import { type Wire, withSlots } from '../../sim/traffic/wire.js';
import { setUpShard } from '../book/core-setup.js';

export const MARKET = 1;
const START_MS = 1_767_225_600_000;

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

  constructor(accounts: number, microUsd?: number) {
    setUpShard(accounts, 1, (write) => this.apply(write), microUsd);
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
    return this.apply((messages) => {
      messages.push(wire.length / SLOT_WORDS);
      messages.words.set(wire);
      return 1;
    });
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

  /** One frame of the messages that `write` gives, with their number. */
  private apply(write: (messages: MessageBuffer) => number): number {
    const { core, messages, nowMs: timeMs } = this;
    messages.reset();
    const count = write(messages);
    core.events.reset();
    const beganMs = performance.now();
    core.applyFrame({ messages, firstSequence: core.sequence + 1, count, timeMs });
    return performance.now() - beganMs;
  }
}

/** `times`: milliseconds of each message. */
export function tookOf(times: readonly number[], count = times.length): Took {
  const ms = times.reduce((sum, time) => sum + time, 0);
  const msLongest = times.reduce((most, time) => Math.max(most, time), 0);
  return { count, nsEach: (ms * 1e6) / count, msLongest };
}
