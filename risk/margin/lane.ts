import type { KernelBuffer } from '../../engine/kernel/host/kernel-buffer.js';
import type { MarginState } from './trade-commands.js';

/**
 * The short way of traders' commands (risk/kernel/lane/). The simulator holds the lane to the bytes of the long way: a twin over
 * the naive book has none, and every event and hash must be equal.
 */
export class Lane {
  private readonly state: MarginState;

  constructor(state: MarginState) {
    this.state = state;
  }

  /** Commands, one after another, up to the first that is not done. Returns how many are. */
  applyAll(
    messages: KernelBuffer,
    slot: number,
    count: number,
    nowMs: number,
    firstSequence: number,
  ): number {
    const { kernel } = this.state;
    this.readStates();
    kernel.enter();
    const address = kernel.addressOf(messages, slot);
    const done = kernel.calls.applyCommands(address, count, nowMs, firstSequence);
    kernel.leave();
    return done;
  }

  /** Operators change the state of a market without asking the margin actor. */
  private readStates(): void {
    for (const market of this.state.markets.all) market.readState();
  }
}
