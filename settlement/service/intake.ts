import type { Bus, BusMessage, MessageSource, StreamName } from '../bus/bus.js';
import type { SettlementLedger } from '../ledger/ledger.js';
import { decodePack } from '../packs/pack-codec.js';
import { fillsSubject } from '../packs/subjects.js';

/** What is taken in at once: one transaction of the ledger, one sync of the disk. */
const GROUP_MESSAGES = 256;
const GROUP_BYTES = 8 * 1024 * 1024;
const UNACKNOWLEDGED_MAX = 2_000;
/** How long a message rests that came before what it needs. */
const AGAIN_MS = 200;
const STREAMS: readonly StreamName[] = ['account-events', 'fills', 'prices'];
const DURABLE = 'settlement';

/**
 * Reads the bus into the ledger. A message is acknowledged when the ledger has it on disk, so a process that ends in between reads it
 * again, and the ledger knows it by its items.
 */
export class Intake {
  private readonly bus: Bus;
  private readonly ledger: SettlementLedger;
  private readonly onTrouble: (error: Error) => void;
  private sources: MessageSource[] = [];
  private readers: Promise<void>[] = [];
  private group: BusMessage[] = [];
  private groupBytes = 0;
  private stopping = false;

  constructor(bus: Bus, ledger: SettlementLedger, onTrouble: (error: Error) => void) {
    this.bus = bus;
    this.ledger = ledger;
    this.onTrouble = onTrouble;
  }

  /** Opens the streams. Ends when a source does: call it again then. */
  async run(): Promise<void> {
    this.stopping = false;
    try {
      for (const stream of STREAMS) {
        const options = { maxUnacknowledged: UNACKNOWLEDGED_MAX };
        this.sources.push(await this.bus.consume(stream, DURABLE, options));
      }
      this.readers = this.sources.map((source) => this.read(source));
      await Promise.race(this.readers);
    } finally {
      await this.close();
    }
  }

  async close(): Promise<void> {
    this.stopping = true;
    const sources = this.sources.splice(0);
    await Promise.all(sources.map((source) => source.close().catch(() => {})));
    await Promise.allSettled(this.readers);
    this.group = [];
    this.groupBytes = 0;
  }

  private async read(source: MessageSource): Promise<void> {
    for await (const message of source) {
      if (this.stopping) return;
      this.add(message);
    }
  }

  /** Messages that are at hand are taken in together: the first one waits until nothing more is due in this turn. */
  private add(message: BusMessage): void {
    if (this.group.length === 0) setImmediate(() => this.takeIn());
    this.group.push(message);
    this.groupBytes += message.data.length;
    if (this.group.length >= GROUP_MESSAGES || this.groupBytes >= GROUP_BYTES) this.takeIn();
  }

  private takeIn(): void {
    const group = this.group.splice(0);
    this.groupBytes = 0;
    if (group.length === 0 || this.stopping) return;
    try {
      const results = this.ledger.ingest(group);
      group.forEach((message, i) => {
        if (results[i]?.isDone) message.ack();
        else message.nak(AGAIN_MS);
      });
    } catch (error) {
      // A full or locked database: nothing was kept, everything comes again.
      for (const message of group) message.nak(AGAIN_MS * 5);
      this.onTrouble(error as Error);
    }
  }

  /**
   * Asks the bus how far the markets are for each watermark that has come in: whatever was published before a watermark lies before
   * these ends. True: there was one.
   */
  async confirmWatermarks(): Promise<boolean> {
    const watermarks = this.ledger.coverage.unconfirmed();
    if (watermarks.length === 0) return false;
    const ends = await Promise.all(
      this.ledger.catalogue.markets().map(async ({ marketId }) => {
        const last = await this.bus.last(fillsSubject(marketId));
        return { marketId, lastItem: last === null ? 0 : lastItemIn(last.data) };
      }),
    );
    for (const watermark of watermarks) this.ledger.coverage.confirm(watermark, ends);
    return true;
  }
}

function lastItemIn(data: Uint8Array): number {
  const pack = decodePack(data);
  return pack.kind === 'market' ? pack.lastItem : 0;
}
