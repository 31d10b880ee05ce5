const FIELDS = [
  'readSequence',
  'publishedSequence',
  'publishedTimeMs',
  'items',
  'packs',
  'bytes',
  'retries',
  'itemsInMemory',
] as const;

export type OutboxField = (typeof FIELDS)[number];

/** How far each shard's outbox has come, in memory that the publishing thread writes and others read. Counts begin anew with the thread. */
export class OutboxProgress {
  readonly memory: SharedArrayBuffer;
  private readonly floats: Float64Array;

  constructor(memory: SharedArrayBuffer) {
    this.memory = memory;
    this.floats = new Float64Array(memory);
  }

  static forShards(shards: number): OutboxProgress {
    return new OutboxProgress(new SharedArrayBuffer(shards * FIELDS.length * 8));
  }

  note(shardId: number, values: Readonly<Record<OutboxField, number>>): void {
    FIELDS.forEach((field, i) => {
      this.floats[shardId * FIELDS.length + i] = values[field];
    });
  }

  of(shardId: number): Record<OutboxField, number> {
    const values = FIELDS.map((field, i) => [field, this.floats[shardId * FIELDS.length + i]]);
    return Object.fromEntries(values) as Record<OutboxField, number>;
  }
}
