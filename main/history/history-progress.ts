const FLOATS_A_SHARD = 2;

/** How far each shard's history has come, in memory that the feeding thread writes and others read. */
export class HistoryProgress {
  readonly memory: SharedArrayBuffer;
  private readonly floats: Float64Array;

  constructor(memory: SharedArrayBuffer) {
    this.memory = memory;
    this.floats = new Float64Array(memory);
  }

  static forShards(shards: number): HistoryProgress {
    return new HistoryProgress(new SharedArrayBuffer(shards * FLOATS_A_SHARD * 8));
  }

  note(shard: number, sequence: number, timeMs: number): void {
    this.floats[shard * FLOATS_A_SHARD] = sequence;
    this.floats[shard * FLOATS_A_SHARD + 1] = timeMs;
  }

  sequence(shard: number): number {
    return this.floats[shard * FLOATS_A_SHARD] as number;
  }
  timeMs(shard: number): number {
    return this.floats[shard * FLOATS_A_SHARD + 1] as number;
  }
}
