import type { MarketParams } from '../../engine/market/market-params.js';
import { copyWords } from '../../engine/messages/copy-words.js';
import * as layout from '../../engine/messages/layout.js';
import { MessageBuffer } from '../../engine/messages/message-buffer.js';
import * as types from '../../engine/messages/types.js';
import type { Shard } from '../../engine/shard/shard.js';
import type { EventConsumer, ShardPort } from '../../engine/shard/shard-port.js';
import { EventWriter } from './event-writer.js';
import { BTC } from './test-market.js';

/** A real shard in the caller's thread, without a journal: what was sent is applied at `flush`. */
export class CorePort implements ShardPort {
  readonly portId = 1;
  timeMs = 1_767_225_600_000;
  private readonly shard: Shard;
  private readonly inbox = new MessageBuffer();
  private readonly writer = new EventWriter();
  private count = 0;
  private consumer: EventConsumer = () => {};

  constructor(shard: Shard) {
    this.shard = shard;
  }

  /** Of the last message that was applied. */
  get sequence(): number {
    return this.shard.sequence;
  }

  /** Begins an epoch, lists a market and opens it at a mark price. */
  open(marketId: number, params: MarketParams, priceTicks: number): void {
    if (this.shard.epoch === 0) this.command(types.CMD_BEGIN_EPOCH, 1, 0, { F_QTY: 1 });
    this.writer.listMarket(marketId, params);
    this.take();
    this.command(types.CMD_SET_MARKET_STATE, 1, marketId, { W_FLAGS: 1 });
    this.command(types.CMD_ORACLE_PRICE, 1, marketId, {
      W_PRICE: priceTicks,
      F_QTY: this.timeMs,
    });
    this.flush();
  }

  /** Creates the account with the next number, and gives it money. */
  fund(account: number, key: Uint8Array, microUsd: number): void {
    this.writer.createAccount(key);
    this.take();
    this.command(types.CMD_DEPOSIT, 1, 0, { W_ACCOUNT: account, F_QTY: microUsd });
    this.flush();
  }

  command(type: number, slots: number, marketId: number, fields: Record<string, number>): void {
    this.writer.event(type, slots, marketId, fields);
    this.take();
  }

  trySend(words: Int32Array, firstWord: number, slots: number): boolean {
    return this.trySendAll(words, firstWord, slots);
  }

  trySendAll(words: Int32Array, firstWord: number, slots: number): boolean {
    const at = this.inbox.push(slots) * layout.SLOT_WORDS;
    copyWords(words, firstWord, this.inbox.words, at, slots * layout.SLOT_WORDS);
    for (let slot = 0; slot < slots; this.count++) {
      slot += layout.slotsOf(words[firstWord + slot * layout.SLOT_WORDS] as number);
    }
    return true;
  }

  flush(): void {
    if (this.count === 0) return;
    const { shard, inbox, timeMs, count } = this;
    shard.applyFrame({ messages: inbox, firstSequence: shard.sequence + 1, count, timeMs });
    inbox.reset();
    this.count = 0;
    const { words, floats, length } = shard.events;
    for (let slot = 0; slot < length; ) {
      const at = slot * layout.SLOT_WORDS;
      const slots = layout.slotsOf(words[at] as number);
      this.consumer(words, floats, at, slots);
      slot += slots;
    }
    shard.events.reset();
  }

  onEvents(consume: EventConsumer): void {
    this.consumer = consume;
  }

  occupancy(): { inbound: number; outbound: number } {
    return { inbound: 0, outbound: 0 };
  }

  private take(): void {
    this.writer.drain((words, _floats, at, slots) => {
      this.trySend(words, at, slots);
    });
  }
}

/** Deep enough for everything but what a test is about. */
export const ROOMY: MarketParams = { ...BTC, openOrdersMax: 1_000_000 };
