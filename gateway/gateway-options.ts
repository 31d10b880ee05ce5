import type { TemplatedApp } from 'uWebSockets.js';
import type { ShardPort } from '../engine/shard/shard-port.js';
import type { FeeRates } from './binance/account-requests.js';
import type { PrivateLog } from './feeds/private-log.js';
import type { HistoryQueries } from './history/query-pool.js';
import type { GatewayLimits } from './limits.js';

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
  privateLog?: PrivateLog;
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
  /** The exchange's time; by default real time. */
  exchangeTimeMs?: () => number;
  /** Answers requests for history; without it there are neither these nor candles. */
  history?: HistoryQueries;
  /** Whether a signed request of the Binance door that changes something is taken once; by default it is. */
  refusesReplays?: boolean;
  /** What accounts of a fee tier pay, to be shown; by default nothing. */
  feesOf?: (tier: number) => FeeRates;
  /** Further HTTP routes on the same port, such as /health and /metrics. */
  routes?: (app: TemplatedApp) => void;
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
}
