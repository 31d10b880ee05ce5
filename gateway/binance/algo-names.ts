/** More than this are forgotten, the oldest first: their orders are shown as other clients of the exchange see them. */
const NAMES_MAX = 50_000;

/** A client id under which an account has placed an algo order. */
export type AlgoName = readonly [account: number, clientOrderId: string];

/**
 * Which orders were placed as algo orders: to the exchange they are orders that wait like any other, only this door tells them apart. All
 * threads have the same names.
 */
export class AlgoNames {
  private readonly names = new Map<string, AlgoName>();

  note(account: number, clientOrderId: string, isAlgo: boolean): void {
    const key = `${account}:${clientOrderId}`;
    this.names.delete(key);
    if (!isAlgo) return;
    this.names.set(key, [account, clientOrderId]);
    if (this.names.size <= NAMES_MAX) return;
    for (const oldest of this.names.keys()) {
      this.names.delete(oldest);
      break;
    }
  }

  has(account: number, clientOrderId: string): boolean {
    return this.names.has(`${account}:${clientOrderId}`);
  }

  /** Oldest first. */
  all(): AlgoName[] {
    return [...this.names.values()];
  }
}
