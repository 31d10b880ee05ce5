/** After which the exchange is asked again when the bus has not shown what it answered. */
const AGAIN_MS = 2_000;

/**
 * What the exchange is asked to do with money, until the bus shows that it has. Its answer alone is not believed: it may leave the
 * exchange a moment before the disk has what it speaks of, and a power failure then takes it back; the bus only has what is durable.
 */
export class EngineMoves {
  private readonly now: () => number;
  private readonly answeredMs = new Map<number, number>();

  constructor(now: () => number) {
    this.now = now;
  }

  /**
   * True: the bus has shown it. Otherwise the exchange is asked, but not with every round. `item`: where the bus has shown it; null: it
   * has not. Throws what `ask` throws.
   */
  async isShown(id: number, item: number | null, ask: () => Promise<void>): Promise<boolean> {
    if (item !== null) {
      this.answeredMs.delete(id);
      return true;
    }
    if (!this.isDue(id)) return false;
    await ask();
    this.answeredMs.set(id, this.now());
    return false;
  }

  /** It was never answered by this process, or that was a while ago. */
  private isDue(id: number): boolean {
    const answeredMs = this.answeredMs.get(id);
    return answeredMs === undefined || Math.abs(this.now() - answeredMs) >= AGAIN_MS;
  }
}
