/** Wakes those that wait, now or, when nobody waits yet, the next one at once. */
export class Signal {
  private wakers: (() => void)[] = [];
  private raised = false;

  raise(): void {
    this.raised = true;
    const wakers = this.wakers;
    this.wakers = [];
    for (const wake of wakers) wake();
  }

  /** Ends when it is raised, or after the time. */
  async wait(timeoutMs: number): Promise<void> {
    if (!this.raised) {
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, timeoutMs);
        this.wakers.push(() => {
          clearTimeout(timer);
          resolve();
        });
      });
    }
    this.raised = false;
  }
}

/** What an unknown error says. */
export function sentenceOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

export interface Promised {
  readonly promise: Promise<void>;
  readonly resolve: () => void;
  readonly reject: (error: Error) => void;
}

/** A promise with its two ends. */
export function promised(): Promised {
  let ends: Omit<Promised, 'promise'> | undefined;
  const promise = new Promise<void>((resolve, reject) => {
    ends = { resolve, reject };
  });
  return { promise, ...ends! };
}
