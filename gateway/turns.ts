import type { GatewayShard } from './gateway-options.js';
import type { Outbox } from './outbox.js';
import { TurnPace } from './turn-pace.js';
import { WokenShards } from './woken-shards.js';

/** What another door over the same events has to send. */
interface OtherDoor {
  readonly empty: boolean;
  flush(): void;
}

/** When shards are woken for what was sent to them, and sockets for what has come back. */
export class Turns {
  private readonly shards: readonly GatewayShard[];
  private readonly outbox: Outbox;
  private readonly other: () => OtherDoor;
  private readonly unflushed = new WokenShards();
  private readonly pace = new TurnPace(() => this.flushPorts());
  private flushing = false;
  private drainArmed = false;

  constructor(shards: readonly GatewayShard[], outbox: Outbox, other: () => OtherDoor) {
    this.shards = shards;
    this.outbox = outbox;
    this.other = other;
  }

  /** Number of the turn of the event loop; it goes up at the end of each in which a shard was woken. */
  get number(): number {
    return this.pace.number;
  }

  /** A command was sent. */
  readonly wake = (shard: number): void => {
    this.unflushed.add(shard);
    this.pace.came();
  };

  /** An event has been taken in; others may follow in the same call. */
  eventsCame(): void {
    if (this.flushing || this.drainArmed) return;
    if (this.outbox.empty && this.other().empty) return;
    this.drainArmed = true;
    // Runs when the call that drains the ring returns to the event loop.
    queueMicrotask(this.drainEnded);
  }

  private flushPorts(): void {
    this.flushing = true;
    for (const shard of this.unflushed.takeAll()) this.shards[shard]?.port.flush();
    this.flushing = false;
    // Inline, the answers are here already.
    this.outbox.flush();
    this.other().flush();
  }

  private readonly drainEnded = (): void => {
    this.drainArmed = false;
    this.outbox.flush();
    this.other().flush();
  };
}
