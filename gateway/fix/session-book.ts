import path from 'node:path';
import type { GatewayLimits } from '../limits.js';
import { ClientSession, type SessionContext } from './client-session.js';
import { bootId } from './session/boot-id.js';
import { SessionCounter } from './session/session-counter.js';
import { SessionLink } from './session/session-link.js';
import { SessionRecord } from './session/session-record.js';

interface SessionBookOptions {
  /** One folder in it for each session. */
  readonly folder: string;
  readonly limits: GatewayLimits;
  readonly context: SessionContext;
}

/** Sessions that somebody uses; all others are in their folders only. */
export class SessionBook {
  private readonly options: SessionBookOptions;
  private readonly counter: SessionCounter;
  private readonly boot = bootId();
  private readonly byKey = new Map<string, ClientSession>();
  private readonly byNumber = new Map<number, ClientSession>();
  private readonly byAccount = new Map<number, ClientSession[]>();

  constructor(options: SessionBookOptions) {
    this.options = options;
    this.counter = new SessionCounter(options.folder);
  }

  get size(): number {
    return this.byKey.size;
  }

  all(): ClientSession[] {
    return [...this.byKey.values()];
  }

  numbered(number: number): ClientSession | undefined {
    return this.byNumber.get(number);
  }

  of(account: number): readonly ClientSession[] {
    return this.byAccount.get(account) ?? NOBODY;
  }

  /** The key's session, read from its files if need be. */
  open(apiKey: string, account: number): ClientSession {
    const known = this.byKey.get(apiKey);
    if (known !== undefined) return known;
    const { folder, limits, context } = this.options;
    const newNumber = () => this.counter.take();
    const record = new SessionRecord(path.join(folder, apiKey), newNumber, this.boot);
    const pauseAbove = limits.publicBufferBytesMax;
    const link = new SessionLink(record, apiKey, () => Date.now(), pauseAbove, context.onError);
    const session = new ClientSession(apiKey, account, record, link, context);
    this.byKey.set(apiKey, session);
    this.byNumber.set(record.number, session);
    const others = this.byAccount.get(account) ?? [];
    this.byAccount.set(account, [...others, session]);
    return session;
  }

  /** Both numbers begin at 1. */
  reset(session: ClientSession): void {
    this.byNumber.delete(session.record.number);
    session.reset(this.counter.take());
    this.byNumber.set(session.record.number, session);
  }

  /** Leaves the session to its files. */
  dismiss(session: ClientSession, isFinal = false): void {
    if (this.forget(session)) session.record.close(isFinal);
  }

  /** Gives up what of the session was not written. */
  abandon(session: ClientSession): void {
    if (this.forget(session)) session.record.abandon();
  }

  close(): void {
    for (const session of this.all()) this.dismiss(session, true);
  }

  private forget(session: ClientSession): boolean {
    const { apiKey, account, record } = session;
    if (this.byKey.get(apiKey) !== session) return false;
    this.byKey.delete(apiKey);
    this.byNumber.delete(record.number);
    const others = this.of(account).filter((other) => other !== session);
    if (others.length === 0) this.byAccount.delete(account);
    else this.byAccount.set(account, others);
    return true;
  }
}

const NOBODY: readonly ClientSession[] = [];
