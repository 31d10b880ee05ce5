import type { ListenKey } from '../../gateway/binance/listen-keys.js';
import type { Collected } from '../../gateway/feeds/feed-walk.js';
import type { PublicMemory } from '../../gateway/gateway-options.js';
import type { RowsQuestion } from '../../gateway/history/market-rows.js';
import type { Question } from '../../gateway/history/question.js';
import type { CandleRow } from '../../gateway/history/rows.js';
import type { StatusQuestion } from '../../gateway/history/status-reader.js';
import type { KeyEntry, NewKey } from '../../gateway/identity/key-store.js';
import type { GatewayLimits } from '../../gateway/limits.js';
import type { SharedLimitsMemory } from '../../gateway/shared/shared-limits.js';
import type { Config } from '../config/config.js';
import type { AttachedPort } from '../exchange/shard-access.js';
import type { ShardSeed } from '../exchange/shard-seed.js';

/** What a gateway's thread is started with: all that never changes. */
export interface GatewayThreadStart {
  purpose: 'gateway';
  host: string;
  venue: string;
  behindProxy: boolean;
  limits: Partial<GatewayLimits>;
  operatorKey: Uint8Array;
  feeTiers: Config['feeTiers'];
  clock: Config['clock'];
  startTimeMs: number;
  hasHistory: boolean;
  /** Of the figures of each shard, by number. */
  shardStats: SharedArrayBuffer[];
  shared: SharedLimitsMemory;
}

/** The state that a gateway begins with. */
export interface GatewayThreadSeed {
  /** The thread's number, from 1; the main thread is 0. */
  slot: number;
  port: number;
  /** Of the thread's figures. */
  stats: SharedArrayBuffer;
  /** By shard. */
  ports: AttachedPort[];
  seeds: ShardSeed[];
  /** By shard: account and epoch of its last event, where that is not the seed's. */
  epochs: Map<number, number>[];
  memory: PublicMemory;
  keys: KeyEntry[];
  listenKeys: ListenKey[];
}

/** What the exchange asks a gateway's thread for. */
export type ToThread =
  /** Answered when the thread has loaded its modules. */
  | { ask: 'loaded' }
  | { ask: 'begin'; seed: GatewayThreadSeed }
  /** Gives null once it listens. */
  | { ask: 'listen' }
  /** `ends`: connections that came in by a key that was revoked go. */
  | { ask: 'key'; entry: KeyEntry; ends: boolean }
  /** One that was opened. */
  | { ask: 'listenKey'; key: ListenKey }
  /** That of an API key ends. */
  | { ask: 'endListenKey'; account: number; apiKey: string }
  | { ask: 'algo'; account: number; clientOrderId: string; isAlgo: boolean }
  | { ask: 'reach'; account: number; marketId: number }
  /** Answered when it knows the account. */
  | { ask: 'knows'; account: number }
  /** Answered when it has taken in and shown what its shards have sent. */
  | { ask: 'settle' }
  | { ask: 'candles'; candles: CandleRow[] }
  | Drill
  | { ask: 'stop' };

/** What may become of a thread, to be tried out. */
export type Drill =
  /** Throws where nobody catches. */
  | { ask: 'crash' }
  /** Does nothing at all for so long, in JavaScript. */
  | { ask: 'stall'; ms: number }
  /** The same in a call of the operating system, which nobody can interrupt. */
  | { ask: 'block'; ms: number };

/** What a gateway's thread asks the exchange for. */
export type ToExchange =
  | { ask: 'createKey'; wish: NewKey; nowMs: number }
  | { ask: 'revokeKey'; apiKey: string }
  | ListenKeyAsk
  | { ask: 'setCountdown'; account: number; marketId: number; inMs: number }
  | { ask: 'algo'; account: number; clientOrderId: string; isAlgo: boolean }
  | { ask: 'reach'; account: number; marketId: number }
  | { ask: 'guard'; account: number; change: 1 | -1 }
  | { ask: 'eventsAfter'; shard: number; account: number; epoch: number; sequence: number }
  | { ask: 'recentEvents'; shard: number; account: number; most: number }
  | { ask: 'history'; question: Question }
  | { ask: 'rows'; question: RowsQuestion }
  | { ask: 'status'; question: StatusQuestion }
  | { ask: 'page'; path: PagePath }
  | { ask: 'log'; level: 'info' | 'warn' | 'error'; fields: object; sentence: string }
  /** It dies, and takes no more clients. */
  | { ask: 'dying'; sentence: string };

export interface ListenKeyAsk {
  ask: 'openListenKey' | 'keepListenKey' | 'closeListenKey';
  account: number;
  apiKey: string;
}

export const PAGES = ['/health', '/metrics', '/v1/schema/sbe.xml'] as const;
export type PagePath = (typeof PAGES)[number];

/** An answer over HTTP. */
export interface Page {
  status: string;
  contentType: string;
  body: string;
}

/** Private events as they travel between threads. */
export type EventsAnswer = { words: Int32Array; starts: readonly number[] } | null;

export function eventsAnswer(found: Collected | null): EventsAnswer {
  return found === null ? null : { words: found.block.words, starts: found.starts };
}
