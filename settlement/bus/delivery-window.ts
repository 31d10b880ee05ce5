/** A message that was handed out and is not acknowledged. */
export interface Outstanding<Handle> {
  /** What the newest delivery of it needs for its acknowledgement. */
  handle: Handle;
  /** When it was asked for again, as long as it was not handed out again; milliseconds of Unix time. */
  wantedAtMs: number | null;
  handedOut: number;
}

/**
 * What one reader has been handed and has not acknowledged. Both buses keep their books here, so that
 * both redeliver the same messages: those that are wanted again, and none that were acknowledged.
 */
export class DeliveryWindow<Handle> {
  /** In the order of the stream, because first deliveries are. */
  private readonly outstanding = new Map<number, Outstanding<Handle>>();
  private lastDelivered: number;

  /** `floor`: all messages up to here are done. */
  constructor(floor: number) {
    this.lastDelivered = floor;
  }

  get count(): number {
    return this.outstanding.size;
  }

  /** Number of the newest message that was ever handed out. */
  get newest(): number {
    return this.lastDelivered;
  }

  /** All messages up to here are acknowledged. */
  floor(): number {
    for (const sequence of this.outstanding.keys()) return sequence - 1;
    return this.lastDelivered;
  }

  /** A message that comes for the first time. */
  handOut(sequence: number, handle: Handle): Outstanding<Handle> {
    const entry = { handle, wantedAtMs: null, handedOut: 1 };
    this.outstanding.set(sequence, entry);
    this.lastDelivered = sequence;
    return entry;
  }

  isNew(sequence: number): boolean {
    return sequence > this.lastDelivered;
  }

  find(sequence: number): Outstanding<Handle> | undefined {
    return this.outstanding.get(sequence);
  }

  /** False: it was done already. */
  settle(sequence: number): boolean {
    return this.outstanding.delete(sequence);
  }
}
