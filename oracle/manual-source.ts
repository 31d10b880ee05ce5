import type { Observation, PriceSource, SourceHealth, SourceListener } from './price-source.js';

/** Prices that somebody sets by hand. Whoever does that is the oracle: nothing is doubted here. */
export class ManualSource implements PriceSource {
  readonly name: string;
  private readonly byFeed = new Map<string, Observation>();
  private listener: SourceListener | null = null;
  private count = 0n;
  private state: SourceHealth = { state: 'starting', problem: null };

  constructor(name = 'manual') {
    this.name = name;
  }

  start(listener: SourceListener): void {
    this.listener = listener;
  }

  async stop(): Promise<void> {
    this.state = { state: 'stopped', problem: null };
    this.listener?.onHealth(this.state);
    this.listener = null;
  }

  set(price: Omit<Observation, 'order'>): void {
    this.count++;
    const observation = { ...price, order: this.count };
    this.byFeed.set(price.feed, observation);
    if (this.state.state === 'starting') {
      this.state = { state: 'live', problem: null };
      this.listener?.onHealth(this.state);
    }
    this.listener?.onObservation(observation);
  }

  latest(feed: string): Observation | null {
    return this.byFeed.get(feed) ?? null;
  }

  health(): SourceHealth {
    return this.state;
  }
}
