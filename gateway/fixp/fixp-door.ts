import net from 'node:net';
import type { ShardPort } from '../../engine/shard/shard-port.js';
import type { GatewayFolds } from '../gateway-folds.js';
import type { KeyStore } from '../identity/key-store.js';
import { DEFAULT_LIMITS, type GatewayLimits } from '../limits.js';
import { OwnPauses } from '../session/own-pauses.js';
import { TurnPace } from '../turn-pace.js';
import { WokenShards } from '../woken-shards.js';
import { type ApplicationCounters, ApplicationMessages } from './application-messages.js';
import { EventDelivery } from './event-delivery.js';
import { FixpConnection } from './fixp-connection.js';
import { DEFAULT_FIXP_LIMITS, type FixpLimits } from './fixp-limits.js';
import { type FixpSession, FixpSessions } from './fixp-session.js';
import { FlowBudget } from './flow-store.js';
import { TerminationCode } from './generated/index.js';
import { Handshake } from './handshake.js';
import { MarketData } from './market-data.js';
import { SessionLayer } from './session-layer.js';

export interface FixpDoorOptions {
  /** 0 picks a free port. */
  port: number;
  host: string;
  /** One port of each shard, by number, which nobody else has. */
  shards: readonly ShardPort[];
  /** What the gateway knows of accounts, markets and orders; it is fed before this door is. */
  folds: GatewayFolds;
  /** Agents' keys. */
  keys: KeyStore;
  venue?: string;
  limits?: Partial<GatewayLimits>;
  fixpLimits?: Partial<FixpLimits>;
  exchangeTimeMs?: () => number;
}

export interface FixpStats extends ApplicationCounters {
  connections: number;
  sessions: number;
  events: number;
}

const HOUSEKEEPING_MS = 50;

/** The binary door: FIXP sessions over TCP. Construct it, then `listen`. */
export class FixpDoor {
  private readonly options: FixpDoorOptions;
  private readonly limits: GatewayLimits;
  private readonly fixpLimits: FixpLimits;
  private readonly sessions = new FixpSessions();
  private readonly connections = new Set<FixpConnection>();
  private readonly application: ApplicationMessages;
  private readonly handshake: Handshake;
  private readonly layer: SessionLayer;
  private readonly marketData: MarketData;
  private readonly deliveries: readonly EventDelivery[];
  private readonly server: net.Server;
  /** Sessions whose flow has something new for their connection. */
  private readonly touched: FixpSession[] = [];
  private readonly unflushed = new WokenShards();
  private flushing = false;
  private flushArmed = false;
  private readonly pace = new TurnPace(() => this.handOn());
  private readonly timers: NodeJS.Timeout[] = [];
  private readonly pauses = new OwnPauses(HOUSEKEEPING_MS, Date.now());

  constructor(options: FixpDoorOptions) {
    this.options = options;
    this.limits = { ...DEFAULT_LIMITS, ...options.limits };
    this.fixpLimits = { ...DEFAULT_FIXP_LIMITS, ...options.fixpLimits };
    const { shards, folds } = options;
    const { limits, fixpLimits, sessions } = this;
    const nowMs = () => Date.now();
    const { markets, views, openOrders, accounts, allowances, load, ratios, logOf, epoch } = folds;
    load.watch(shards);
    const exchangeTimeMs = options.exchangeTimeMs ?? nowMs;
    const { publicBufferBytesMax, requestsBurst, strikesMax } = limits;
    const flowBudget = new FlowBudget(fixpLimits.allFlowsBytesMax);
    const marketData = new MarketData({
      ...{ folds, publicBufferBytesMax, requestsBurst, nowMs, exchangeTimeMs },
    });
    this.marketData = marketData;
    this.application = new ApplicationMessages({
      ...{ limits, markets, views, openOrders, nowMs, load, ratios },
      quoteEntriesMax: fixpLimits.quoteEntriesMax,
      marketData,
      ports: shards,
      exchangeTimeMs,
      wake: (shard) => this.unflushed.add(shard),
    });
    const { quotes } = this.application;
    this.deliveries = shards.map(({ portId }, shard) => {
      const touched = (session: FixpSession) => this.touch(session);
      const to = { portId, shard, sessions, markets, openOrders, quotes, marketData, touched };
      return new EventDelivery(to);
    });
    this.handshake = new Handshake({
      ...{
        limits,
        fixpLimits,
        accounts,
        allowances,
        sessions,
        flowBudget,
        logOf,
        epoch,
        nowMs,
        exchangeTimeMs,
      },
      keys: options.keys,
      venue: options.venue ?? 'plimsoll',
      accountSeqNo: (account) => views.sequenceOf(account),
      replay: (session, found) => this.deliveries[session.identity.home]?.replay(session, found),
    });
    this.layer = new SessionLayer(this.handshake, this.application, fixpLimits, strikesMax, nowMs);
    this.server = net.createServer({ noDelay: true }, (socket) => this.open(socket));
    this.server.maxConnections = limits.tcpConnectionsMax;
    shards.forEach((port, shard) => {
      port.onEvents((this.deliveries[shard] as EventDelivery).consume);
    });
  }

  /** Accepts connections; gives the port. */
  listen(): Promise<number> {
    this.timers.push(
      setInterval(() => this.housekeeping(), HOUSEKEEPING_MS),
      setInterval(() => this.marketData.tick(), this.limits.tickMs),
    );
    return new Promise((resolve, reject) => {
      // Later ones, such as too many open files, concern one connection that did not come.
      this.server.on('error', reject);
      this.server.listen(this.options.port, this.options.host, () => {
        resolve((this.server.address() as net.AddressInfo).port);
      });
    });
  }

  stats(): FixpStats {
    return {
      ...this.application.counters,
      connections: this.connections.size,
      sessions: this.sessions.count,
      events: this.deliveries.reduce((sum, { events }) => sum + events, 0),
    };
  }

  /** Ends all connections with a code that asks them to come back. */
  async close(): Promise<void> {
    for (const timer of this.timers) clearInterval(timer);
    this.flushConnections();
    const now = Date.now();
    for (const connection of this.connections) {
      connection.terminate(TerminationCode.GoingAway, 'the exchange stops', now);
    }
    if (!this.server.listening) return;
    await new Promise<void>((resolve) => this.server.close(() => resolve()));
  }

  private open(socket: net.Socket): void {
    const { frameBytesMax } = this.fixpLimits;
    const { privateBufferBytesMax } = this.limits;
    const connection = new FixpConnection(socket, frameBytesMax, privateBufferBytesMax, Date.now());
    this.connections.add(connection);
    socket.on('data', (chunk: Buffer) => {
      this.layer.receive(connection, chunk);
      // Answers of the door itself are in the flow already; inline, those of the exchange are after this.
      if (connection.session !== null) this.noteTouched(connection.session);
      if (!connection.finishing) {
        this.pace.came();
        return;
      }
      this.handOn();
      connection.terminate(TerminationCode.Finished, 'as asked for', Date.now());
    });
    // What there is to say about a broken connection, its end says too.
    socket.on('error', () => {});
    socket.on('close', () => this.closed(connection));
  }

  private closed(connection: FixpConnection): void {
    connection.closed = true;
    this.connections.delete(connection);
    const { session } = connection;
    const { negotiated } = connection;
    // Negotiated and never established: nobody can have seen anything of it.
    if (negotiated?.lastEstablishMs === 0) this.sessions.remove(negotiated);
    if (session?.connection !== connection) return;
    session.connection = null;
    this.marketData.leave(session);
    if (session.cancelsOnDisconnect) {
      this.application.disconnected(session);
      this.handOn();
    }
    session.unboundAtMs = Date.now();
  }

  private touch(session: FixpSession): void {
    this.noteTouched(session);
    if (this.flushing || this.flushArmed) return;
    this.flushArmed = true;
    // Runs when the call that drains the events returns to the event loop: one write for each connection.
    queueMicrotask(this.drainEnded);
  }

  private noteTouched(session: FixpSession): void {
    if (session.isTouched) return;
    session.isTouched = true;
    this.touched.push(session);
  }

  private readonly drainEnded = (): void => {
    this.flushArmed = false;
    // What the events have set off: protection takes quotes back.
    this.handOn();
  };

  private handOn(): void {
    this.flushPorts();
    this.flushConnections();
  }

  private flushPorts(): void {
    this.flushing = true;
    const { unflushed } = this;
    for (let shard = unflushed.take(); shard !== undefined; shard = unflushed.take()) {
      this.options.shards[shard]?.flush();
    }
    this.flushing = false;
  }

  private flushConnections(): void {
    const now = Date.now();
    for (const session of this.touched) {
      session.isTouched = false;
      session.connection?.flush(now);
    }
    this.touched.length = 0;
  }

  private forgetOldSessions(nowMs: number): void {
    for (const session of this.sessions.all()) {
      if (session.connection !== null) continue;
      if (nowMs - session.unboundAtMs > this.fixpLimits.unboundMsMax) this.sessions.remove(session);
    }
  }

  private housekeeping(): void {
    this.application.retry();
    this.flushPorts();
    const now = Date.now();
    this.forgetOldSessions(now);
    if (!this.pauses.wasAway(now)) for (const each of this.connections) this.endSilent(each, now);
    for (const connection of this.connections) {
      const { closed, session, keepaliveMs, lastSentMs } = connection;
      if (session === null || closed) continue;
      const isVoid = this.handshake.keyProblem(session, connection.address);
      if (isVoid !== null) connection.terminate(TerminationCode.InvalidSession, isVoid, now);
      else if (now - lastSentMs >= keepaliveMs - HOUSEKEEPING_MS) connection.sendSequence(now);
    }
  }

  private endSilent(connection: FixpConnection, now: number): void {
    const { session, keepaliveMs, lastHeardMs, openedAtMs } = connection;
    const { loginTimeoutMs } = this.limits;
    if (session === null && now - openedAtMs > loginTimeoutMs) {
      const sentence = `not established within ${loginTimeoutMs} ms`;
      connection.terminate(TerminationCode.Timeout, sentence, now);
    } else if (session !== null && now - lastHeardMs > 2 * keepaliveMs) {
      const sentence = `nothing heard for ${2 * keepaliveMs} ms`;
      connection.terminate(TerminationCode.KeepaliveLapsed, sentence, now);
    }
  }
}
