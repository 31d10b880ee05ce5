import type { Xorshift } from '../../engine/testing/xorshift.js';

interface Call {
  readonly caller: string;
  /** Does what was asked for and gives what to answer. */
  readonly work: () => () => void;
}

/**
 * Calls from one process to another. Each waits until the simulation ends it, in an order that only the seed says; who has died hears
 * no answer any more, though what he asked for may still be done.
 */
export class Calls {
  private readonly random: Xorshift;
  private waiting: Call[] = [];

  constructor(random: Xorshift) {
    this.random = random;
  }

  get count(): number {
    return this.waiting.length;
  }

  /** `work` runs when the call arrives; what it throws is the answer. */
  call<Answer>(caller: string, work: () => Answer): Promise<Answer> {
    return new Promise((resolve, reject) => {
      const settle = () => {
        try {
          const answer = work();
          return () => resolve(answer);
        } catch (error) {
          return () => reject(error);
        }
      };
      this.waiting.push({ caller, work: settle });
    });
  }

  /** Ends one of those that wait. False: none does. */
  endOne(): boolean {
    if (this.waiting.length === 0) return false;
    const [call] = this.waiting.splice(this.random.below(this.waiting.length), 1);
    call?.work()();
    return true;
  }

  /** The caller is dead. Some of what was on its way arrives all the same. */
  died(caller: string): void {
    const left = this.waiting.filter((call) => call.caller === caller);
    this.waiting = this.waiting.filter((call) => call.caller !== caller);
    for (const { work } of left) if (this.random.chance(50)) work();
  }
}

/** All that follows at once from what has happened has run when this resolves. */
export function drained(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
