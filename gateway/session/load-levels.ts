import type { ShardPort } from '../../engine/shard/shard-port.js';
import { CancelBacklog } from './cancel-backlog.js';

/**
 * What is left undone when more comes than gateway or shard can do, in this order. Cancels are on no level: a part of each ring is
 * theirs alone, and when that is full as well they wait here until there is room again.
 */
export const LOAD = {
  /** Everything is done at once. */
  normal: 0,
  /** Public data is collected for longer. */
  public_slow: 1,
  /** Whatever is more than a cancel is answered `busy`. */
  orders_refused: 2,
} as const;

/** Public data at most so often while it is slow; else with each tick. */
export const SLOW_PUBLIC_MS = 100;
/** Shares of a ring of commands that is not read fast enough, or of a ring of events that this thread does not read fast enough. */
const SLOW_INBOUND_SHARE = 1 / 4;
const SLOW_OUTBOUND_SHARE = 1 / 2;
/** From here on a ring leaves no room for orders (RESERVED_SHARE is kept); the level only shows it. */
const FULL_INBOUND_SHARE = 3 / 4;
/** How late a tick of the event loop may come. */
const SLOW_LATE_MS = 50;
const REFUSE_LATE_MS = 500;
/** So many ticks in a row: a single one may be a collection of garbage, or a machine that slept. */
const LATE_TICKS = 3;
/** A level is left when so many ticks in a row did not call for it. */
const CALM_TICKS = 5;

/** How loaded a gateway's thread and its rings are. One for all doors of a thread: they share the event loop. */
export class LoadLevels {
  /** One of LOAD. */
  level = 0;
  /** Requests of all doors that were answered `busy`, and ticks that held public data back. */
  shedRequests = 0;
  slowTicks = 0;
  /** Cancels that find no room at all. */
  readonly cancels = new CancelBacklog();
  private readonly tickMs: number;
  /** Of the door that ticks. */
  readonly publicPace: PublicPace;
  private readonly ports = new Set<ShardPort>();
  private lastTickMs = -1;
  private lateTicks = 0;
  private veryLateTicks = 0;
  private calmTicks = 0;
  /** The thread itself is too late for new orders. */
  private isOverrun = false;

  /** `tickMs`: how often `tick` is meant to be called. */
  constructor(tickMs: number, shards: readonly { port: ShardPort }[]) {
    this.tickMs = tickMs;
    this.publicPace = new PublicPace(this);
    this.watch(shards.map(({ port }) => port));
  }

  /** Rings that count, of another door as well. */
  watch(ports: readonly ShardPort[]): void {
    for (const port of ports) this.ports.add(port);
  }

  /** Orders are refused before they come to a ring. */
  get refusesOrders(): boolean {
    return this.isOverrun;
  }

  /** To be called with each tick, by a clock that never goes back. */
  tick(nowMs: number): void {
    this.cancels.drain();
    const lateMs = this.lastTickMs < 0 ? 0 : nowMs - this.lastTickMs - this.tickMs;
    this.lastTickMs = nowMs;
    this.lateTicks = lateMs >= SLOW_LATE_MS ? this.lateTicks + 1 : 0;
    this.veryLateTicks = lateMs >= REFUSE_LATE_MS ? this.veryLateTicks + 1 : 0;
    const isOverrun = this.veryLateTicks >= LATE_TICKS;
    const called = isOverrun ? LOAD.orders_refused : this.calledByRings();
    if (called >= this.level) this.calmTicks = 0;
    else if (++this.calmTicks < CALM_TICKS) return;
    this.calmTicks = 0;
    this.level = called;
    this.isOverrun = isOverrun;
  }

  private calledByRings(): number {
    let called: number = this.lateTicks >= LATE_TICKS ? LOAD.public_slow : LOAD.normal;
    for (const port of this.ports) {
      const { inbound, outbound } = port.occupancy();
      if (inbound >= FULL_INBOUND_SHARE) return LOAD.orders_refused;
      if (inbound >= SLOW_INBOUND_SHARE || outbound >= SLOW_OUTBOUND_SHARE) {
        called = LOAD.public_slow;
      }
    }
    return called;
  }
}

/** When a door sends public data: with each tick, or less often while there is too much to do. */
export class PublicPace {
  private readonly load: LoadLevels;
  private lastMs = Number.NEGATIVE_INFINITY;

  constructor(load: LoadLevels) {
    this.load = load;
  }

  /** Asked with each tick of the door. */
  isDue(nowMs: number): boolean {
    if (this.load.level >= LOAD.public_slow && nowMs - this.lastMs < SLOW_PUBLIC_MS) {
      this.load.slowTicks++;
      return false;
    }
    this.lastMs = nowMs;
    return true;
  }
}
