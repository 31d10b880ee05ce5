import fs from 'node:fs';
import { parse } from 'smol-toml';
import { FEE_RATE_PPM_MAX, FEE_TIERS } from '../../engine/market/fee-schedule.js';
import type { Ppm } from '../../engine/units/units.js';
import { DEFAULT_LIMITS, type GatewayLimits } from '../../gateway/limits.js';
import { packageFile } from '../package-root.js';
import { PORT_MAX } from './hosts.js';
import { type MarketConfig, readMarket, readRatePpm } from './market-config.js';
import { type OracleConfig, readOracle } from './oracle-config.js';
import { readPricing } from './pricing-config.js';
import { StartError, shown } from './problem.js';
import { readSettlement, type SettlementConfig } from './settlement-config.js';
import { TableReader } from './table-reader.js';

export const LAYOUTS = ['inline', 'compact', 'spread'] as const;
export type Layout = (typeof LAYOUTS)[number];
export const POLICIES = ['never', 'batch', 'always'] as const;
export const CLOCKS = ['real', 'manual'] as const;
export const ORACLES = ['recorded', 'manual', 'pyth'] as const;
export const SWEEP_THREADS_LIMIT = 64;
export const GATEWAY_THREADS_LIMIT = 15;

export interface FeeTierConfig {
  tier: number;
  makerPpm: Ppm;
  takerPpm: Ppm;
}

/** Everything that a start needs to know, from files and options. */
export interface Config {
  /** For complaints that come later. */
  file: string;
  venue: string;
  dataDir: string;
  layout: Layout | 'auto';
  fsync: (typeof POLICIES)[number];
  clock: (typeof CLOCKS)[number];
  startTimeMs: number;
  oracle: (typeof ORACLES)[number];
  /** Sources of --oracle pyth. */
  priceSources: OracleConfig;
  bots: boolean;
  host: string;
  port: number;
  fixpPort: number;
  fixPort: number;
  /** The operator has named it: a start fails when it cannot be had. */
  isFixPortChosen: boolean;
  adminHost: string;
  adminPort: number;
  /** Null: generated once and kept in the data folder. */
  adminToken: string | null;
  /** Null: by the layout. */
  snapshotEveryMessages: number | null;
  snapshotEveryMs: number;
  /** Threads of a shard that sweep accounts, 0 for none; null: by the machine's cores. */
  sweepThreads: number | null;
  /** Whether orders, fills, trades and the rest are kept in a database for requests. */
  history: boolean;
  settlement: SettlementConfig;
  gatewayLimits: Partial<GatewayLimits>;
  /** A proxy on this machine stands before the public port. */
  behindProxy: boolean;
  /** Threads that let clients in; 0: the main thread does. */
  gatewayThreads: number;
  feeTiers: FeeTierConfig[];
  markets: MarketConfig[];
}

/** Beginning of the year 2026, the default of --start-time. */
export const DEFAULT_START_TIME_MS = Date.UTC(2026, 0, 1);
const DEFAULTS_FILE = 'main/plimsoll.toml';

/** The defaults, with what the file says in their place. */
export function readConfig(file: string | null): Config {
  const defaults = parseFile(packageFile(DEFAULTS_FILE));
  if (file === null) return toConfig(DEFAULTS_FILE, defaults);
  const own = parseFile(file);
  const isFixPortChosen = isTable(own.ports) && own.ports.fix !== undefined;
  return { ...toConfig(file, merged(defaults, own)), isFixPortChosen };
}

function parseFile(file: string): Record<string, unknown> {
  let text: string;
  try {
    text = fs.readFileSync(file, 'utf8');
  } catch (error) {
    throw new StartError(`the configuration ${file} cannot be read: ${(error as Error).message}`);
  }
  try {
    return parse(text) as Record<string, unknown>;
  } catch (error) {
    const [first] = (error as Error).message.split('\n');
    const { line, column } = error as { line?: number; column?: number };
    const where = line === undefined ? '' : `line ${line}, column ${column}: `;
    throw new StartError(`${file}: ${where}${first}`);
  }
}

/** Tables are merged, everything else (lists too) is replaced. */
function merged(base: Record<string, unknown>, own: Record<string, unknown>) {
  const result: Record<string, unknown> = { ...base };
  for (const [key, value] of Object.entries(own)) {
    const before = result[key];
    result[key] = isTable(before) && isTable(value) ? merged(before, value) : value;
  }
  return result;
}

function isTable(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function toConfig(file: string, values: Record<string, unknown>): Config {
  const root = new TableReader(file, '', values);
  const exchange = root.tableAt('exchange');
  const ports = root.tableAt('ports');
  const admin = root.tableAt('admin');
  const snapshots = root.tableAt('snapshots');
  const risk = root.tableAt('risk');
  const history = root.tableAt('history');
  const settlement = root.tableAt('settlement');
  const gateway = root.tableAt('gateway');
  const priceSources = readOracle(root.tableAt('oracle'));
  const config: Config = {
    file,
    venue: exchange.text('venue', /^[a-z0-9-]{1,32}$/, "1 to 32 of a-z, 0-9 and '-'"),
    dataDir: exchange.text('data'),
    layout: exchange.choice('layout', ['auto', ...LAYOUTS]),
    fsync: exchange.choice('fsync', POLICIES),
    clock: exchange.choice('clock', CLOCKS),
    startTimeMs: DEFAULT_START_TIME_MS,
    oracle: exchange.choice('oracle', ORACLES),
    priceSources,
    bots: exchange.flag('bots'),
    host: ports.text('host'),
    port: ports.integer('public', 0, PORT_MAX),
    fixpPort: ports.integer('fixp', 0, PORT_MAX),
    fixPort: ports.integer('fix', 0, PORT_MAX),
    isFixPortChosen: false,
    adminHost: admin.text('host'),
    adminPort: admin.integer('port', 0, PORT_MAX),
    adminToken: null,
    snapshotEveryMessages: snapshots.integerOr('auto', 'everyMessages', 1_000, 1e12),
    snapshotEveryMs: snapshots.integer('everyMinutes', 1, 100_000) * 60_000,
    sweepThreads: risk.integerOr('auto', 'sweepThreads', 0, SWEEP_THREADS_LIMIT),
    history: history.flag('enabled'),
    settlement: readSettlement(settlement),
    gatewayThreads: gateway.integer('threads', 0, GATEWAY_THREADS_LIMIT),
    behindProxy: gateway.flag('behindProxy'),
    gatewayLimits: readLimits(gateway),
    feeTiers: root.list('feeTiers').map(readFeeTier),
    markets: readMarkets(root, priceSources),
  };
  const tables = [exchange, ports, admin, snapshots, risk, history, settlement, root];
  for (const table of tables) table.refuseUnknown();
  refuseTwins(
    file,
    'markets',
    'id',
    config.markets.map((market) => market.marketId),
  );
  refuseTwins(
    file,
    'markets',
    'symbol',
    config.markets.map((market) => market.params.symbol),
  );
  refuseTwins(
    file,
    'feeTiers',
    'tier',
    config.feeTiers.map(({ tier }) => tier),
  );
  return config;
}

/** `[pricing]` holds for every market that says nothing else. */
function readMarkets(root: TableReader, { guards }: OracleConfig): MarketConfig[] {
  const pricing = readPricing(root.tableAt('pricing'));
  return root.list('markets').map((table) => readMarket(table, pricing, guards));
}

function readLimits(table: TableReader): Partial<GatewayLimits> {
  const limits: Partial<GatewayLimits> = {};
  for (const key of Object.keys(DEFAULT_LIMITS) as (keyof GatewayLimits)[]) {
    if (table.has(key)) limits[key] = table.integer(key, 1, Number.MAX_SAFE_INTEGER);
  }
  table.refuseUnknown();
  const { connectionsMax, socketsMax } = { ...DEFAULT_LIMITS, ...limits };
  if (connectionsMax > socketsMax) {
    table.fail(
      `connectionsMax must be at most socketsMax, ${socketsMax}, but is ${connectionsMax}`,
    );
  }
  return limits;
}

function readFeeTier(table: TableReader): FeeTierConfig {
  const tier = table.integer('tier', 0, FEE_TIERS - 1);
  const makerPpm = readRatePpm(table, 'maker', -FEE_RATE_PPM_MAX, FEE_RATE_PPM_MAX);
  const takerPpm = readRatePpm(table, 'taker', 0, FEE_RATE_PPM_MAX);
  table.refuseUnknown();
  return { tier, makerPpm, takerPpm };
}

function refuseTwins(file: string, list: string, key: string, values: unknown[]): void {
  values.forEach((value, i) => {
    const first = values.indexOf(value);
    if (first === i) return;
    throw new StartError(
      `${file}: ${list}[${i}].${key} must not be used twice, but ${shown(value)} is ${list}[${first}]'s`,
    );
  });
}
