import {
  CLIENT_TEXT_MAX_BYTES,
  CLIENT_TEXT_WORDS,
  F_CLIENT_ID,
  SLOT_FLOATS,
  SLOT_WORDS,
  W_CLIENT_TEXT,
  W_CLIENT_TEXT_LENGTH,
} from '../../engine/messages/layout.js';
import type { CanonicalReader, CanonicalWriter } from '../../engine/state/canonical-writer.js';

/** Closed orders whose client id an account is reminded of at least … */
export const CLOSED_REMEMBERED = 1024;
/** … and for at least this long, whichever keeps more. */
export const CLOSED_REMEMBERED_MS = 600_000;

export const NO_CLIENT_REF = -1;
export const CLIENT_PENDING = 0;
export const CLIENT_OPEN = 1;
export const CLIENT_CLOSED = 2;

interface Entry {
  account: number;
  key: number | string;
  marketId: number;
  orderId: number;
  state: number;
  closedMs: number;
}

/**
 * Client order ids of a margin actor's accounts: remembered while the order is open and for a while after, so that a retry
 * is recognised and never makes a second order. An entry's number (the client reference) travels with the order.
 */
export class ClientIds {
  private readonly entries: (Entry | null)[] = [];
  private readonly free: number[] = [];
  private readonly byAccount = new Map<number, AccountIds>();

  /** Numeric id or text of a command, null when it has none. */
  static keyOf(
    words: Int32Array,
    floats: Float64Array,
    slot: number,
    text: boolean,
  ): number | string | null {
    if (!text) {
      const id = floats[slot * SLOT_FLOATS + F_CLIENT_ID] as number;
      return id === 0 ? null : id;
    }
    return textAt(
      words,
      slot * SLOT_WORDS + W_CLIENT_TEXT_LENGTH,
      slot * SLOT_WORDS + W_CLIENT_TEXT,
    );
  }

  /** Reference of a remembered id, NO_CLIENT_REF when it is unknown. */
  find(account: number, key: number | string): number {
    return this.byAccount.get(account)?.byKey.get(key) ?? NO_CLIENT_REF;
  }

  add(account: number, key: number | string, marketId: number): number {
    let ids = this.byAccount.get(account);
    if (ids === undefined) {
      ids = { byKey: new Map(), closed: [], firstClosed: 0 };
      this.byAccount.set(account, ids);
    }
    const entry = { account, key, marketId, orderId: 0, state: CLIENT_PENDING, closedMs: 0 };
    const ref = this.free.pop() ?? this.entries.length;
    this.entries[ref] = entry;
    ids.byKey.set(key, ref);
    return ref;
  }

  /** The order exists from now on. */
  open(ref: number, orderId: number): void {
    const entry = this.entry(ref);
    entry.orderId = orderId;
    entry.state = CLIENT_OPEN;
  }

  /** The order is done; the id is kept for a while, and the oldest ones that nobody has to remember go. */
  close(ref: number, nowMs: number): void {
    const entry = this.entry(ref);
    entry.state = CLIENT_CLOSED;
    entry.closedMs = nowMs;
    const ids = this.byAccount.get(entry.account) as AccountIds;
    ids.closed.push(ref);
    this.forgetOld(ids, nowMs);
  }

  /** No order was made: the id may be used again. */
  drop(ref: number): void {
    const entry = this.entry(ref);
    (this.byAccount.get(entry.account) as AccountIds).byKey.delete(entry.key);
    this.entries[ref] = null;
    this.free.push(ref);
  }

  orderIdOf(ref: number): number {
    return this.entry(ref).orderId;
  }
  marketOf(ref: number): number {
    return this.entry(ref).marketId;
  }
  stateOf(ref: number): number {
    return this.entry(ref).state;
  }
  keyAt(ref: number): number | string {
    return this.entry(ref).key;
  }

  /** Writes a text id into the third slot of an event (length at `lengthAt`, bytes from `bytesAt`). */
  writeText(ref: number, words: Int32Array, lengthAt: number, bytesAt: number): void {
    const key = this.entry(ref).key;
    if (typeof key === 'string') writeText(key, words, lengthAt, bytesAt);
  }

  writeState(writer: CanonicalWriter): void {
    writer.put(this.entries.length);
    for (const entry of this.entries) writeEntry(writer, entry);
    writer.put(this.free.length);
    for (const ref of this.free) writer.put(ref);
    const accounts = [...this.byAccount.keys()].sort((a, b) => a - b);
    writer.put(accounts.length);
    for (const account of accounts) {
      const ids = this.byAccount.get(account) as AccountIds;
      writer.put(account);
      writer.put(ids.closed.length - ids.firstClosed);
      for (let i = ids.firstClosed; i < ids.closed.length; i++) writer.put(ids.closed[i] as number);
    }
  }

  readState(reader: CanonicalReader): void {
    const count = reader.take();
    for (let i = 0; i < count; i++) this.entries.push(readEntry(reader));
    const free = reader.take();
    for (let i = 0; i < free; i++) this.free.push(reader.take());
    const accounts = reader.take();
    for (let i = 0; i < accounts; i++) {
      const account = reader.take();
      const closed: number[] = [];
      const closedCount = reader.take();
      for (let k = 0; k < closedCount; k++) closed.push(reader.take());
      this.byAccount.set(account, { byKey: new Map(), closed, firstClosed: 0 });
    }
    this.entries.forEach((entry, ref) => {
      if (entry !== null) this.byAccount.get(entry.account)?.byKey.set(entry.key, ref);
    });
  }

  private entry(ref: number): Entry {
    return this.entries[ref] as Entry;
  }

  private forgetOld(ids: AccountIds, nowMs: number): void {
    while (ids.closed.length - ids.firstClosed > CLOSED_REMEMBERED) {
      const ref = ids.closed[ids.firstClosed] as number;
      if (this.entry(ref).closedMs + CLOSED_REMEMBERED_MS > nowMs) break;
      this.drop(ref);
      ids.firstClosed++;
    }
    // Cut the dead front of the list off now and then, so that it does not grow for ever.
    if (ids.firstClosed > CLOSED_REMEMBERED) {
      ids.closed.splice(0, ids.firstClosed);
      ids.firstClosed = 0;
    }
  }
}

interface AccountIds {
  byKey: Map<number | string, number>;
  /** References of closed orders, oldest first, from `firstClosed` on. */
  closed: number[];
  firstClosed: number;
}

export function textAt(words: Int32Array, lengthAt: number, bytesAt: number): string {
  const length = Math.min(words[lengthAt] as number, CLIENT_TEXT_MAX_BYTES);
  let text = '';
  for (let i = 0; i < length; i++) {
    text += String.fromCharCode(((words[bytesAt + (i >> 2)] as number) >>> ((i & 3) * 8)) & 0xff);
  }
  return text;
}

function writeText(text: string, words: Int32Array, lengthAt: number, bytesAt: number): void {
  words[lengthAt] = text.length;
  for (let i = 0; i < CLIENT_TEXT_WORDS; i++) {
    let word = 0;
    for (let k = 3; k >= 0; k--) word = (word << 8) | (text.charCodeAt(i * 4 + k) || 0);
    words[bytesAt + i] = word;
  }
}

function writeEntry(writer: CanonicalWriter, entry: Entry | null): void {
  if (entry === null) {
    writer.put(0);
    return;
  }
  writer.put(entry.account);
  writer.put(entry.marketId);
  writer.put(entry.orderId);
  writer.put(entry.state);
  writer.put(entry.closedMs);
  if (typeof entry.key === 'number') {
    writer.put(0);
    writer.put(entry.key);
    return;
  }
  writer.put(entry.key.length);
  for (let i = 0; i < entry.key.length; i++) writer.put(entry.key.charCodeAt(i));
}

function readEntry(reader: CanonicalReader): Entry | null {
  const account = reader.take();
  if (account === 0) return null;
  const marketId = reader.take();
  const orderId = reader.take();
  const state = reader.take();
  const closedMs = reader.take();
  const length = reader.take();
  if (length === 0) return { account, key: reader.take(), marketId, orderId, state, closedMs };
  let key = '';
  for (let i = 0; i < length; i++) key += String.fromCharCode(reader.take());
  return { account, key, marketId, orderId, state, closedMs };
}
