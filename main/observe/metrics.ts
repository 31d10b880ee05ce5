import { Counter, collectDefaultMetrics, Gauge, Registry } from 'prom-client';
import { rejectName } from '../../engine/messages/reject-codes.js';
import { type Figure, FRAME_MS_CLASSES } from '../../engine/runtime/host-stats.js';
import type { FixDoor } from '../../gateway/fix/fix-door.js';
import type { FixpDoor, FixpStats } from '../../gateway/fixp/fixp-door.js';
import type { GatewayStats } from '../../gateway/gateway.js';
import { ANSWER_CLASS_MIN, ANSWER_CLASSES } from '../../gateway/session/request-times.js';
import type { OracleStatus } from '../../oracle/oracle.js';
import type { ShardAccess } from '../exchange/shard-access.js';
import type { GatewayFigures } from '../gateways/gateway-figures.js';
import type { HistoryProgress } from '../history/history-progress.js';
import type { SettlementStatus } from '../settlement/settlement-group.js';
import { ORACLE_FAMILIES, type SetValue } from './oracle-metrics.js';
import { SETTLEMENT_FAMILIES } from './settlement-metrics.js';

/** Figures of a shard by the name they are shown under; totals only grow. */
const SHARD_FIGURES: readonly (readonly [Figure, string, string])[] = [
  ['messages', 'plimsoll_messages_total', 'Messages that were journaled.'],
  ['frames', 'plimsoll_frames_total', 'Frames that were journaled.'],
  ['malformed', 'plimsoll_malformed_total', 'Messages that were no messages.'],
  ['orders', 'plimsoll_orders_total', 'Orders that were accepted, by the home of their account.'],
  ['trades', 'plimsoll_trades_total', 'Trades, by the home of the taker.'],
  ['sequence', 'plimsoll_sequence', 'Last journal sequence that was applied.'],
  ['journalBytes', 'plimsoll_journal_bytes_total', 'Bytes written to the journal.'],
  ['journalSyncs', 'plimsoll_journal_syncs_total', 'Syncs of the journal.'],
  ['snapshots', 'plimsoll_snapshots_total', 'Snapshots written.'],
  ['snapshotSequence', 'plimsoll_snapshot_sequence', 'Sequence of the last snapshot.'],
  ['heldSlots', 'plimsoll_held_slots', 'Slots of events that wait for the disk or a reader.'],
  ['state', 'plimsoll_shard_state', '0 runs, 1 waits for the journal, 2 has stopped.'],
];
/** In milliseconds there, in seconds here. */
const SHARD_SECONDS: readonly (readonly [Figure, string, string])[] = [
  ['journalSyncMs', 'plimsoll_journal_sync_seconds', 'How long the last sync took.'],
  ['snapshotStoppedMs', 'plimsoll_snapshot_stopped_seconds', 'How long it stood still for it.'],
];
const GATEWAY_FIGURES: readonly (readonly [keyof GatewayStats, string, string])[] = [
  ['connections', 'plimsoll_connections', 'Open connections.'],
  ['openOrders', 'plimsoll_open_orders', 'Open orders.'],
  ['liquidations', 'plimsoll_liquidations', 'Accounts on their way down the liquidation ladder.'],
  ['messages', 'plimsoll_gateway_messages_total', 'Messages of clients.'],
  ['commands', 'plimsoll_gateway_commands_total', 'Commands sent to the shard.'],
  ['refused', 'plimsoll_gateway_refused_total', 'Requests refused by the gateway.'],
  ['busy', 'plimsoll_gateway_busy_total', 'Requests refused because a ring was full.'],
  ['loadLevel', 'plimsoll_gateway_load_level', '1 public data is slow, 2 new orders are refused.'],
  [
    'shedRequests',
    'plimsoll_shed_requests_total',
    'Requests of all doors that were answered busy.',
  ],
  ['slowTicks', 'plimsoll_slow_public_ticks_total', 'Ticks that held public data back.'],
  [
    'refusedSockets',
    'plimsoll_refused_sockets_total',
    'Sockets of the public port that were closed because there were too many.',
  ],
  ['rateLimited', 'plimsoll_gateway_rate_limited_total', 'Requests over the rate limit.'],
];

const FIX_FIGURES = [
  ['connections', 'plimsoll_fix_connections', 'Open connections of the FIX door.'],
  ['sessions', 'plimsoll_fix_sessions', 'FIX sessions in memory.'],
  ['commands', 'plimsoll_fix_commands_total', 'Requests that the FIX door sent to the shard.'],
] as const;
const FIXP_FIGURES: readonly (readonly [keyof FixpStats, string, string])[] = [
  ['connections', 'plimsoll_fixp_connections', 'Open connections of the binary door.'],
  ['sessions', 'plimsoll_fixp_sessions', 'Its sessions, with a connection or without.'],
  ['messages', 'plimsoll_fixp_messages_total', 'Application messages of its clients.'],
  ['commands', 'plimsoll_fixp_commands_total', 'Requests that it has sent to the shard.'],
  ['refused', 'plimsoll_fixp_refused_total', 'Requests that it has refused.'],
  ['busy', 'plimsoll_fixp_busy_total', 'Requests that it has refused because a ring was full.'],
  ['rateLimited', 'plimsoll_fixp_rate_limited_total', 'Requests over the rate limit there.'],
];

/** Everything that /metrics shows, read when it is asked for. */
export class Metrics {
  private readonly registry = new Registry();

  constructor(
    shards: readonly ShardAccess[],
    gateway: GatewayFigures,
    { fix, fixp }: { fix: FixDoor; fixp: FixpDoor },
    channelLengths: () => { from: number; to: number; messages: number }[],
    {
      oracle,
      settlement,
      freeBytes,
      aheadSeconds,
    }: {
      oracle: () => OracleStatus;
      settlement: () => SettlementStatus | null;
      freeBytes: () => number | null;
      aheadSeconds: () => number;
    },
    history: HistoryProgress | null = null,
  ) {
    collectDefaultMetrics({ register: this.registry });
    for (const [figure, name, help] of SHARD_FIGURES) {
      this.perShard(shards, name, help, ({ stats }) => stats.get(figure));
    }
    for (const [figure, name, help] of SHARD_SECONDS) {
      this.perShard(shards, name, help, ({ stats }) => stats.get(figure) / 1000);
    }
    const lag = 'Messages written and not yet synced.';
    this.perShard(shards, 'plimsoll_journal_lag_messages', lag, ({ stats }) => {
      return stats.get('writtenSequence') - stats.get('durableSequence');
    });
    if (history !== null) {
      const behind = 'Messages written that the history does not have yet.';
      this.perShard(shards, 'plimsoll_history_lag_messages', behind, ({ stats, shardId }) => {
        return stats.get('writtenSequence') - history.sequence(shardId);
      });
    }
    this.addRings(shards);
    this.addRejections(shards);
    this.addFrameTimes(shards);
    this.addAnswerTimes(gateway);
    const under = 'Messages between shards that the receiver has not journaled for certain.';
    this.family('plimsoll_channel_messages', under, ['from', 'to'], (set) => {
      for (const { from, to, messages } of channelLengths()) set({ from, to }, messages);
    });
    for (const [figure, name, help] of GATEWAY_FIGURES) {
      this.family(name, help, [], (set) => set({}, gateway.stats()[figure]));
    }
    this.addThreads(gateway);
    for (const [figure, name, help] of FIX_FIGURES) {
      this.family(name, help, [], (set) => set({}, fix.stats()[figure]));
    }
    for (const [figure, name, help] of FIXP_FIGURES) {
      this.family(name, help, [], (set) => set({}, fixp.stats()[figure]));
    }
    const room = 'Bytes left on the disk of the data folder.';
    this.family('plimsoll_disk_free_bytes', room, [], (set) => {
      const bytes = freeBytes();
      if (bytes !== null) set({}, bytes);
    });
    const ahead = 'By how much the time of the exchange is ahead of the clock of the system.';
    this.family('plimsoll_clock_ahead_seconds', ahead, [], (set) => set({}, aheadSeconds()));
    const fund = 'What the insurance fund of a market has, in USD.';
    this.family('plimsoll_insurance_fund_usd', fund, ['market'], (set) => {
      for (const { market, fundMicroUsd } of gateway.insurance()) {
        set({ market }, fundMicroUsd / 1_000_000);
      }
    });
    this.family('plimsoll_auctions', 'Open auctions of a market.', ['market'], (set) => {
      for (const { market, auctions } of gateway.insurance()) set({ market }, auctions);
    });
    for (const { name, help, labels, collect } of ORACLE_FAMILIES) {
      this.family(name, help, labels, (set) => collect(oracle(), set));
    }
    for (const { name, help, labels, collect } of SETTLEMENT_FAMILIES) {
      this.family(name, help, labels, (set) => {
        const status = settlement();
        if (status !== null) collect(status, set);
      });
    }
  }

  async text(): Promise<{ contentType: string; body: string }> {
    return { contentType: this.registry.contentType, body: await this.registry.metrics() };
  }

  /** A family that is read when it is asked for; the names of what only grows end like a counter's. */
  private family(
    name: string,
    help: string,
    labelNames: string[],
    collect: (set: SetValue) => void,
  ): void {
    const options = { name, help, labelNames, registers: [this.registry] };
    if (!/_(total|bucket|sum|count)$/.test(name)) {
      const gauge: Gauge = new Gauge({
        ...options,
        collect: () => collect((labels, value) => gauge.set(labels, value)),
      });
      return;
    }
    const counter: Counter = new Counter({
      ...options,
      collect: () => {
        counter.reset();
        collect((labels, value) => counter.inc(labels, value));
      },
    });
  }

  private perShard(
    shards: readonly ShardAccess[],
    name: string,
    help: string,
    value: (shard: ShardAccess) => number,
  ): void {
    this.family(name, help, ['shard'], (set) => {
      for (const shard of shards) set({ shard: shard.shardId }, value(shard));
    });
  }

  private addRings(shards: readonly ShardAccess[]): void {
    const help = 'Share of a ring that is full.';
    this.family('plimsoll_ring_occupancy', help, ['shard', 'port', 'direction'], (set) => {
      for (const { shardId: shard, gatewayPort, adminPort, fixPort, fixpPort } of shards) {
        for (const [port, { inbound, outbound }] of [
          ['gateway', gatewayPort.occupancy()],
          ['fix', fixPort.occupancy()],
          ['fixp', fixpPort.occupancy()],
          ['admin', adminPort.occupancy()],
        ] as const) {
          set({ shard, port, direction: 'in' }, inbound);
          set({ shard, port, direction: 'out' }, outbound);
        }
      }
    });
  }

  private addRejections(shards: readonly ShardAccess[]): void {
    const help = 'Commands that the shard refused, by code.';
    this.family('plimsoll_rejections_total', help, ['shard', 'code'], (set) => {
      for (const { shardId: shard, stats } of shards) {
        for (const { code, count } of stats.rejections()) {
          set({ shard, code: rejectName(code) }, count);
        }
      }
    });
  }

  /** A histogram as Prometheus has them, from counts that the shard keeps. */
  private addFrameTimes(shards: readonly ShardAccess[]): void {
    const help = 'How long frames took from their first message to the journal.';
    this.family('plimsoll_frame_seconds_bucket', help, ['shard', 'le'], (set) => {
      for (const { shardId: shard, stats } of shards) {
        let sum = 0;
        stats.frameClasses().forEach((count, i) => {
          sum += count;
          const limit = FRAME_MS_CLASSES[i];
          set({ shard, le: limit === undefined ? '+Inf' : String(limit / 1000) }, sum);
        });
      }
    });
    this.perShard(shards, 'plimsoll_frame_seconds_sum', help, ({ stats }) => {
      return stats.get('frameMs') / 1000;
    });
    this.perShard(shards, 'plimsoll_frame_seconds_count', help, ({ stats }) => stats.get('frames'));
  }

  private addThreads(gateway: GatewayFigures): void {
    const listen = 'Whether a gateway thread lets clients in.';
    this.family('plimsoll_gateway_thread_up', listen, ['thread'], (set) => {
      for (const { thread, state } of gateway.threadStates()) {
        set({ thread }, state === 'listening' ? 1 : 0);
      }
    });
    const open = 'Open connections of a gateway thread.';
    this.family('plimsoll_gateway_thread_connections', open, ['thread'], (set) => {
      for (const { thread, connections } of gateway.threadStates()) set({ thread }, connections);
    });
    const again = 'How often a gateway thread was replaced.';
    this.family('plimsoll_gateway_thread_restarts_total', again, ['thread'], (set) => {
      for (const { thread, restarts } of gateway.threadStates()) set({ thread }, restarts);
    });
  }

  /** From the message of a client to the answer that the socket was given, from counts that the gateway keeps. */
  private addAnswerTimes(gateway: GatewayFigures): void {
    const help = 'How long commands of the native door took, from their message to their answer.';
    const name = 'plimsoll_gateway_answer_seconds';
    this.family(`${name}_bucket`, help, ['le'], (set) => {
      const { classes } = gateway.answers();
      let sum = 0;
      for (let i = ANSWER_CLASS_MIN; i < ANSWER_CLASSES; i++) {
        sum += classes[i] as number;
        // Those of a class took less than 2^class µs; whole µs, so that is at most one less.
        set({ le: String((2 ** i - 1) / 1e6) }, sum);
      }
      set({ le: '+Inf' }, sum + (classes[ANSWER_CLASSES] as number));
    });
    this.family(`${name}_sum`, help, [], (set) => set({}, gateway.answers().sumUs / 1e6));
    this.family(`${name}_count`, help, [], (set) => {
      set(
        {},
        gateway.answers().classes.reduce((sum, count) => sum + count, 0),
      );
    });
  }
}
