import { base58 } from '@scure/base';
import type { Config } from './config.js';
import { PORT_MAX } from './hosts.js';
import { StartError, shown } from './problem.js';
import type { TableReader } from './table-reader.js';
import { readUrls } from './urls.js';

export const SETTLEMENTS = ['auto', 'on', 'off'] as const;
export const BUSES = ['auto', 'nats', 'embedded'] as const;

/** How fills come to the chain, and money to the exchange and back. */
export interface SettlementConfig {
  /** auto: on by the real clock, and where journals are synced. */
  mode: (typeof SETTLEMENTS)[number];
  bus: (typeof BUSES)[number];
  /** Door of deposits and withdrawals. */
  custodyPort: number;
  /** JSON-RPC of the embedded chain. */
  chainPort: number;
  /** Endpoints of a real chain; empty: the embedded one. */
  rpcUrls: string[];
  /** The token of deposits there, base58; null on the embedded chain, which has its own. */
  mint: string | null;
  /** Who made the exchange there, base58; null: the data folder knows, or its administrator makes it now. */
  founder: string | null;
  /** A batch is made so often, or when it has so many entries. */
  windowMs: number;
  batchEntriesMax: number;
}

const ADDRESS_BYTES = 32;
const PPB_ONE = 1_000_000_000;
/** Of the open interest, as `paymentCapPpm` of the program. */
const FUNDING_RATE_CAP_MAX_PPB = PPB_ONE / 10;
/** Both sides of a trade; and what one transaction may take, `BATCH_ENTRIES_MAX` of the program. */
const BATCH_ENTRIES_MIN = 2;
const BATCH_ENTRIES_MAX = 2_000;

export function readSettlement(table: TableReader): SettlementConfig {
  const config: SettlementConfig = {
    rpcUrls: readUrls(table, 'rpcUrls'),
    mint: readAddress(table, 'mint'),
    founder: readAddress(table, 'founder'),
    mode: table.choice('enabled', SETTLEMENTS),
    bus: table.choice('bus', BUSES),
    custodyPort: table.integer('custodyPort', 0, PORT_MAX),
    chainPort: table.integer('chainPort', 0, PORT_MAX),
    windowMs: table.integer('windowMs', 50, 3_600_000),
    batchEntriesMax: table.integer('batchEntriesMax', BATCH_ENTRIES_MIN, BATCH_ENTRIES_MAX),
  };
  if (config.rpcUrls.length > 0 && config.mint === null) {
    table.fail('rpcUrls need mint, the token of deposits');
  }
  return config;
}

/** Stops the start with a sentence where money of a real chain would be traded in a way that this chain could not settle. */
export function checkRealChain(config: Config): void {
  const { file, clock, fsync, markets, oracle, settlement } = config;
  if (settlement.mode === 'off' || settlement.rpcUrls.length === 0) return;
  const need = (isMet: boolean, wanted: string, is: string) => {
    if (!isMet) throw new StartError(`${file}: settlement.rpcUrls need ${wanted}, but it is ${is}`);
  };
  need(clock === 'real', 'the real clock', clock);
  need(fsync !== 'never', 'journals that are synced (--fsync batch or always)', fsync);
  need(oracle === 'pyth', '--oracle pyth: the chain settles by prices of Pyth only', oracle);
  for (const { params, pythFeed } of markets) {
    if (pythFeed !== null) continue;
    throw new StartError(
      `${file}: ${params.symbol}: pythFeed must be set with settlement.rpcUrls, but is missing; on chain a market keeps its feed for good`,
    );
  }
}

/** A round of funding above it would be a batch that the chain never takes, and everything behind it would wait. */
export function checkFundingCap({ file, markets, settlement }: Config): void {
  if (settlement.mode === 'off') return;
  for (const { params, pricing } of markets) {
    if (pricing.rateCapPpb <= FUNDING_RATE_CAP_MAX_PPB) continue;
    throw new StartError(
      `${file}: ${params.symbol}: fundingRateCap must be at most ${FUNDING_RATE_CAP_MAX_PPB / PPB_ONE} with settlement, but is ${pricing.rateCapPpb / PPB_ONE}`,
    );
  }
}

function readAddress(table: TableReader, key: string): string | null {
  if (!table.has(key)) return null;
  const text = table.text(key);
  if (isAddress(text)) return text;
  return table.fail(`${key} must be 32 bytes in base58, but is ${shown(text)}`);
}

function isAddress(text: string): boolean {
  try {
    return base58.decode(text).length === ADDRESS_BYTES;
  } catch {
    return false;
  }
}
