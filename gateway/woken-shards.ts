/** Shards to which something was sent and that were not woken for it yet, each once, in order. */
export class WokenShards {
  private readonly shards: number[] = [];

  add(shard: number): void {
    const { shards } = this;
    // Mostly it is the one that was named last, and always with one shard.
    if (shards[shards.length - 1] !== shard && !shards.includes(shard)) shards.push(shard);
  }

  /** All of them; there is none from now on. */
  takeAll(): number[] {
    return this.shards.splice(0);
  }

  /** The first of them, which is none of them from now on; undefined: there is none. */
  take(): number | undefined {
    return this.shards.shift();
  }
}
