import { assert } from '../../engine/assert.js';
import {
  EF_ACCOUNT_SEQUENCE,
  SLOT_WORDS,
  typeOf,
  W_ACCOUNT,
  W_HEAD,
} from '../../engine/messages/layout.js';
import { EVT_EPOCH, EVT_FRAME } from '../../engine/messages/types.js';
import { PrivateLog } from '../../gateway/feeds/private-log.js';
import type { SimPort } from '../host/sim-port.js';
import type { VirtualClient } from './virtual-client.js';

/**
 * A gateway: reads its ring, keeps the product's log of private feeds, serves the clients that are connected to it. It dies
 * with its log; a new one has the log of what it read itself.
 */
export class VirtualGateway {
  readonly port: SimPort;
  readonly log = new PrivateLog({ memoryChunks: 4 });
  /** For so many steps to come it reads hardly anything. */
  slowSteps = 0;
  private readonly clients = new Map<number, VirtualClient>();
  /** Last number of each feed in the state that this gateway began with. */
  private readonly seeds = new Map<number, number>();
  private epoch = 0;
  private timeMs = 0;

  constructor(port: SimPort) {
    this.port = port;
    port.onEvents((words, floats, firstWord) => this.hear(words, floats, firstWord));
  }

  seed(account: number, sequence: number): void {
    this.seeds.set(account, sequence);
  }

  /** Whether the account exists as far as this gateway has heard. */
  knows(account: number): boolean {
    return this.seeds.has(account) || this.log.lastOf(account) > 0;
  }

  /** A client comes, names the last number and epoch that it saw, and gets what it missed or a fresh start. */
  connect(client: VirtualClient): void {
    const missed = this.log.after(client.account, client.epoch, client.sequence);
    assert(!(missed instanceof Promise), 'a log in memory must answer at once');
    const last = Math.max(this.log.lastOf(client.account), this.seeds.get(client.account) ?? 0);
    if (missed === null || client.sequence + missed.starts.length < last) client.startAnew(last);
    else {
      client.resume();
      for (const start of missed.starts) {
        client.receiveRecord(missed.block.words, missed.block.floats, start);
      }
    }
    this.clients.set(client.account, client);
  }

  disconnect(client: VirtualClient): void {
    this.clients.delete(client.account);
  }

  /** Events of the shard, also those that replay makes again after a restart. */
  hear(words: Int32Array, floats: Float64Array, firstWord: number): void {
    const f = firstWord / 2;
    const type = typeOf(words[firstWord + W_HEAD] as number);
    if (type === EVT_FRAME) {
      this.timeMs = floats[f + 2] as number;
      this.epoch = floats[f + 3] as number;
    } else if (type === EVT_EPOCH) {
      this.epoch = floats[f + 2] as number;
    } else if (this.isNews(words, floats, firstWord)) {
      this.log.append(words, floats, firstWord, this.epoch, this.timeMs);
      const client = this.clients.get(words[firstWord + W_ACCOUNT] as number);
      client?.receive(words, floats, firstWord, this.epoch);
    }
  }

  /** Numbered, and not in the state that this gateway began with. */
  private isNews(words: Int32Array, floats: Float64Array, firstWord: number): boolean {
    const seed = this.seeds.get(words[firstWord + W_ACCOUNT] as number) ?? 0;
    return (floats[firstWord / 2 + EF_ACCOUNT_SEQUENCE] as number) > seed;
  }

  /** The events of a frame in a shard's buffer. */
  hearAll(words: Int32Array, floats: Float64Array, slots: number): void {
    for (let at = 0; at < slots; ) {
      this.hear(words, floats, at * SLOT_WORDS);
      at += ((words[at * SLOT_WORDS + W_HEAD] as number) >>> 8) & 0xff;
    }
  }
}
