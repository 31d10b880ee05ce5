import { H_MESSAGE } from '../../engine/kernel/layout.js';
import { CLIENT_TEXT_MAX_BYTES } from '../../engine/messages/layout.js';
import type { MessageBuffer } from '../../engine/messages/message-buffer.js';
import type { CanonicalReader, CanonicalWriter } from '../../engine/state/canonical-writer.js';
import {
  A_HAS_CLIENT_IDS,
  A_STATUS,
  ACCOUNTS_PER_CHUNK,
  C_ACCOUNT_SHIFT,
  C_CLOSED,
  C_CLOSED_MARKET,
  C_IS_TEXT,
  C_KEY,
  C_NEXT,
  C_ORDER_ID,
  C_OWNER,
  C_STATE_MASK,
  CLIENT_CLOSED,
  CLIENT_PENDING,
  CLIENT_SHIFT,
  CLIENTS_CHUNK_SHIFT,
  CLIENTS_PER_CHUNK,
  G_ACCOUNT_CHUNKS,
  G_CLIENT_FREE,
  G_CLIENT_REFS,
  G_CLIENT_TABLE,
  Q_COUNT,
  Q_FIRST,
  TEXT_BYTES,
} from '../kernel/layout.js';
import type { RiskKernel } from './risk-kernel.js';

/**
 * Client order ids of a margin actor's accounts. They live in the kernel (risk/kernel/client-ids.ts); here is how the long way and
 * snapshots reach them. The canonical form is older than the kernel's and does not show how it keeps them.
 */
export class ClientIds {
  private readonly kernel: RiskKernel;

  constructor(kernel: RiskKernel) {
    this.kernel = kernel;
  }

  /** Reference of the id in a command; NO_CLIENT_REF when it has none, or one that is not remembered. */
  find(message: MessageBuffer, slot: number): number {
    return this.kernel.calls.findNamed(this.kernel.addressOf(message, slot));
  }

  /** Of another id in the command: the text at word `textAt`, length first, or where that is 0 the number. */
  findOther(
    message: MessageBuffer,
    slot: number,
    account: number,
    number: number,
    textAt: number,
  ): number {
    const text = textAt === 0 ? 0 : this.kernel.addressOf(message, slot) + textAt * 4;
    return this.kernel.calls.findClient(account, number, text);
  }

  /** Keeps the id of a new order in mind, if it has one. Returns the reference. */
  add(message: MessageBuffer, slot: number, record: number): number {
    const ref = this.kernel.calls.addNamed(this.kernel.addressOf(message, slot), record);
    this.kernel.refresh();
    return ref;
  }

  /** No order was made: the id may be used again. */
  drop(ref: number): void {
    this.kernel.calls.dropClient(ref);
  }

  /** Completes an event that has a reference. */
  nameOrder(events: MessageBuffer, slot: number, nowMs: number): void {
    this.kernel.calls.nameOrder(this.kernel.addressOf(events, slot), nowMs);
    this.kernel.refresh();
  }

  /** Id of the order that a cancel or amend names, 0 when it names none. */
  namedOrderId(message: MessageBuffer, slot: number): number {
    return this.kernel.calls.namedOrderId(this.kernel.addressOf(message, slot));
  }

  /** Id of the order that a replace wants to go, 0 when it names none. */
  replacedOrderId(message: MessageBuffer, slot: number): number {
    return this.kernel.calls.replacedOrderId(this.kernel.addressOf(message, slot));
  }

  /** 0 while the order is on its way to its market. */
  orderIdOf(ref: number): number {
    return this.kernel.float(this.kernel.calls.clientAt(ref) + C_ORDER_ID);
  }
  marketOf(ref: number): number {
    return this.kernel.calls.marketOfClient(this.kernel.calls.clientAt(ref));
  }
  stateOf(ref: number): number {
    return this.kernel.word(this.kernel.calls.clientAt(ref) + C_OWNER) & C_STATE_MASK;
  }

  /** The id itself: a number, or a text. */
  keyAt(ref: number): number | string {
    const client = this.kernel.calls.clientAt(ref);
    const text = this.kernel.calls.textOfClient(client);
    if (text === 0) return this.kernel.float(client + C_KEY);
    const length = this.kernel.word(text);
    const byteAt = (i: number): number => (this.kernel.word(text + 4 + i) >>> ((i & 3) * 8)) & 0xff;
    return String.fromCharCode(...Array.from({ length }, (_, i) => byteAt(i)));
  }

  /** All ids by reference; free references in the order in which they became free; each account's closed orders, oldest first. */
  writeState(writer: CanonicalWriter): void {
    const { kernel } = this;
    const count = kernel.word(G_CLIENT_REFS);
    writer.put(count);
    for (let ref = 0; ref < count; ref++) this.writeClient(writer, ref);
    putList(writer, this.listFrom(kernel.word(G_CLIENT_FREE)).reverse());
    const countAt = writer.length;
    writer.put(0);
    let accounts = 0;
    const end = kernel.word(G_ACCOUNT_CHUNKS) * ACCOUNTS_PER_CHUNK;
    for (let account = 1; account < end; account++) {
      if (!this.hasUsedIds(account)) continue;
      accounts++;
      const list = kernel.calls.closedOf(account);
      const hasClosed = list !== 0 && kernel.word(list + Q_COUNT) !== 0;
      writer.put(account);
      putList(writer, hasClosed ? this.listFrom(kernel.word(list + Q_FIRST)) : []);
    }
    writer.patch(countAt, accounts);
  }

  /** Into a kernel that has no ids yet. */
  readState(reader: CanonicalReader): void {
    const { kernel } = this;
    const { calls } = kernel;
    const closed = new Map<number, number>();
    const count = reader.take();
    for (let ref = 0; ref < count; ref++) this.readClient(reader, ref, closed);
    const free = reader.take();
    for (let i = 0; i < free; i++) calls.giveClient(reader.take());
    const accounts = reader.take();
    for (let i = 0; i < accounts; i++) {
      const status = (calls.openAccount(reader.take()) + A_STATUS) >> 2;
      kernel.refresh();
      kernel.words[status] = (kernel.words[status] as number) | A_HAS_CLIENT_IDS;
      const length = reader.take();
      for (let k = 0; k < length; k++) {
        const ref = reader.take();
        calls.rememberClosed(ref, closed.get(ref) as number);
      }
    }
    kernel.refresh();
  }

  /** Reads the record itself: with millions of ids, calls of the kernel for each field would take most of the time. */
  private writeClient(writer: CanonicalWriter, ref: number): void {
    const { words, floats } = this.kernel;
    const client = this.addressOf(ref);
    const owner = words[(client + C_OWNER) >> 2] as number;
    writer.put(owner >>> C_ACCOUNT_SHIFT);
    if (owner === 0) return;
    const closedMarket = words[(client + C_CLOSED_MARKET) >> 2] as number;
    const closedLower = (words[(client + C_CLOSED) >> 2] as number) >>> 0;
    writer.put(closedMarket >>> 16);
    writer.put(floats[(client + C_ORDER_ID) >> 3] as number);
    writer.put(owner & C_STATE_MASK);
    writer.put((closedMarket & 0xffff) * 2 ** 32 + closedLower);
    if ((owner & C_IS_TEXT) !== 0) {
      this.writeText(writer, words[(client + C_KEY) >> 2] as number);
      return;
    }
    writer.put(0);
    writer.put(floats[(client + C_KEY) >> 3] as number);
  }

  private writeText(writer: CanonicalWriter, text: number): void {
    const { words } = this.kernel;
    const length = words[text >> 2] as number;
    writer.put(length);
    for (let i = 0; i < length; i++) {
      writer.put(((words[(text + 4 + i) >> 2] as number) >>> ((i & 3) * 8)) & 0xff);
    }
  }

  private addressOf(ref: number): number {
    const { words } = this.kernel;
    const table = words[G_CLIENT_TABLE >> 2] as number;
    const chunk = words[(table >> 2) + (ref >> CLIENTS_CHUNK_SHIFT)] as number;
    return chunk + ((ref & (CLIENTS_PER_CHUNK - 1)) << CLIENT_SHIFT);
  }

  /** References are given 0, 1, 2 … again; a free one is held back until the list of free ones comes. */
  private readClient(reader: CanonicalReader, ref: number, closed: Map<number, number>): void {
    const { calls } = this.kernel;
    const account = reader.take();
    if (account === 0) {
      calls.takeClient(0, 0);
      return;
    }
    const marketId = reader.take();
    const orderId = reader.take();
    const state = reader.take();
    const closedMs = reader.take();
    const length = reader.take();
    const record = calls.openAccount(account);
    if (length === 0) calls.addClient(record, account, marketId, reader.take(), 0);
    else calls.addClient(record, account, marketId, 0, this.readText(reader, length));
    if (state !== CLIENT_PENDING) calls.openClient(ref, orderId);
    if (state === CLIENT_CLOSED) closed.set(ref, closedMs);
  }

  /** Into the kernel's room for messages from outside. Returns the address. */
  private readText(reader: CanonicalReader, length: number): number {
    if (length > CLIENT_TEXT_MAX_BYTES) {
      const limit = CLIENT_TEXT_MAX_BYTES;
      throw new RangeError(`a client id of ${length} bytes is longer than ${limit}`);
    }
    const words = this.kernel.wordsAt(H_MESSAGE, TEXT_BYTES / 4).fill(0);
    words[0] = length;
    for (let i = 0; i < length; i++) {
      const at = 1 + (i >> 2);
      words[at] = (words[at] as number) | (reader.take() << ((i & 3) * 8));
    }
    return H_MESSAGE;
  }

  private hasUsedIds(account: number): boolean {
    const record = this.kernel.calls.accountAt(account);
    return record !== 0 && (this.kernel.word(record + A_STATUS) & A_HAS_CLIENT_IDS) !== 0;
  }

  /** References of a list, from its first one plus one on. */
  private listFrom(first: number): number[] {
    const refs: number[] = [];
    for (let held = first; held !== 0; ) {
      refs.push(held - 1);
      held = this.kernel.word(this.addressOf(held - 1) + C_NEXT);
    }
    return refs;
  }
}

function putList(writer: CanonicalWriter, values: number[]): void {
  writer.put(values.length);
  for (const value of values) writer.put(value);
}
