/** Accounts of a chunk of memory; ids are dense, so most of a chunk is used. */
const CHUNK = 1_024;

/** Entry value of every account's position in one market, tick·lots: what an event's value has to be compared with. */
export class EntryValues {
  private readonly chunks: (Float64Array | undefined)[] = [];

  /** Sets it, and gives back by how much it has changed. */
  change(accountId: number, tickLots: number): number {
    const chunk = this.chunkOf(accountId);
    const at = accountId % CHUNK;
    const before = chunk[at] as number;
    chunk[at] = tickLots;
    // No −0: it would look like another item than the one that the bus has.
    return tickLots - before + 0;
  }

  private chunkOf(accountId: number): Float64Array {
    const number = Math.floor(accountId / CHUNK);
    let chunk = this.chunks[number];
    if (chunk === undefined) {
      chunk = new Float64Array(CHUNK);
      this.chunks[number] = chunk;
    }
    return chunk;
  }
}
