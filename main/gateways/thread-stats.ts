import type { GatewayStats } from '../../gateway/gateway-options.js';
import { ANSWER_CLASSES } from '../../gateway/session/request-times.js';

/** Those that only grow: a thread that takes another one's place goes on counting where that has stopped. */
const TOTALS = [
  'messages',
  'commands',
  'refused',
  'busy',
  'rateLimited',
  'events',
  'shedRequests',
  'slowTicks',
  'refusedSockets',
] as const;
const F_BEAT = 0;
const F_CONNECTIONS = 1;
const F_LOAD_LEVEL = 2;
const F_TOTALS = 3;
const F_SUM_US = F_TOTALS + TOTALS.length;
const F_CLASSES = F_SUM_US + 1;
const FLOATS = F_CLASSES + ANSWER_CLASSES + 1;

/** How long answers took, as counts by class (request-times.ts). */
export interface AnswerFigures {
  readonly classes: Float64Array;
  readonly sumUs: number;
}

type Totals = Pick<GatewayStats, (typeof TOTALS)[number]>;

/** Figures of a gateway's thread in memory that the main thread looks at; each is one aligned float. */
export class ThreadStats {
  readonly memory: SharedArrayBuffer;
  private readonly floats: Float64Array;
  /** What those before this thread have counted. */
  private readonly before: Float64Array;

  constructor(memory = new SharedArrayBuffer(FLOATS * 8)) {
    this.memory = memory;
    this.floats = new Float64Array(memory);
    this.before = this.floats.slice();
  }

  /** By the thread, about every tick. */
  write(nowMs: number, stats: GatewayStats, { classes, sumUs }: AnswerFigures): void {
    const { before, floats } = this;
    floats[F_CONNECTIONS] = stats.connections;
    floats[F_LOAD_LEVEL] = stats.loadLevel;
    TOTALS.forEach((name, i) => {
      floats[F_TOTALS + i] = (before[F_TOTALS + i] as number) + stats[name];
    });
    floats[F_SUM_US] = (before[F_SUM_US] as number) + sumUs;
    classes.forEach((count, i) => {
      floats[F_CLASSES + i] = (before[F_CLASSES + i] as number) + count;
    });
    floats[F_BEAT] = nowMs;
  }

  /** When it last gave a sign of life, by the clock that all threads have in common. */
  get beatMs(): number {
    return this.floats[F_BEAT] as number;
  }
  set beatMs(nowMs: number) {
    this.floats[F_BEAT] = nowMs;
  }

  get connections(): number {
    return this.floats[F_CONNECTIONS] as number;
  }

  /** The thread is dead, and with it all but what it has counted. */
  clear(): void {
    this.floats[F_CONNECTIONS] = 0;
    this.floats[F_LOAD_LEVEL] = 0;
  }

  get loadLevel(): number {
    return this.floats[F_LOAD_LEVEL] as number;
  }

  totals(): Totals {
    const entries = TOTALS.map((name, i) => [name, this.floats[F_TOTALS + i]]);
    return Object.fromEntries(entries) as Totals;
  }

  answers(): AnswerFigures {
    const classes = this.floats.slice(F_CLASSES, FLOATS);
    return { classes, sumUs: this.floats[F_SUM_US] as number };
  }
}
