import net from 'node:net';
import type { CandleRow } from '../../gateway/history/rows.js';
import { clockOffsetMs } from '../../gateway/shared/shared-clock.js';
import {
  MAIN_SLOT,
  type SharedLimits,
  type SharedLimitsMemory,
} from '../../gateway/shared/shared-limits.js';
import { THREAD_PORT_ID_FIRST, THREAD_PORT_ID_LAST } from '../exchange/shard-access.js';
import type { ShardGroup } from '../exchange/shard-group.js';
import { forEachAccount, type ShardSeed } from '../exchange/shard-seed.js';
import type { Health } from '../observe/health.js';
import { GatewayThreadHandle } from './gateway-thread-handle.js';
import { SILENT_MS, SilenceWatch } from './silence-watch.js';
import { type AnswerContext, ThreadAnswers } from './thread-answers.js';
import type { Drill, GatewayThreadStart } from './thread-messages.js';
import { ThreadStats } from './thread-stats.js';

export interface GatewayThreadsOptions
  extends Omit<AnswerContext, 'threads' | 'onDying'>,
    Omit<GatewayThreadStart, 'purpose' | 'port' | 'shared'> {
  readonly count: number;
  /** 0 picks a free one. */
  readonly port: number;
  readonly group: ShardGroup;
  readonly health: Health;
  readonly shared: { memory: SharedLimitsMemory; limits: SharedLimits };
}

/** A thread and those that came before it in its place. */
interface Place {
  readonly slot: number;
  readonly stats: ThreadStats;
  thread: GatewayThreadHandle | null;
  /** Since the exchange began. */
  restarts: number;
  /** Ends in a row without a time of quiet work between. */
  failures: number;
  listensSinceMs: number;
  /** How long the shards stood still for it. */
  heldMs: number;
  retry: NodeJS.Timeout | null;
}

/** As operators see it. */
export interface ThreadState {
  thread: number;
  state: 'listening' | 'starting' | 'ending' | 'dead';
  connections: number;
  restarts: number;
}

const WATCH_MS = 250;
/** Who has worked for so long has not failed in a row. */
const QUIET_MS = 10_000;
const RETRY_MS_FIRST = 250;
const RETRY_MS_MAX = 30_000;
/** So many ends in a row are something that an operator should look at. */
const FAILURES_ALARM = 3;
const STOP_WITHIN_MS = 5_000;

/**
 * Gateways in threads of their own, all on one port: the kernel gives each its part of the clients. One that ends is replaced at once, and
 * its clients come back to any of them; when it ends again and again, after a while that gets longer each time.
 */
export class GatewayThreads {
  readonly count: number;
  private readonly options: GatewayThreadsOptions;
  private readonly answers: ThreadAnswers;
  private readonly places: readonly Place[];
  private readonly clockMs = clockOffsetMs();
  private nextPortId = THREAD_PORT_ID_FIRST;
  private port = 0;
  private watch: NodeJS.Timeout | null = null;
  /** A thread that has loaded everything and waits for a place: loading takes most of the time that a replacement takes. */
  private spare: GatewayThreadHandle | null = null;
  /** One that could not even load is not tried again at once. */
  private spareAfterMs = 0;
  private silence = new SilenceWatch(0);
  private isOver = false;

  constructor(options: GatewayThreadsOptions) {
    this.options = options;
    this.count = options.count;
    this.places = Array.from({ length: options.count }, (_, i) => ({
      slot: MAIN_SLOT + 1 + i,
      stats: new ThreadStats(),
      thread: null,
      restarts: 0,
      failures: 0,
      listensSinceMs: 0,
      heldMs: 0,
      retry: null,
    }));
    const { gateway, history, log, logs, page } = options;
    const threads = () => this.places.flatMap(({ thread }) => thread ?? []);
    const onDying = (thread: GatewayThreadHandle) => {
      thread.hangs = false;
      this.dies(thread);
    };
    this.answers = new ThreadAnswers({ gateway, history, log, logs, page, threads, onDying });
  }

  /** Starts all threads; gives the port on which they listen. */
  async start(): Promise<number> {
    const [first, ...others] = this.places as readonly [Place, ...Place[]];
    const firstListens = this.open(first);
    await Promise.all([firstListens, ...others.map((place) => this.open(place, firstListens))]);
    this.silence = new SilenceWatch(this.nowMs());
    this.watch = setInterval(() => this.look(), WATCH_MS);
    this.spare = this.newThread();
    return this.port;
  }

  /** Ends all connections with a code that asks them to come back. A thread that does not end by itself ends with the process. */
  async stop(): Promise<void> {
    this.isOver = true;
    if (this.watch !== null) clearInterval(this.watch);
    const ending = this.places.map(({ retry, thread }) => {
      if (retry !== null) clearTimeout(retry);
      thread?.stop();
      return thread?.ended;
    });
    this.spare?.stop();
    ending.push(this.spare?.ended);
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise((resolve) => {
      timer = setTimeout(resolve, STOP_WITHIN_MS);
    });
    await Promise.race([Promise.all(ending), late]);
    clearTimeout(timer);
  }

  /** Numbers of those that have not ended. */
  get running(): number[] {
    return this.places.filter(({ thread }) => thread !== null).map(({ slot }) => slot);
  }

  /** What is shown of the exchange is shown by all. */
  settle(): Promise<void> {
    return this.answers.toAll({ ask: 'settle' });
  }

  /** Resolves when all threads know the account. */
  know(account: number): Promise<void> {
    return this.answers.toAll({ ask: 'knows', account });
  }

  sawCandles(candles: CandleRow[]): void {
    this.answers.tellAll({ ask: 'candles', candles });
  }

  states(): ThreadState[] {
    return this.places.map(({ restarts, slot, stats, thread }) => {
      return { thread: slot, state: stateOf(thread), connections: stats.connections, restarts };
    });
  }

  stats(): readonly ThreadStats[] {
    return this.places.map(({ stats }) => stats);
  }

  /**
   * Lets a thread die of an error that nobody catches, or stand still. False: there is none with this number that listens.
   */
  drill(slot: number, drill: Drill): boolean {
    const thread = this.places.find((place) => place.slot === slot)?.thread;
    if (thread?.isListening !== true) return false;
    // Who dies of it does not answer.
    thread.ask(drill).catch(() => {});
    return true;
  }

  /** `after`: what it loads meanwhile, and waits for. Rejects when the thread cannot be brought to listen; then it has ended. */
  private async open(place: Place, after?: Promise<void>): Promise<void> {
    const { gateway, group, host } = this.options;
    const { slot } = place;
    const thread = this.spare ?? this.newThread();
    const { portId } = thread;
    this.spare = null;
    place.thread = thread;
    try {
      await thread.loaded();
      await after;
      // Not before the first of them is about to listen: nobody holds a port that was found free.
      if (this.port === 0) this.port = await freePort(host, this.options.port);
      const { port } = this;
      const { heldMs, ports, seeds, seen } = await group.attachGateway(portId, () => {
        thread.hearFromNow();
        const keys = gateway.keys.entries();
        return { keys, listenKeys: gateway.binance.listenKeys, memory: gateway.publicMemory() };
      });
      place.heldMs = heldMs;
      const epochs = seeds.map((seed) => this.epochsOf(seed));
      const stats = place.stats.memory;
      await thread.begin({ slot, port, stats, ports, seeds, epochs, ...seen });
      place.stats.beatMs = this.nowMs();
      await thread.listen();
      place.listensSinceMs = this.nowMs();
      this.tellHealth();
    } catch (error) {
      thread.lastWords ||= (error as Error).stack ?? String(error);
      thread.stop();
      await thread.ended;
      throw error;
    }
  }

  private newThread(): GatewayThreadHandle {
    return new GatewayThreadHandle(this.newPortId(), this.threadStart(), {
      answer: (from, ask) => this.answers.answer(from, ask),
      onEnd: (thread) => {
        if (thread === this.spare) {
          this.spare = null;
          this.spareAfterMs = this.nowMs() + RETRY_MS_MAX;
        }
        const place = this.places.find((each) => each.thread === thread);
        if (place !== undefined) this.ended(place, thread);
      },
    });
  }

  private threadStart(): GatewayThreadStart {
    const { behindProxy, clock, feeTiers, hasHistory, host, limits, operatorKey } = this.options;
    const { shardStats, shared, startTimeMs, venue } = this.options;
    const same = { behindProxy, clock, feeTiers, hasHistory, host, limits, operatorKey };
    return {
      purpose: 'gateway',
      ...{ ...same, shardStats, startTimeMs, venue },
      shared: shared.memory,
    };
  }

  /** Where it is not the epoch of before this start. */
  private epochsOf(seed: ShardSeed): Map<number, number> {
    const { views } = this.options.gateway.folds;
    const epochs = new Map<number, number>();
    forEachAccount(seed, (account) => {
      const epoch = views.epochOf(account);
      if (epoch !== seed.epoch) epochs.set(account, epoch);
    });
    return epochs;
  }

  /** Nothing more comes from it, and nobody waits for it. */
  private dies(thread: GatewayThreadHandle): void {
    thread.giveUp();
    this.options.group.detachGateway(thread.portId);
  }

  private ended(place: Place, thread: GatewayThreadHandle): void {
    const { gateway, log, shared } = this.options;
    this.dies(thread);
    place.thread = null;
    place.stats.clear();
    shared.limits.dropSlot(place.slot);
    for (const account of thread.guarded.keys()) gateway.cancelAllOf(account);
    // Where not all have begun yet, the start fails of it.
    if (this.isOver || this.watch === null) return;
    const workedMs = place.listensSinceMs === 0 ? 0 : this.nowMs() - place.listensSinceMs;
    place.failures = workedMs > QUIET_MS ? 1 : place.failures + 1;
    place.listensSinceMs = 0;
    const delayMs = retryMsOf(place.failures);
    const when = delayMs === 0 ? 'now' : `in ${delayMs} ms`;
    const sentence = `gateway thread ${place.slot} has ended${inARow(place.failures)}; its clients come back to the others, and it is replaced ${when}`;
    log.error({ reason: thread.lastWords, thread: place.slot }, sentence);
    this.tellHealth();
    const endedMs = this.nowMs();
    place.retry = setTimeout(() => this.replace(place, endedMs), delayMs);
  }

  private replace(place: Place, endedMs: number): void {
    place.retry = null;
    place.restarts++;
    this.open(place).then(
      () => {
        const { log } = this.options;
        const sentence = `gateway thread ${place.slot} listens again, ${Math.round(this.nowMs() - endedMs)} ms after it has ended`;
        log.warn({ thread: place.slot, heldMs: Math.round(place.heldMs) }, sentence);
      },
      // Whatever it was, it has ended, and is tried again.
      () => {},
    );
  }

  private look(): void {
    const nowMs = this.nowMs();
    this.silence.look(nowMs);
    for (const place of this.places) {
      const isListening = place.thread?.isListening === true;
      if (isListening && nowMs - place.listensSinceMs > QUIET_MS) place.failures = 0;
      if (isListening && this.silence.isSilent(place.stats.beatMs)) this.giveUp(place);
      // Not while it is on its way out by itself: what closes its doors must not be cut off.
      if (place.thread?.hangs === true) place.thread.interrupt();
    }
    this.tellHealth();
    const isQuiet = this.places.every(({ thread }) => thread?.isListening === true);
    if (isQuiet && nowMs >= this.spareAfterMs) this.spare ??= this.newThread();
  }

  private giveUp({ slot, thread }: Place): void {
    if (thread === null) return;
    const sentence = `gateway thread ${slot} has given no sign of life for ${SILENT_MS} ms; the shards do not wait for it any more`;
    this.options.log.error({ thread: slot }, sentence);
    thread.lastWords = sentence;
    thread.hangs = true;
    this.dies(thread);
  }

  private tellHealth(): void {
    const { health } = this.options;
    const none = this.places.every(({ thread }) => thread?.isListening !== true);
    if (none) health.set('gateways', 'no gateway thread lets clients in');
    else health.clear('gateways');
    for (const { failures, slot, thread } of this.places) {
      const name = `gateway-thread-${slot}`;
      if (thread?.isGone === true) health.warn(name, `gateway thread ${slot} does not answer`);
      else if (failures < FAILURES_ALARM) health.clear(name);
      else health.warn(name, `gateway thread ${slot} has ended ${failures} times in a row`);
    }
  }

  private newPortId(): number {
    const portId = this.nextPortId;
    this.nextPortId = portId === THREAD_PORT_ID_LAST ? THREAD_PORT_ID_FIRST : portId + 1;
    return portId;
  }

  private nowMs(): number {
    return performance.now() + this.clockMs;
  }
}

function stateOf(thread: GatewayThreadHandle | null): ThreadState['state'] {
  if (thread === null) return 'dead';
  if (thread.isGone) return 'ending';
  return thread.isListening ? 'listening' : 'starting';
}

/** At once after a first end. */
function retryMsOf(failures: number): number {
  return failures <= 1 ? 0 : Math.min(RETRY_MS_MAX, RETRY_MS_FIRST * 2 ** (failures - 2));
}

function inARow(failures: number): string {
  return failures === 1 ? '' : `, ${failures} times in a row`;
}

/**
 * The port itself, or one that is free. It is listened on for a moment, alone: several threads may share a port, so that another program's use
 * of it would not be noticed otherwise.
 */
function freePort(host: string, port: number): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = net.createServer();
    server.once('error', reject);
    server.listen({ host, port, exclusive: true }, () => {
      const found = (server.address() as net.AddressInfo).port;
      server.close(() => resolve(found));
    });
  });
}
