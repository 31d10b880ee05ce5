import { HOST_HALTED, HOST_STALLED } from '../../engine/runtime/shard-host.js';
import type { ShardAccess } from '../exchange/shard-access.js';

/** Less is what a time service corrects now and then. */
const AHEAD_SECONDS = 2;

/** Whether the exchange takes orders, and if not, why. */
export class Health {
  private readonly shards: readonly ShardAccess[];
  private readonly reasons = new Map<string, string>();
  private readonly warnings = new Map<string, string>();
  private readonly systemMs: () => number;
  private readonly moreWarnings: () => readonly string[];

  /** `systemMs`: what the exchange's time should be. `moreWarnings`: of what is asked rather than tells. */
  constructor(
    shards: readonly ShardAccess[],
    systemMs: () => number = () => Number.POSITIVE_INFINITY,
    moreWarnings: () => readonly string[] = () => [],
  ) {
    this.shards = shards;
    this.systemMs = systemMs;
    this.moreWarnings = moreWarnings;
  }

  /** A reason that stands until it is cleared. */
  set(name: string, reason: string): void {
    this.reasons.set(name, reason);
  }

  /** Something that an operator should look at, though orders are taken; it stands until it is cleared. */
  warn(name: string, sentence: string): void {
    this.warnings.set(name, sentence);
  }

  clear(name: string): void {
    this.reasons.delete(name);
    this.warnings.delete(name);
  }

  problems(): string[] {
    const found = [...this.reasons.values()];
    for (const { shardId, stats } of this.shards) {
      const state = stats.get('state');
      if (state === HOST_HALTED) {
        found.push(`shard ${shardId} has stopped at sequence ${stats.get('sequence')}`);
      } else if (state === HOST_STALLED) {
        found.push(`the journal of shard ${shardId} cannot be written`);
      }
    }
    return found;
  }

  /** By how many seconds the exchange's time is ahead of the system's clock, which somebody has set back. */
  aheadSeconds(): number {
    const timesMs = this.shards.map(({ stats }) => stats.get('timeMs'));
    return Math.max(0, ...timesMs.map((timeMs) => timeMs - this.systemMs())) / 1_000;
  }

  answer(): { status: number; body: string } {
    const reasons = this.problems();
    const status = reasons.length === 0 ? 'ok' : 'unavailable';
    const warnings = [...this.warnings.values(), ...this.clockWarnings(), ...this.moreWarnings()];
    const warned = warnings.length === 0 ? {} : { warnings };
    return {
      status: reasons.length === 0 ? 200 : 503,
      body: `${JSON.stringify({ status, reasons, ...warned })}\n`,
    };
  }

  private clockWarnings(): string[] {
    const ahead = Math.round(this.aheadSeconds());
    if (ahead < AHEAD_SECONDS) return [];
    return [
      `the system's clock has gone back: the exchange's time is ${ahead} s ahead of it, and slower until they meet`,
    ];
  }
}
