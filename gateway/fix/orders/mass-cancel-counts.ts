interface Count {
  /** Markets that have not answered yet. */
  left: number;
  count: number;
  rejection: { code: string; message: string } | null;
}

/**
 * A mass cancel over several markets goes out as one command for each, and each of them answers. Here the answers become one:
 * the sum, or the first rejection (the other markets' orders are canceled nevertheless).
 */
export class MassCancelCounts {
  private readonly open = new Map<number, Count>();

  begin(sequence: number, markets: number): void {
    this.open.set(sequence, { left: markets, count: 0, rejection: null });
  }

  /** A market has canceled so many. Null: more answers are to come. */
  canceled(sequence: number, count: number): Count | null {
    const found = this.find(sequence);
    found.count += count;
    return this.step(sequence, found);
  }

  rejected(sequence: number, rejection: { code: string; message: string }): Count | null {
    const found = this.find(sequence);
    found.rejection ??= rejection;
    return this.step(sequence, found);
  }

  clear(): void {
    this.open.clear();
  }

  private find(sequence: number): Count {
    return this.open.get(sequence) ?? { left: 1, count: 0, rejection: null };
  }

  private step(sequence: number, found: Count): Count | null {
    found.left--;
    if (found.left > 0) return null;
    this.open.delete(sequence);
    return found;
  }
}
