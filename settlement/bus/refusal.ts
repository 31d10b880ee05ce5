import type { BusError } from './errors.js';

/**
 * Keeps a publisher from going on over a message that was just rejected. Many calls are under way, and
 * whoever is woken by another one's success may publish again before it has heard of the rejection. All
 * that is woken in a turn of the event loop has run when the turn is over: until then everything is refused.
 */
export class Refusal {
  private error: BusError | null = null;

  /**
   * Null: nothing was rejected in this turn. Else the answer to what is published now; it comes when the
   * turn is over, so that a publisher that tries again and again does not keep the turn from ending.
   */
  answer(): Promise<never> | null {
    const { error } = this;
    if (error === null) return null;
    return new Promise((_, reject) => setImmediate(() => reject(error)));
  }

  raise(error: BusError): void {
    this.error = error;
    setImmediate(() => {
      if (this.error === error) this.error = null;
    });
  }
}
