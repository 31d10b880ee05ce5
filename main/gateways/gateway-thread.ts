import type { HttpResponse, TemplatedApp } from 'uWebSockets.js';
import { spawnSync } from 'node:child_process';
import { setTimeout as sleep } from 'node:timers/promises';
import { parentPort, workerData } from 'node:worker_threads';
import { Bell } from '../../engine/runtime/bell.js';
import { HostStats } from '../../engine/runtime/host-stats.js';
import { RingReader, RingWriter } from '../../engine/runtime/ring.js';
import { RingPort } from '../../engine/runtime/ring-port.js';
import { RelayedLog } from '../../gateway/feeds/relayed-log.js';
import { Gateway } from '../../gateway/gateway.js';
import { RelayedKeys } from '../../gateway/identity/relayed-keys.js';
import { DEFAULT_LIMITS } from '../../gateway/limits.js';
import { clockOffsetMs } from '../../gateway/shared/shared-clock.js';
import { SharedLimits } from '../../gateway/shared/shared-limits.js';
import { memoryChunksOf } from '../exchange/feed-log.js';
import type { AttachedPort } from '../exchange/shard-access.js';
import { applyMarkets, applySeed, forEachAccount } from '../exchange/shard-seed.js';
import { exchangeTimeMs, feesOf } from '../exchange/shown-config.js';
import { Relay } from './relay.js';
import { deskOver, historyOver, logOver } from './thread-desk.js';
import {
  type GatewayThreadSeed,
  type GatewayThreadStart,
  PAGES,
  type Page,
  type PagePath,
  type ToExchange,
  type ToThread,
} from './thread-messages.js';
import { ThreadStats } from './thread-stats.js';

/** A gateway in a thread of its own; `gateway-threads.ts` is the other end. */

const BEAT_MS = 50;
/** What was sent to sockets has left, and the loop has let go of them. */
const LEAVE_MS = 50;
const CLOSE_WITHIN_MS = 1_000;
/** Who is not gone by then was interrupted on the way out, and tries again. */
const LEAVE_AGAIN_MS = 3_000;
const CRASHED = 3;

const start = workerData as GatewayThreadStart;
const parent = parentPort as NonNullable<typeof parentPort>;
const relay = new Relay<ToExchange, ToThread>(parent, follow);
const desk = deskOver(relay);
const clockMs = clockOffsetMs();
let gateway: Gateway | null = null;
let stats: ThreadStats | null = null;
let ports: RingPort[] = [];
let leftMs = Number.NEGATIVE_INFINITY;
/** Done in the next beat, where an interrupt does the most harm. */
let drill: (() => unknown) | null = null;

/**
 * The addon's sockets must be closed before a thread ends: Node ends the whole process otherwise (uv_loop_close with open handles). So
 * whatever goes wrong here, the thread closes its doors itself; and it is never ended from outside. What it hangs in may be.
 */
process.on('uncaughtException', (error) => {
  relay.tell({ ask: 'dying', sentence: error.stack ?? error.message });
  // Within this call: see Gateway.abandon.
  void leave(CRASHED);
});

function begin(seed: GatewayThreadSeed): void {
  const chunks = memoryChunksOf(seed.ports.length);
  const logs = seed.ports.map((_, shard) => new RelayedLog(shard, desk, chunks));
  const { host, venue, behindProxy, limits, operatorKey, feeTiers, hasHistory } = start;
  stats = new ThreadStats(seed.stats);
  ports = seed.ports.map(portOf);
  const shards = ports.map((ring, shard) => ({
    port: ring,
    privateLog: logs[shard] as RelayedLog,
  }));
  const shardStats = start.shardStats.map((memory) => new HostStats(memory));
  const opened = new Gateway({
    ...{ host, port: seed.port, venue, behindProxy, limits, shards, operatorKey, desk },
    sharesPort: true,
    catchUp,
    keys: new RelayedKeys(operatorKey, seed.keys, desk),
    shared: new SharedLimits(start.shared, seed.slot, { ...DEFAULT_LIMITS, ...limits }),
    log: logOver(relay),
    exchangeTimeMs: () => exchangeTimeMs(start, shardStats),
    refusesReplays: start.clock === 'real',
    feesOf: (tier) => feesOf(feeTiers, tier),
    routes: addPages,
    ...(hasHistory ? { history: historyOver(relay) } : {}),
  });
  gateway = opened;
  seed.seeds.forEach(({ epochNow, timeMs }, shard) => {
    opened.seed.shard(shard, epochNow, timeMs);
  });
  seed.seeds.forEach((state, shard) => {
    applyMarkets(state, shard, opened.seed);
  });
  seed.seeds.forEach((state, shard) => {
    const epochs = seed.epochs[shard] as Map<number, number>;
    applySeed(state, shard, opened.seed, (account) => epochs.get(account));
    forEachAccount(state, (account, sequence) => logs[shard]?.begin(account, sequence));
  });
  for (const key of seed.listenKeys) opened.binance.learnListenKey(key);
  opened.restorePublic(seed.memory);
  // What has happened since comes now.
  for (const ring of ports) {
    ring.held = false;
    ring.drain();
  }
  beat();
}

function catchUp(): void {
  for (const port of ports) if (port.pending) port.drain();
}

function portOf({ portId, commands, events, bell, wake }: AttachedPort): RingPort {
  const ring = new RingPort(
    portId,
    new RingWriter(commands),
    new RingReader(events),
    new Bell(bell),
  );
  // The gateway listens as soon as it is made, and knows nothing yet.
  ring.held = true;
  wake.on('message', () => ring.drain());
  return ring;
}

/** A sign of life. Who was given up while he stood still must not go on as if nothing had been. */
function beat(): void {
  // First of all: what is interrupted does not come to its end, nor does an interval go on that is interrupted.
  setTimeout(beat, BEAT_MS);
  const standStill = drill;
  drill = null;
  standStill?.();
  if (gateway === null || isLeaving()) return;
  stats?.write(performance.now() + clockMs, gateway.stats(), gateway.answerTimes);
  if (!ports.some((port) => port.closed)) return;
  relay.tell({ ask: 'dying', sentence: 'its ports to the shards were closed' });
  void leave(CRASHED);
}

async function follow(ask: ToThread): Promise<unknown> {
  if (ask.ask === 'loaded') return null;
  if (ask.ask === 'begin') return begin(ask.seed);
  const opened = gateway;
  if (opened === null) throw new Error('the gateway has not begun');
  switch (ask.ask) {
    case 'listen':
      await opened.listen();
      return null;
    case 'key':
      return opened.learnKey(ask.entry, ask.ends);
    case 'listenKey':
      return opened.binance.learnListenKey(ask.key);
    case 'endListenKey':
      return opened.binance.endListenKey(ask.account, ask.apiKey);
    case 'algo':
      return opened.binance.noteAlgo(ask.account, ask.clientOrderId, ask.isAlgo);
    case 'reach':
      return opened.reach(ask.account, ask.marketId);
    case 'knows':
      while (!opened.knows(ask.account)) await sleep(1);
      return null;
    case 'settle':
      return settle(opened);
    case 'candles':
      return opened.sawCandles(ask.candles);
    case 'crash':
      setImmediate(() => {
        throw new Error('a drill: this thread was asked to die');
      });
      return null;
    case 'stall':
      drill = () => Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, ask.ms);
      return null;
    case 'block':
      drill = () => spawnSync(process.execPath, ['-e', `setTimeout(() => {}, ${ask.ms})`]);
      return null;
    case 'stop':
      return leave(0);
  }
}

async function settle(opened: Gateway): Promise<void> {
  while (ports.some((port) => port.pending)) {
    for (const port of ports) port.drain();
    await new Promise((resolve) => setImmediate(resolve));
  }
  opened.tickNow();
}

function isLeaving(): boolean {
  return performance.now() - leftMs < LEAVE_AGAIN_MS;
}

/** Closes the doors and ends. Clients are told to come back. */
async function leave(code: number): Promise<void> {
  if (isLeaving()) return;
  leftMs = performance.now();
  // What else may go wrong now must not keep it from its end.
  if (code === 0) await Promise.race([gateway?.close().catch(() => {}), sleep(CLOSE_WITHIN_MS)]);
  try {
    gateway?.abandon();
  } catch (error) {
    relay.tell({ ask: 'dying', sentence: String(error) });
  }
  for (const port of ports) port.close();
  await sleep(LEAVE_MS);
  process.exit(code);
}

/** What the exchange alone can answer. */
function addPages(app: TemplatedApp): void {
  for (const path of PAGES) app.get(path, (response) => answerPage(response, path));
}

function answerPage(response: HttpResponse, path: PagePath): void {
  let isGone = false;
  response.onAborted(() => {
    isGone = true;
  });
  const send = ({ status, contentType, body }: Page) => {
    if (isGone) return;
    response.cork(() => {
      response.writeStatus(status).writeHeader('content-type', contentType).end(body);
    });
  };
  relay.ask<Page>({ ask: 'page', path }).then(send, (error: Error) => {
    send({ status: '503 Service Unavailable', contentType: 'text/plain', body: error.message });
  });
}
