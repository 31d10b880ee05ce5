/** Parent orders by id, and of each account. */
export class ParentTable<P extends { readonly id: number; readonly account: number }> {
  private readonly byId = new Map<number, P>();
  private readonly byAccount = new Map<number, P[]>();

  get size(): number {
    return this.byId.size;
  }

  find(id: number): P | undefined {
    return this.byId.get(id);
  }

  add(parent: P): void {
    this.byId.set(parent.id, parent);
    const own = this.byAccount.get(parent.account);
    if (own === undefined) this.byAccount.set(parent.account, [parent]);
    else own.push(parent);
  }

  remove(parent: P): void {
    this.byId.delete(parent.id);
    const own = this.ofAccount(parent.account).filter((other) => other !== parent);
    if (own.length === 0) this.byAccount.delete(parent.account);
    else this.byAccount.set(parent.account, own);
  }

  /** Oldest first. */
  ofAccount(account: number): readonly P[] {
    return this.byAccount.get(account) ?? [];
  }

  /** In no order that means anything. */
  values(): Iterable<P> {
    return this.byId.values();
  }

  /** By id. */
  all(): P[] {
    return [...this.byId.values()].sort((a, b) => a.id - b.id);
  }
}
