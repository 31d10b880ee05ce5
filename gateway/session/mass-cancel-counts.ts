/** What the answers so far come to. */
export interface MassCancelCount<Rejection> {
  /** Markets that have not answered yet. */
  left: number;
  count: number;
  rejection: Rejection | null;
}

/**
 * A mass cancel over several markets goes out as one command for each, and each of them answers. Here the answers become one:
 * the sum, or the first rejection (the other markets' orders are canceled nevertheless).
 */
export class MassCancelCounts<Rejection> {
  private readonly open = new Map<number, MassCancelCount<Rejection>>();

  get any(): boolean {
    return this.open.size > 0;
  }

  has(request: number): boolean {
    return this.open.has(request);
  }

  begin(request: number, markets: number): void {
    this.open.set(request, { left: markets, count: 0, rejection: null });
  }

  /** A market has canceled so many. Null: more answers are to come. */
  canceled(request: number, count: number): MassCancelCount<Rejection> | null {
    const found = this.find(request);
    found.count += count;
    return this.step(request, found);
  }

  rejected(request: number, rejection: Rejection): MassCancelCount<Rejection> | null {
    const found = this.find(request);
    found.rejection ??= rejection;
    return this.step(request, found);
  }

  clear(): void {
    this.open.clear();
  }

  private find(request: number): MassCancelCount<Rejection> {
    return this.open.get(request) ?? { left: 1, count: 0, rejection: null };
  }

  private step(
    request: number,
    found: MassCancelCount<Rejection>,
  ): MassCancelCount<Rejection> | null {
    found.left--;
    if (found.left > 0) return null;
    this.open.delete(request);
    return found;
  }
}
