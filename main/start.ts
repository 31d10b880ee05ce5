import os from 'node:os';
import { setFlagsFromString } from 'node:v8';
import type { Bots } from './bots/bots.js';
import { configOf, HELP } from './config/command-line.js';
import type { Config, Layout } from './config/config.js';
import { hostInUrl } from './config/hosts.js';
import { StartError } from './config/problem.js';
import { Exchange } from './exchange/exchange.js';
import { OracleFeed } from './exchange/oracle-feed.js';
import { StatusLine } from './observe/status-line.js';
import type { SettlementGroup } from './settlement/settlement-group.js';
import { startSettlement } from './settlement/start-settlement.js';

/** From here on a core for the shard alone is worth the hand-over between threads. */
const COMPACT_CORES = 4;

/**
 * How much V8 inlines into one function, in bytes of its bytecode; 920 unless told. What an order passes on its way are many short functions,
 * and numbers that one hands to another are made objects of where it is a call: the binary door takes 8 % less of its thread.
 */
const INLINED_BYTECODE_MAX = 2_000;

async function main(): Promise<void> {
  setFlagsFromString(`--max-inlined-bytecode-size-cumulative=${INLINED_BYTECODE_MAX}`);
  // Whoever reads the output may go away: that is no reason to stop trading.
  for (const stream of [process.stdout, process.stderr]) stream.on('error', () => {});
  const config = configOf(process.argv.slice(2));
  if (config === null) {
    process.stdout.write(HELP);
    return;
  }
  const layout = layoutOf(config);
  // From here on a signal means an orderly end, however early it comes.
  const stopped = stopSignal(config.gatewayThreads);
  const exchange = await Exchange.open(config, layout);
  const oracle = new OracleFeed(exchange, config);
  let bots: Bots | null = null;
  let settlement: SettlementGroup | null = null;
  try {
    await exchange.start();
    await oracle.start(config.clock);
    announce(exchange, config);
    settlement = await startSettlement(exchange, config);
    if (config.bots) bots = await startBots(exchange, config);
    const status = new StatusLine(exchange);
    status.start();
    await stopped;
    status.stop();
    say('stopping …');
  } finally {
    await bots?.stop();
    await oracle.stop();
    await exchange.stop();
    await settlement?.stop();
    endWithoutHungThreads(exchange);
  }
}

/** All that counts is closed. Node would wait for a thread that hangs in a call of the operating system, for as long as that takes. */
function endWithoutHungThreads({ runningThreads }: Exchange): void {
  if (runningThreads.length === 0) return;
  say(
    `gateway thread ${runningThreads.join(', ')} hangs; the process is killed, as all else is closed`,
  );
  process.kill(process.pid, 'SIGKILL');
}

/** A client library is a fourth of all that an exchange loads: only those with bots do. */
async function startBots(exchange: Exchange, config: Config): Promise<Bots> {
  const { Bots } = await import('./bots/bots.js');
  const bots = new Bots(exchange, config);
  await bots.start();
  return bots;
}

function layoutOf(config: Config): Layout {
  const { gatewayThreads, layout } = config;
  if (gatewayThreads > 0 && layout === 'inline') {
    throw new StartError(
      `layout inline has one thread for everything and cannot have ${gatewayThreads} gateway threads; choose --layout compact or spread, or --gateway-threads 0`,
      2,
    );
  }
  if (layout !== 'auto') return layout;
  if (gatewayThreads > 0) return 'compact';
  return os.availableParallelism() < COMPACT_CORES ? 'inline' : 'compact';
}

function announce(exchange: Exchange, config: Config): void {
  for (const notice of exchange.notices) say(notice);
  const { port, fixpPort, fixPort, adminPort, adminToken, layout } = exchange;
  say(`layout ${layout}, journal synced by policy ${config.fsync}, data in ${config.dataDir}`);
  const host = hostInUrl(config.host);
  say(`traders: ws://${host}:${port}/v1   health: http://${host}:${port}/health`);
  say(`binary door: ${host}:${fixpPort}`);
  say(`operators: http://${hostInUrl(config.adminHost)}:${adminPort}/admin/v1`);
  if (fixPort !== null) say(`traders by FIX 4.4: ${host}:${fixPort}`);
  const ready = { port, fixpPort, fixPort, adminPort, adminToken };
  process.stdout.write(`ready ${JSON.stringify(ready)}\n`);
}

/** Ctrl-C under npm reaches this process twice, from the terminal and from npm: that is one wish. */
const SAME_SIGNAL_MS = 1_000;

/** Resolves at the first signal; at another one, later, the process ends at once. */
function stopSignal(gatewayThreads: number): Promise<void> {
  return new Promise((resolve) => {
    let askedMs: number | null = null;
    const onSignal = () => {
      const nowMs = performance.now();
      askedMs ??= nowMs;
      // The journal is what counts, and it is as good as after a kill.
      if (nowMs - askedMs > SAME_SIGNAL_MS) endAtOnce(gatewayThreads);
      resolve();
    };
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, onSignal);
  });
}

/** Node takes an exit with open sockets in another thread for a fault of its own, and says so at length. */
function endAtOnce(gatewayThreads: number): void {
  if (gatewayThreads > 0) process.kill(process.pid, 'SIGKILL');
  process.exit(130);
}

function say(sentence: string): void {
  process.stderr.write(`plimsoll: ${sentence}\n`);
}

main().then(
  () => process.exit(0),
  (error: Error) => {
    // People need a sentence; what nobody expected shows where it came from.
    const known = error instanceof StartError || KNOWN_ERRORS.has(error.name);
    say(known ? error.message : (error.stack ?? error.message));
    process.exit(error instanceof StartError ? error.exitCode : 1);
  },
);

const KNOWN_ERRORS = new Set([
  'LockedError',
  'JournalDamageError',
  'JournalGapError',
  'JournalWriteError',
  'InconsistentShardsError',
]);
