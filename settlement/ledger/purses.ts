/**
 * Insurance funds as the chain will have them. The chain refuses a batch that leaves one below zero, and the exchange never lets that
 * happen; but items of several streams, and halves of a funding round, may come in another order than that of the exchange.
 */
export class Purses {
  private readonly balances: Map<number, bigint>;

  /** `balances`: by market, with all batches that were built and everything that operators have paid in. */
  constructor(balances: ReadonlyMap<number, bigint>) {
    this.balances = new Map(balances);
  }

  /** Positive: into the fund. */
  add(marketId: number, paymentMicroUsd: number): void {
    this.balances.set(marketId, this.of(marketId) + BigInt(paymentMicroUsd));
  }

  /** False: the fund does not have that much. */
  allows(marketId: number, paymentMicroUsd: number): boolean {
    return paymentMicroUsd >= 0 || this.of(marketId) + BigInt(paymentMicroUsd) >= 0n;
  }

  hasDebt(): boolean {
    for (const balance of this.balances.values()) if (balance < 0n) return true;
    return false;
  }

  copy(): Purses {
    return new Purses(this.balances);
  }

  private of(marketId: number): bigint {
    return this.balances.get(marketId) ?? 0n;
  }
}
