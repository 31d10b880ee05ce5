import { type MarketParams, writeMarketParams } from '../../engine/market/market-params.js';
import * as layout from '../../engine/messages/layout.js';
import { MessageBuffer } from '../../engine/messages/message-buffer.js';
import * as types from '../../engine/messages/types.js';
import type { EventConsumer } from '../../engine/shard/shard-port.js';

/** Fields of an event by the names of the layout; all others are zero. */
export type EventFields = Partial<Record<keyof typeof layout, number>>;

const POSITIONS: Readonly<Record<string, unknown>> = { ...layout };

/** Writes events as a shard would, for tests that script them. */
export class EventWriter {
  readonly buffer = new MessageBuffer(64);

  /** Appends an event; gives its first word. */
  event(type: number, slots: number, marketId: number, fields: EventFields): number {
    const slot = this.buffer.push(slots);
    const at = slot * layout.SLOT_WORDS;
    this.buffer.words[at] = layout.headOf(type, slots, marketId);
    for (const [name, value] of Object.entries(fields)) {
      const index = POSITIONS[name] as number;
      if (/^E?F_/.test(name)) this.buffer.floats[at / 2 + index] = value;
      else this.buffer.words[at + index] = value;
    }
    return at;
  }

  frame(firstSequence: number, timeMs: number, epoch: number): void {
    const at = this.event(types.EVT_FRAME, 1, 0, {});
    this.buffer.floats.set([firstSequence, timeMs, epoch], at / 2 + 1);
  }

  accountCreated(account: number, key: Uint8Array): void {
    const at = this.event(types.EVT_ACCOUNT_CREATED, 3, 0, { W_ACCOUNT: account });
    this.writeKey(at + 33, key);
  }

  /** CMD_LIST_MARKET, whose parameters stand one slot earlier than those of its event. */
  listMarket(marketId: number, params: MarketParams): void {
    const at = this.event(types.CMD_LIST_MARKET, 3, marketId, {});
    writeMarketParams(this.buffer.words, this.buffer.floats, at + 16, params);
  }

  /** CMD_CREATE_ACCOUNT. */
  createAccount(key: Uint8Array): void {
    const at = this.event(types.CMD_CREATE_ACCOUNT, 2, 0, {});
    this.writeKey(at + 16, key);
  }

  marketListed(marketId: number, params: MarketParams): void {
    const at = this.event(types.EVT_MARKET_LISTED, 4, marketId, {});
    writeMarketParams(this.buffer.words, this.buffer.floats, at + 32, params);
  }

  private writeKey(firstWord: number, key: Uint8Array): void {
    key.forEach((byte, i) => {
      const word = firstWord + (i >> 2);
      this.buffer.words[word] = (this.buffer.words[word] as number) | (byte << ((i & 3) * 8));
    });
  }

  /** Hands the events over, one by one, and forgets them. */
  drain(consume: EventConsumer): void {
    const { words, floats, length } = this.buffer;
    for (let slot = 0; slot < length; ) {
      const at = slot * layout.SLOT_WORDS;
      const slots = layout.slotsOf(words[at] as number);
      consume(words, floats, at, slots);
      slot += slots;
    }
    this.buffer.reset();
  }
}
