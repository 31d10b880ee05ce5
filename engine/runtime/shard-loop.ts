import type { Bell } from './bell.js';
import type { ShardHost } from './shard-host.js';

/** Callbacks of the disk and messages of other threads arrive in the event loop: no longer than this without it. */
const EVENT_LOOP_MS = 5;
/** Longest sleep: what is due by the clock is looked after this often. */
const SLEEP_MS = 5;
const IDLE_SLEEP_MS = 50;
const SPIN_MS_MIN = 0.002;

export interface ShardLoopOptions {
  host: ShardHost;
  bell: Bell;
  /** Time of the next timer on the exchange's clock, in real ms from now; Infinity for none or a clock that stands. */
  untilTimerMs: () => number;
  /** Something is under way that ends in the event loop (a sync that output waits for, a snapshot). */
  busyElsewhere: () => boolean;
  /** Something is under way that ends in the event loop, but nobody waits for it. */
  unsynced: () => boolean;
  /** Longest look for more work before it sleeps; 0 where cores are few, and the looking would keep others from working. */
  spinMsMax: number;
  /** Called between frames, at least every few milliseconds while there is work. */
  onTurn: () => void;
}

/**
 * Drives a host in a thread of its own: works while there is work, looks for more for a moment, then sleeps. The moment is
 * short and adapts: where answers follow each other closely it saves the wake-up, and an idle shard costs nothing.
 */
export class ShardLoop {
  private readonly options: ShardLoopOptions;
  private spinMs: number;
  private stopped = false;
  private scheduled = false;
  private waiting = false;
  private timer: NodeJS.Timeout | null = null;

  constructor(options: ShardLoopOptions) {
    this.options = options;
    this.spinMs = options.spinMsMax;
  }

  /** Call at the start, and whenever something has ended in the event loop. */
  readonly wake = (): void => {
    if (this.scheduled || this.stopped) return;
    this.scheduled = true;
    setImmediate(this.turn);
  };

  stop(): void {
    this.stopped = true;
    if (this.timer !== null) clearTimeout(this.timer);
  }

  private readonly turn = (): void => {
    this.scheduled = false;
    if (this.stopped) return;
    if (this.timer !== null) clearTimeout(this.timer);
    this.timer = null;
    const { host, bell } = this.options;
    this.options.onTurn();
    const startedMs = performance.now();
    for (;;) {
      let worked = false;
      while (host.step()) {
        worked = true;
        if (performance.now() - startedMs >= EVENT_LOOP_MS) break;
      }
      if (bell.takeAttention() || performance.now() - startedMs >= EVENT_LOOP_MS) {
        this.wake();
        return;
      }
      if (worked || this.spin()) continue;
      if (this.options.busyElsewhere()) {
        this.sleepInEventLoop();
        return;
      }
      this.sleep();
    }
  };

  /** True when something came meanwhile. */
  private spin(): boolean {
    const { spinMsMax } = this.options;
    if (spinMsMax === 0) return this.options.host.hasInput;
    const until = performance.now() + this.spinMs;
    do {
      for (let i = 0; i < 32; i++) {
        if (this.options.host.hasInput) {
          this.spinMs = Math.min(spinMsMax, this.spinMs * 1.25);
          return true;
        }
      }
    } while (performance.now() < until);
    this.spinMs = Math.max(SPIN_MS_MIN, this.spinMs * 0.75);
    return false;
  }

  private sleep(): void {
    const { host, bell, untilTimerMs, unsynced } = this.options;
    const rings = bell.lieDown();
    if (!host.hasInput) {
      const most = unsynced() ? SLEEP_MS : IDLE_SLEEP_MS;
      const timeoutMs = Math.max(0, Math.min(most, untilTimerMs()));
      const sleptAtMs = performance.now();
      bell.wait(rings, timeoutMs);
      // A wake-up this soon says that spinning would have been worth it.
      const { spinMsMax } = this.options;
      if (performance.now() - sleptAtMs < 4 * spinMsMax) this.spinMs = spinMsMax;
    }
    bell.getUp();
  }

  private sleepInEventLoop(): void {
    const { host, bell, untilTimerMs } = this.options;
    this.timer = setTimeout(this.wake, Math.max(1, Math.min(IDLE_SLEEP_MS, untilTimerMs())));
    const rings = bell.lieDown();
    if (host.hasInput) {
      bell.getUp();
      this.wake();
      return;
    }
    // At most one promise waits: it stands until somebody rings, however often the disk has called meanwhile.
    if (this.waiting) return;
    const rung = bell.waitInEventLoop(rings);
    if (rung === null) {
      bell.getUp();
      this.wake();
      return;
    }
    this.waiting = true;
    rung.then(() => {
      this.waiting = false;
      bell.getUp();
      this.wake();
    });
  }
}
