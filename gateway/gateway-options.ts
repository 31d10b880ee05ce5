import type { TemplatedApp } from 'uWebSockets.js';
import type { ShardPort } from '../engine/shard/shard-port.js';
import type { FeeRates } from './binance/account-requests.js';
import type { DialectMemory } from './binance/dialect.js';
import type { PrivateEvents } from './feeds/private-events.js';
import type { FeedsMemory } from './feeds/public-feeds.js';
import type { HistoryQueries } from './history/query-pool.js';
import type { KeyStore } from './identity/key-store.js';
import type { GatewayLimits } from './limits.js';
import type { HomeDesk } from './shared/home-desk.js';
import type { SharedLimits } from './shared/shared-limits.js';

/** A logger as pino has it; the gateway logs no keys, signatures or messages. */
export interface GatewayLog {
  info(fields: object, message: string): void;
  warn(fields: object, message: string): void;
  error(fields: object, message: string): void;
}

/** A shard as a gateway is given it. */
export interface GatewayShard {
  port: ShardPort;
  /** The log of the private feeds of accounts that are at home there; by default one in memory. */
  privateLog?: PrivateEvents;
}

export interface GatewayOptions {
  /** 0 picks a free port. */
  port: number;
  host: string;
  /** By number. */
  shards: readonly GatewayShard[];
  /** From which API secrets follow; at least 32 random bytes that the operator keeps. */
  operatorKey: Uint8Array;
  /** Where API keys are kept that accounts make for themselves; by default in memory. */
  keyFile?: string;
  /** Name of the venue in signed logins, so that a signature for a sandbox opens nothing else. */
  venue?: string;
  limits?: Partial<GatewayLimits>;
  log?: GatewayLog;
  /** Whether a proxy on this machine stands before the port; by default none does (client-address.ts). */
  behindProxy?: boolean;
  /** The exchange's time; by default real time. */
  exchangeTimeMs?: () => number;
  /** Answers requests for history; without it there are neither these nor candles. */
  history?: HistoryQueries;
  /** Whether a signed request of the Binance door that changes something is taken once; by default it is. */
  refusesReplays?: boolean;
  /** What accounts of a fee tier pay, to be shown; by default nothing. */
  feesOf?: (tier: number) => FeeRates;
  /** API keys that another thread keeps; by default this one keeps them, in `keyFile`. */
  keys?: KeyStore;
  /** What this thread has in common with others, and the thread that has what there is once for all; by default it is alone. */
  shared?: SharedLimits;
  desk?: HomeDesk;
  /**
   * Takes in what the shards have sent already: who was answered by one thread, and asks another one, must find there what he was told. By
   * default there is one thread.
   */
  catchUp?: () => void;
  /** Others listen on the port, too; it must be a number then. */
  sharesPort?: boolean;
  /** Further HTTP routes on the same port, such as /health and /metrics. */
  routes?: (app: TemplatedApp) => void;
}

/** What public feeds show that was before; plain data that can be handed to a thread. */
export interface PublicMemory {
  feeds: FeedsMemory;
  binance: DialectMemory;
}

export interface GatewayStats {
  connections: number;
  messages: number;
  commands: number;
  refused: number;
  busy: number;
  rateLimited: number;
  events: number;
  openOrders: number;
  /** Accounts of which something is on its way down the liquidation ladder. */
  liquidations: number;
  /** One of LOAD; requests of all doors that were answered `busy`; ticks that held public data back. */
  loadLevel: number;
  shedRequests: number;
  slowTicks: number;
  /** Sockets that were closed unanswered, because there were too many. */
  refusedSockets: number;
}
