/** After which the exchange is asked again when the bus has not shown what it answered. */
const AGAIN_MS = 2_000;

/** What the exchange has answered and the bus has not shown yet: it is asked again, but not with every round. */
export class Pace {
  private readonly now: () => number;
  private readonly answeredMs = new Map<number, number>();

  constructor(now: () => number) {
    this.now = now;
  }

  /** It was never answered by this process, or that was a while ago. */
  isDue(id: number): boolean {
    const answeredMs = this.answeredMs.get(id);
    return answeredMs === undefined || Math.abs(this.now() - answeredMs) >= AGAIN_MS;
  }

  note(id: number): void {
    this.answeredMs.set(id, this.now());
  }

  forget(id: number): void {
    this.answeredMs.delete(id);
  }
}
