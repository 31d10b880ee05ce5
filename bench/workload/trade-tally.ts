const FNV_BASIS = 0x811c9dc5;
const FNV_PRIME = 16777619;

/** Counts trades and folds them into the checksum that all engines have to agree on. */
export class TradeTally {
  trades = 0;
  volume = 0;
  private hash = FNV_BASIS | 0;

  add(makerOrderId: number, takerOrderId: number, priceTicks: number, qtyLots: number): void {
    this.trades++;
    this.volume += qtyLots;
    let hash = Math.imul(this.hash ^ makerOrderId, FNV_PRIME);
    hash = Math.imul(hash ^ takerOrderId, FNV_PRIME);
    hash = Math.imul(hash ^ priceTicks, FNV_PRIME);
    this.hash = Math.imul(hash ^ qtyLots, FNV_PRIME);
  }

  get checksum(): number {
    return this.hash >>> 0;
  }
}
