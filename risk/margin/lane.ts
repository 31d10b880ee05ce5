import type { KernelBuffer } from '../../engine/kernel/host/kernel-buffer.js';
import {
  G_LANE_EVENTS,
  G_LANE_RESULT,
  LANE_DONE,
  LANE_HAS_REFERENCES,
  LANE_NOT_DONE,
} from '../kernel/layout.js';
import type { OrderEventHandler } from './order-events.js';
import type { MarginState } from './trade-commands.js';

/**
 * The short way of traders' commands (risk/kernel/lane/). What is added here is what the kernel does not know: client ids.
 *
 * The simulator holds the lane to the bytes of the long way: a twin over the naive book has none, and every event and hash must
 * be equal.
 */
export class Lane {
  private readonly state: MarginState;
  private readonly orderEvents: OrderEventHandler;

  constructor(state: MarginState, orderEvents: OrderEventHandler) {
    this.state = state;
    this.orderEvents = orderEvents;
  }

  /** Commands of one slot each, one after another, up to the first that is not done. Returns how many are. */
  applyAll(
    messages: KernelBuffer,
    slot: number,
    count: number,
    nowMs: number,
    firstSequence: number,
  ): number {
    const { kernel } = this.state;
    const { events } = kernel;
    this.readStates();
    let done = 0;
    let result: number = LANE_DONE;
    while (done < count && result !== LANE_NOT_DONE) {
      kernel.enter();
      const address = kernel.addressOf(messages, slot + done);
      done += kernel.calls.applyCommands(address, count - done, nowMs, firstSequence + done);
      kernel.leave();
      result = kernel.word(G_LANE_RESULT);
      if (result === LANE_HAS_REFERENCES) {
        this.orderEvents.nameOrders(events, kernel.word(G_LANE_EVENTS), nowMs);
      }
    }
    return done;
  }

  /** Operators change the state of a market without asking the margin actor. */
  private readStates(): void {
    for (const market of this.state.markets.all) market.readState();
  }
}
