import { type ParseArgsConfig, parseArgs } from 'node:util';
import {
  CLOCKS,
  type Config,
  DEFAULT_START_TIME_MS,
  GATEWAY_THREADS_LIMIT,
  LAYOUTS,
  ORACLES,
  POLICIES,
  readConfig,
  SWEEP_THREADS_LIMIT,
} from './config.js';
import { PORT_MAX } from './hosts.js';
import { checkPyth } from './oracle-config.js';
import { StartError, shown } from './problem.js';
import {
  checkFundingCap,
  checkRealChain,
  SETTLEMENTS,
  type SettlementConfig,
} from './settlement-config.js';

export const HELP = `Usage: npm start -- [options]

Runs the exchange until Ctrl-C. Prints "ready {…}" with its ports when it accepts connections.

Options
  --config FILE          TOML file with what differs from main/plimsoll.toml
  --data DIR             folder of journals, snapshots, keys and logs (./data)
  --port N               public door: WebSocket at /v1, /health, /metrics (8080; 0 picks a free port)
  --fixp-port N          binary door
  --fix-port N           FIX 4.4 door (8083; 0 picks a free port)
  --admin-port N         admin API (8081; 0 picks a free port)
  --admin-token T        token of the admin API (default: generated once, kept in DATA/admin.token)
  --layout L             inline | compact | spread (inline below four cores, else compact)
  --clock C              real | manual: time moves only by POST /admin/v1/clock
  --start-time MS        where manual time begins (${DEFAULT_START_TIME_MS}, the beginning of 2026)
  --oracle O             recorded | manual | pyth
  --fsync P              never | batch | always
  --no-bots              no market makers
  --settlement S         on | off | auto: on with the real clock, unless journals are never synced
  --custody-port N       door of deposits and withdrawals (8084; 0 picks a free port)
  --chain-port N         JSON-RPC of the embedded chain (8899; 0 picks a free port)
  --gateway-threads N    threads that let clients in, all on the public port; 0: the main thread does
  --sweep-threads N      threads of each shard that sweep accounts; 0: its own does
  --help                 this text
`;

const TEXT = { type: 'string' } as const;
const OPTIONS = {
  config: TEXT,
  data: TEXT,
  port: TEXT,
  'fixp-port': TEXT,
  'fix-port': TEXT,
  'admin-port': TEXT,
  'admin-token': TEXT,
  layout: TEXT,
  clock: TEXT,
  'start-time': TEXT,
  oracle: TEXT,
  fsync: TEXT,
  'no-bots': { type: 'boolean' },
  'sweep-threads': TEXT,
  'gateway-threads': TEXT,
  settlement: TEXT,
  'custody-port': TEXT,
  'chain-port': TEXT,
  help: { type: 'boolean', short: 'h' },
} as const satisfies ParseArgsConfig['options'];

type Values = ReturnType<typeof parseOrExplain>;

/** The configuration with the options applied; null when the help is asked for. */
export function configOf(args: readonly string[]): Config | null {
  const values = parseOrExplain(args);
  if (values.help) return null;
  // Options first: a wrong one is told even when the file is wrong as well.
  const own = overrides(values);
  const read = readConfig(values.config ?? null);
  const settlement = { ...read.settlement, ...settlementOverrides(values) };
  const config = { ...read, ...own, settlement };
  checkRealChain(config);
  checkFundingCap(config);
  if (config.oracle === 'pyth') checkPyth(config);
  return config;
}

function settlementOverrides(values: Values): Partial<SettlementConfig> {
  const config: Partial<SettlementConfig> = {};
  const { settlement, 'custody-port': custody, 'chain-port': chain } = values;
  if (settlement !== undefined) config.mode = choice('settlement', settlement, SETTLEMENTS);
  if (custody !== undefined) config.custodyPort = integer('custody-port', custody, PORT_MAX);
  if (chain !== undefined) config.chainPort = integer('chain-port', chain, PORT_MAX);
  return config;
}

function overrides(values: Values): Partial<Config> {
  const config: Partial<Config> = {};
  const port = (name: keyof Values & string, text: string) => integer(name, text, PORT_MAX);
  if (values.data !== undefined) config.dataDir = notEmpty('data', values.data);
  if (values.port !== undefined) config.port = port('port', values.port);
  const fixp = values['fixp-port'];
  if (fixp !== undefined) config.fixpPort = port('fixp-port', fixp);
  const fix = values['fix-port'];
  if (fix !== undefined) {
    config.fixPort = port('fix-port', fix);
    config.isFixPortChosen = true;
  }
  const admin = values['admin-port'];
  if (admin !== undefined) config.adminPort = port('admin-port', admin);
  const token = values['admin-token'];
  if (token !== undefined) config.adminToken = adminToken(token);
  if (values.layout !== undefined) config.layout = choice('layout', values.layout, LAYOUTS);
  if (values.clock !== undefined) config.clock = choice('clock', values.clock, CLOCKS);
  if (values.oracle !== undefined) config.oracle = choice('oracle', values.oracle, ORACLES);
  if (values.fsync !== undefined) config.fsync = choice('fsync', values.fsync, POLICIES);
  const start = values['start-time'];
  if (start !== undefined) {
    config.startTimeMs = integer('start-time', start, Number.MAX_SAFE_INTEGER);
  }
  const sweeps = values['sweep-threads'];
  if (sweeps !== undefined) {
    config.sweepThreads = integer('sweep-threads', sweeps, SWEEP_THREADS_LIMIT);
  }
  const gateways = values['gateway-threads'];
  if (gateways !== undefined) {
    config.gatewayThreads = integer('gateway-threads', gateways, GATEWAY_THREADS_LIMIT);
  }
  if (values['no-bots']) config.bots = false;
  return config;
}

function parseOrExplain(args: readonly string[]) {
  try {
    return parseArgs({ args: [...args], options: OPTIONS, strict: true }).values;
  } catch (error) {
    const names = Object.keys(OPTIONS).map((name) => `--${name}`);
    const [sentence] = (error as Error).message.split('. ');
    throw new StartError(`${sentence}; the options are ${names.join(' ')}`, 2);
  }
}

function notEmpty(name: string, text: string): string {
  if (text !== '') return text;
  throw new StartError(`--${name} must not be empty`, 2);
}

/** It travels in an HTTP header. */
function adminToken(text: string): string {
  if (/^[\x21-\x7e]{8,256}$/.test(text)) return text;
  throw new StartError('--admin-token must be 8 to 256 printable characters without spaces', 2);
}

function integer(name: string, text: string, most: number): number {
  const value = /^\d{1,16}$/.test(text) ? Number(text) : Number.NaN;
  if (value <= most) return value;
  throw new StartError(`--${name} must be an integer from 0 to ${most}, but is ${shown(text)}`, 2);
}

function choice<T extends string>(name: string, text: string, choices: readonly T[]): T {
  const found = choices.find((one) => one === text);
  if (found !== undefined) return found;
  throw new StartError(`--${name} must be one of ${choices.join(', ')}, but is ${shown(text)}`, 2);
}
