import type { HomeDesk } from '../shared/home-desk.js';
import { RF_PREVIOUS, recordAccountSequence } from './feed-record.js';
import type { Collected } from './feed-walk.js';
import type { PrivateEvents } from './private-events.js';
import { PrivateLog } from './private-log.js';

/**
 * The private events of a shard's accounts in a gateway's own thread: what has happened since it began it has itself, in memory; what was
 * before it asks of the thread that writes the files. A client may so resume at any thread, whichever it came from.
 */
export class RelayedLog implements PrivateEvents {
  private readonly log: PrivateLog;
  private readonly shard: number;
  private readonly desk: HomeDesk;
  /** Number of each account's last event before this thread began. */
  private readonly before = new Map<number, number>();

  constructor(shard: number, desk: HomeDesk, memoryChunks?: number) {
    this.log = new PrivateLog(memoryChunks === undefined ? {} : { memoryChunks });
    this.shard = shard;
    this.desk = desk;
  }

  /** The account's last event as of the state that this thread begins with. */
  begin(account: number, sequence: number): void {
    if (sequence > 0) this.before.set(account, sequence);
  }

  append(
    words: Int32Array,
    floats: Float64Array,
    firstWord: number,
    epoch: number,
    timeMs: number,
  ): void {
    this.log.append(words, floats, firstWord, epoch, timeMs);
  }

  lastOf(account: number): number {
    return Math.max(this.log.lastOf(account), this.before.get(account) ?? 0);
  }

  after(
    account: number,
    epoch: number,
    sequence: number,
  ): Collected | null | Promise<Collected | null> {
    // What happens after this thread's last event is of no epoch that it could vouch for.
    if (sequence > this.lastOf(account)) return null;
    const own = this.log.after(account, epoch, sequence);
    if (own !== null) return own;
    const { desk, shard } = this;
    const fetched = desk.eventsAfter(shard, account, epoch, sequence).catch(nothing);
    return fetched.then((found) => (found === null ? null : upTo(found, this.lastOf(account))));
  }

  recent(account: number, most: number): Collected | null | Promise<Collected | null> {
    if (!this.before.has(account)) return this.log.recent(account, most);
    const fetched = this.desk.recentEvents(this.shard, account, most).catch(nothing);
    return fetched.then((found) => {
      if (found === null) return null;
      // The other thread may be ahead of this one, or behind it.
      const past = upTo(found, this.lastOf(account));
      const last = past.starts.at(-1);
      const from = last === undefined ? 0 : recordAccountSequence(past.block, last);
      return from === this.lastOf(account) ? past : this.withOwn(account, past, from, most);
    });
  }

  /** In memory only. */
  flush(): void {}

  async close(): Promise<void> {
    await this.log.close();
  }

  private async withOwn(
    account: number,
    past: Collected,
    from: number,
    most: number,
  ): Promise<Collected> {
    const own = await this.log.recent(account, most);
    if (own === null) return past;
    const newer = own.starts.filter((at) => recordAccountSequence(own.block, at) > from);
    return joined(past, { block: own.block, starts: newer });
  }
}

/** What cannot be read now is too old: the client gets a snapshot. */
function nothing(): null {
  return null;
}

/** The records with numbers up to this one. */
function upTo({ block, starts }: Collected, sequence: number): Collected {
  return { block, starts: starts.filter((at) => recordAccountSequence(block, at) <= sequence) };
}

function joined(older: Collected, newer: Collected): Collected {
  const length = older.block.words.length;
  // Floats lie on even words.
  const from = length + (length % 2);
  const words = new Int32Array(from + newer.block.words.length);
  words.set(older.block.words);
  words.set(newer.block.words, from);
  const block = { words, floats: new Float64Array(words.buffer, 0, words.length >> 1) };
  return { block, starts: [...older.starts, ...newer.starts.map((at) => at + from)] };
}

/** As it travels between threads, without the pointers, which mean nothing elsewhere. */
export function blockOf(words: Int32Array, starts: readonly number[]): Collected {
  const floats = new Float64Array(words.buffer, words.byteOffset, words.length >> 1);
  for (const at of starts) floats[at / 2 + RF_PREVIOUS] = -1;
  return { block: { words, floats }, starts };
}
