import type { AllDoors } from './all-doors.js';
import type { Mutations } from './mutations.js';

/** A way in for messages. What it takes comes from somebody who is logged in, so that it is looked at as far as it goes. */
export interface BadChannel {
  readonly name: string;
  /** Messages that are read from end to end, and change nothing for an account without money. */
  readonly good: readonly Buffer[];
  open(doors: AllDoors, account: number): Promise<void>;
  /** Sends so many mutations, and comes back when each has had its answer, or its connection its end. */
  send(mutations: Mutations, count: number): Promise<void>;
  close(): void;
}
