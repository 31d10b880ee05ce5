import type { CanonicalWriter } from '../../engine/state/canonical-writer.js';

export interface NaiveClientId {
  ref: number;
  account: number;
  key: number | string;
  marketId: number;
  orderId: number;
  /** 0 on its way, 1 open, 2 closed. */
  state: number;
  closedMs: number;
}

const REMEMBERED = 1024;
const REMEMBERED_MS = 600_000;

/**
 * Client order ids as one list. References are part of what the shard emits, so numbers are given as the product gives them:
 * the one that became free last comes first, else the next new one.
 */
export class NaiveClientIds {
  private readonly all: NaiveClientId[] = [];
  private readonly free: number[] = [];
  private refs = 0;
  /** Accounts that have ever used a client id. */
  private readonly accounts = new Set<number>();

  find(account: number, key: number | string): NaiveClientId | null {
    return this.all.find((id) => id.account === account && id.key === key) ?? null;
  }

  at(ref: number): NaiveClientId {
    const found = this.all.find((id) => id.ref === ref);
    if (found === undefined) throw new Error(`no client id has the reference ${ref}`);
    return found;
  }

  add(account: number, key: number | string, marketId: number): number {
    const ref = this.free.pop() ?? this.refs++;
    this.accounts.add(account);
    this.all.push({ ref, account, key, marketId, orderId: 0, state: 0, closedMs: 0 });
    return ref;
  }

  drop(ref: number): void {
    this.all.splice(this.all.indexOf(this.at(ref)), 1);
    this.free.push(ref);
  }

  close(ref: number, nowMs: number): void {
    const closing = this.at(ref);
    closing.state = 2;
    closing.closedMs = nowMs;
    // Last in the list is last closed.
    this.all.splice(this.all.indexOf(closing), 1);
    this.all.push(closing);
    const closed = this.closedOf(closing.account);
    for (const id of closed.slice(0, -REMEMBERED)) {
      if (id.closedMs + REMEMBERED_MS > nowMs) return;
      this.drop(id.ref);
    }
  }

  writeState(writer: CanonicalWriter): void {
    writer.put(this.refs);
    for (let ref = 0; ref < this.refs; ref++) {
      const id = this.all.find((candidate) => candidate.ref === ref);
      if (id === undefined) writer.put(0);
      else writeId(writer, id);
    }
    writer.put(this.free.length);
    for (const ref of this.free) writer.put(ref);
    const accounts = [...this.accounts].sort((a, b) => a - b);
    writer.put(accounts.length);
    for (const account of accounts) {
      const closed = this.closedOf(account);
      writer.put(account);
      writer.put(closed.length);
      for (const { ref } of closed) writer.put(ref);
    }
  }

  closedOf(account: number): NaiveClientId[] {
    return this.all.filter((id) => id.account === account && id.state === 2);
  }
}

function writeId(writer: CanonicalWriter, id: NaiveClientId): void {
  for (const value of [id.account, id.marketId, id.orderId, id.state, id.closedMs]) {
    writer.put(value);
  }
  if (typeof id.key === 'number') {
    writer.put(0);
    writer.put(id.key);
    return;
  }
  writer.put(id.key.length);
  for (const character of id.key) writer.put(character.charCodeAt(0));
}
