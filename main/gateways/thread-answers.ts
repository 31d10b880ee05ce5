import { setTimeout as sleep } from 'node:timers/promises';
import type { PrivateEvents } from '../../gateway/feeds/private-events.js';
import type { Gateway, GatewayLog } from '../../gateway/gateway.js';
import type { HistoryQueries } from '../../gateway/history/query-pool.js';
import type { KeyEntry } from '../../gateway/identity/key-store.js';
import type { GatewayThreadHandle } from './gateway-thread-handle.js';
import {
  type EventsAnswer,
  eventsAnswer,
  type ListenKeyAsk,
  type Page,
  type PagePath,
  type ToExchange,
  type ToThread,
} from './thread-messages.js';

/** A thread may be a moment ahead of this one. */
const CATCH_UP_TRIES = 200;
const CATCH_UP_MS = 5;

export interface AnswerContext {
  /** Of the main thread. */
  readonly gateway: Gateway;
  /** By shard. */
  readonly logs: readonly PrivateEvents[];
  /** Null: there is no history. */
  readonly history: HistoryQueries | null;
  readonly log: GatewayLog;
  readonly page: (path: PagePath) => Promise<Page>;
  /** Those that have begun. */
  readonly threads: () => readonly GatewayThreadHandle[];
  /** It dies. */
  readonly onDying: (thread: GatewayThreadHandle) => void;
}

/** What the exchange answers its gateways' threads: whatever there is once for all of them. */
export class ThreadAnswers {
  private readonly context: AnswerContext;
  /** The thread from which an API key is being revoked. */
  private readonly revoking = new Map<string, GatewayThreadHandle>();

  constructor(context: AnswerContext) {
    this.context = context;
    const { gateway } = context;
    gateway.keys.onChange = (entry) => this.keyChanged(entry);
    gateway.binance.onListenKeyEnded = (account, apiKey) => {
      this.tellAll({ ask: 'endListenKey', account, apiKey });
    };
  }

  /** Resolves when all threads that can answer have. */
  async toAll(ask: ToThread): Promise<void> {
    await Promise.all(this.context.threads().map((thread) => thread.ask(ask)));
  }

  /** The same, when nobody waits for it. */
  tellAll(ask: ToThread): void {
    this.toAll(ask).catch((error: Error) => {
      this.context.log.error({ err: error }, `a gateway thread failed at ${ask.ask}`);
    });
  }

  answer(thread: GatewayThreadHandle, ask: ToExchange): unknown {
    const { gateway, history, page } = this.context;
    switch (ask.ask) {
      case 'createKey':
        return this.createKey(ask);
      case 'revokeKey':
        return this.revokeKey(thread, ask.apiKey);
      case 'openListenKey':
      case 'keepListenKey':
      case 'closeListenKey':
        return this.listenKey(ask);
      case 'setCountdown':
        return gateway.binance.setCountdown(ask.account, ask.marketId, ask.inMs);
      case 'algo':
        gateway.binance.noteAlgo(ask.account, ask.clientOrderId, ask.isAlgo);
        return this.toAll(ask);
      case 'reach':
        return this.reach(thread, ask.account, ask.marketId);
      case 'guard':
        return guard(thread, ask.account, ask.change);
      case 'eventsAfter':
        return this.eventsAfter(ask);
      case 'recentEvents':
        return this.recentEvents(ask);
      case 'history':
        return history?.ask(ask.question) ?? null;
      case 'status':
        return history?.status(ask.question) ?? null;
      case 'rows':
        return history?.rows(ask.question) ?? null;
      case 'page':
        return page(ask.path);
      case 'log':
        return this.context.log[ask.level]({ ...ask.fields, thread: thread.slot }, ask.sentence);
      case 'dying':
        thread.lastWords ||= ask.sentence;
        return this.context.onDying(thread);
    }
  }

  /** Two threads may have been asked for the same public key at the same time. */
  private async createKey({ wish, nowMs }: Extract<ToExchange, { ask: 'createKey' }>) {
    const { keys } = this.context.gateway;
    if (wish.publicKey !== '' && keys.findByPublicKey(wish.publicKey) !== null) {
      throw new Error('publicKey must be a new one; it opens an account already');
    }
    return keys.create(wish, nowMs);
  }

  private async revokeKey(thread: GatewayThreadHandle, apiKey: string): Promise<void> {
    this.revoking.set(apiKey, thread);
    try {
      await this.context.gateway.keys.revoke(apiKey);
    } finally {
      this.revoking.delete(apiKey);
    }
  }

  /** Where a key was revoked, its connections go after the answer; everywhere else at once. */
  private async keyChanged(entry: KeyEntry): Promise<void> {
    const origin = this.revoking.get(entry.apiKey);
    const told = this.context.threads().map((thread) => {
      return thread.ask({ ask: 'key', entry, ends: thread !== origin });
    });
    await Promise.all(told);
  }

  private async listenKey({ account, apiKey, ask }: ListenKeyAsk): Promise<string | null> {
    const { binance } = this.context.gateway;
    const known = binance.listenKeys.find((key) => key.apiKey === apiKey);
    if (ask === 'keepListenKey') {
      if (known === undefined) return null;
      await binance.keepListenKey(account, apiKey);
      return known.listenKey;
    }
    if (ask === 'closeListenKey') {
      binance.endListenKey(account, apiKey);
      await this.toAll({ ask: 'endListenKey', account, apiKey });
      return null;
    }
    const opened = await binance.openListenKey(account, apiKey);
    const { listenKey } = opened as { listenKey: string };
    if (known === undefined) {
      await this.toAll({ ask: 'listenKey', key: { account, apiKey, listenKey } });
    }
    return listenKey;
  }

  private async reach(
    asker: GatewayThreadHandle,
    account: number,
    marketId: number,
  ): Promise<boolean> {
    const others = this.context.threads().filter((thread) => thread !== asker);
    const asked = others.map((thread) => thread.ask<boolean>({ ask: 'reach', account, marketId }));
    // Who is dead sends nothing any more.
    return (await Promise.all(asked)).every((found) => found !== false);
  }

  private async eventsAfter(
    ask: Extract<ToExchange, { ask: 'eventsAfter' }>,
  ): Promise<EventsAnswer> {
    const { account, epoch, sequence, shard } = ask;
    const log = this.context.logs[shard] as PrivateEvents;
    for (let i = 0; i < CATCH_UP_TRIES && log.lastOf(account) < sequence; i++) {
      await sleep(CATCH_UP_MS);
    }
    if (!this.isWhole(log, account)) return null;
    return eventsAnswer(await log.after(account, epoch, sequence));
  }

  private async recentEvents(
    ask: Extract<ToExchange, { ask: 'recentEvents' }>,
  ): Promise<EventsAnswer> {
    const log = this.context.logs[ask.shard] as PrivateEvents;
    if (!this.isWhole(log, ask.account)) return null;
    return eventsAnswer(await log.recent(ask.account, ask.most));
  }

  /** The log may have lost its end with the host. */
  private isWhole(log: PrivateEvents, account: number): boolean {
    return log.lastOf(account) === this.context.gateway.folds.views.sequenceOf(account);
  }
}

function guard({ guarded }: GatewayThreadHandle, account: number, change: number): void {
  const count = (guarded.get(account) ?? 0) + change;
  if (count > 0) guarded.set(account, count);
  else guarded.delete(account);
}
