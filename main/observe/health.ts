import { HOST_HALTED, HOST_STALLED } from '../../engine/runtime/shard-host.js';
import type { ShardAccess } from '../exchange/shard-access.js';

/** Whether the exchange takes orders, and if not, why. */
export class Health {
  private readonly shards: readonly ShardAccess[];
  private readonly reasons = new Map<string, string>();
  private readonly warnings = new Map<string, string>();

  constructor(shards: readonly ShardAccess[]) {
    this.shards = shards;
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

  answer(): { status: number; body: string } {
    const reasons = this.problems();
    const status = reasons.length === 0 ? 'ok' : 'unavailable';
    const warned = this.warnings.size === 0 ? {} : { warnings: [...this.warnings.values()] };
    return {
      status: reasons.length === 0 ? 200 : 503,
      body: `${JSON.stringify({ status, reasons, ...warned })}\n`,
    };
  }
}
