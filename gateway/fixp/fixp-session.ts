import type { KeyObject } from 'node:crypto';
import type { AllowanceTable } from '../session/allowances.js';
import { MassCancels } from '../session/mass-cancels.js';
import type { Bucket } from '../session/token-bucket.js';
import type { FixpConnection } from './fixp-connection.js';
import type { FlowStore } from './flow-store.js';
import { SessionQuotes } from './quote-state.js';

/** Numbers of client messages travel with commands by their lower 31 bits: a command has room for no more. */
const REQUEST_MASK = 0x7fffffff;

export interface SessionIdentity {
  /** 32 hexadecimal digits. */
  readonly id: string;
  /** Travels with its commands; never that of another session that lives. */
  readonly number: number;
  readonly account: number;
  /** Shard that is home to the account. */
  readonly home: number;
  readonly key: KeyObject;
  /** The same in base58. */
  readonly publicKey: string;
  /** 64 hexadecimal digits. */
  readonly nonce: string;
}

/** What stays of a client between its connections: whose it is, and both flows. */
export class FixpSession {
  readonly identity: SessionIdentity;
  readonly flow: FlowStore;
  readonly massCancels = new MassCancels();
  readonly quotes = new SessionQuotes();
  /** The client's next message that is taken; lower numbers were seen before. */
  expectedSeqNo = 1;
  /** Time that the last accepted Establish had signed. */
  lastEstablishMs = 0;
  /** The account's last private event that is in the flow. */
  lastAccountSeqNo: number;
  /** All orders of the account go when the connection ends. */
  cancelsOnDisconnect = false;
  connection: FixpConnection | null = null;
  /** Waits to be told what was written into its flow. */
  isTouched = false;
  private readonly allowances: AllowanceTable<number>;
  /** Since when it has no connection. */
  unboundAtMs: number;

  constructor(
    identity: SessionIdentity,
    allowances: AllowanceTable<number>,
    flow: FlowStore,
    lastAccountSeqNo: number,
    nowMs: number,
  ) {
    this.identity = identity;
    this.allowances = allowances;
    this.flow = flow;
    this.lastAccountSeqNo = lastAccountSeqNo;
    this.unboundAtMs = nowMs;
  }

  /** What the account may still ask for, through all doors together. */
  bucket(nowMs: number): Bucket {
    return this.allowances.of(this.identity.account, nowMs);
  }

  /** How the number of a message goes with its command. */
  static requestOf(seqNo: number): number {
    return seqNo & REQUEST_MASK;
  }

  /** The message that a command came from: the latest one with these lower bits. */
  seqNoOf(request: number): number {
    const last = this.expectedSeqNo - 1;
    return last - ((last - request) & REQUEST_MASK);
  }
}

const NO_ACCOUNT = -1;
const NONE: readonly FixpSession[] = [];

/** Sessions by id, by number, and by account. */
export class FixpSessions {
  private readonly byId = new Map<string, FixpSession>();
  private readonly byNumber = new Map<number, FixpSession>();
  private readonly byAccount = new Map<number, FixpSession[]>();
  private lastNumber = 0;
  /** What was found last: events come in runs of one session and account. */
  private found: FixpSession | undefined;
  private foundAccount = NO_ACCOUNT;
  private foundOfAccount: readonly FixpSession[] = NONE;

  get count(): number {
    return this.byId.size;
  }

  /** Bits of W_SESSION below the port's; in turn, so that an answer to a session that is gone reaches nobody. */
  nextNumber(): number {
    do {
      this.lastNumber = (this.lastNumber % 0xffffff) + 1;
    } while (this.byNumber.has(this.lastNumber));
    return this.lastNumber;
  }

  add(session: FixpSession): void {
    const { id, number, account } = session.identity;
    this.byId.set(id, session);
    this.byNumber.set(number, session);
    this.byAccount.set(account, [...this.ofAccount(account), session]);
    this.forgetFound();
  }

  remove(session: FixpSession): void {
    const { id, number, account } = session.identity;
    if (this.byId.get(id) !== session) return;
    session.flow.release();
    this.byId.delete(id);
    this.byNumber.delete(number);
    const others = this.ofAccount(account).filter((other) => other !== session);
    if (others.length === 0) this.byAccount.delete(account);
    else this.byAccount.set(account, others);
    this.forgetFound();
  }

  find(id: string): FixpSession | undefined {
    return this.byId.get(id);
  }

  findNumber(number: number): FixpSession | undefined {
    if (this.found?.identity.number !== number) this.found = this.byNumber.get(number);
    return this.found;
  }

  ofAccount(account: number): readonly FixpSession[] {
    if (this.foundAccount !== account) {
      this.foundAccount = account;
      this.foundOfAccount = this.byAccount.get(account) ?? NONE;
    }
    return this.foundOfAccount;
  }

  all(): Iterable<FixpSession> {
    return this.byId.values();
  }

  private forgetFound(): void {
    this.found = undefined;
    this.foundAccount = NO_ACCOUNT;
  }
}
