import type { Xorshift } from '../../engine/testing/xorshift.js';
import { spoil } from './bad-messages.js';
import type { Knowledge } from './knowledge.js';
import { OperatorTraffic } from './operator-traffic.js';
import { TraderTraffic } from './trader-traffic.js';
import { addressed, type Wire } from './wire.js';

/** Everything that gateways send to a shard, in shares of percent. */
const OPERATOR_SHARE = 9;
const SPOILED_SHARE = 4;

/** The sum of all clients of the exchange. Every message gets a request number of its own. */
export class Traffic {
  private readonly random: Xorshift;
  private readonly traders: TraderTraffic;
  private readonly operators: OperatorTraffic;
  private queue: Wire[] = [];
  private request = 0;

  constructor(random: Xorshift, knowledge: Knowledge) {
    this.random = random;
    this.traders = new TraderTraffic(random, knowledge);
    this.operators = new OperatorTraffic(random, knowledge);
  }

  open(nowMs: number): void {
    this.queue = this.operators.opening(nowMs);
  }

  /** The next message through a port; null when nobody has anything to say. */
  next(portId: number, nowMs: number): Wire | null {
    const { random } = this;
    if (this.queue.length === 0) {
      if (random.chance(OPERATOR_SHARE)) this.queue.push(...this.operators.next(nowMs));
      else {
        const wire = this.traders.next(nowMs);
        if (wire !== null) this.queue.push(wire);
      }
    }
    const sound = this.queue.shift();
    if (sound === undefined) return null;
    const wire = random.chance(SPOILED_SHARE) ? spoil(sound, random) : sound;
    this.request++;
    return addressed(wire, (portId << 24) | random.between(1, 5), this.request);
  }
}
