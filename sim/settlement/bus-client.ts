import type {
  Bus,
  BusStatus,
  MessageSource,
  StoredMessage,
  StreamName,
} from '../../settlement/bus/bus.js';
import type { Calls } from './calls.js';
import type { SimulatedBus } from './simulated-bus.js';

/** A process's own connection to the simulated bus. */
export class BusClient implements Bus {
  private readonly bus: SimulatedBus;
  private readonly calls: Calls;
  private readonly owner: string;

  constructor(bus: SimulatedBus, calls: Calls, owner: string) {
    this.bus = bus;
    this.calls = calls;
    this.owner = owner;
  }

  publish(subject: string, data: Uint8Array, messageId: string): Promise<void> {
    return this.bus.publish(subject, data, messageId);
  }

  last(subject: string): Promise<StoredMessage | null> {
    return this.calls.call(this.owner, () => this.bus.last(subject));
  }

  async consume(stream: StreamName): Promise<MessageSource> {
    return this.bus.reader(stream).open();
  }

  status(): BusStatus {
    throw new Error('nobody in the simulation looks at the status of the bus');
  }

  async close(): Promise<void> {}
}
