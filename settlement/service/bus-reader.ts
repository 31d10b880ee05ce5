import type { Bus, MessageSource, StreamName } from '../bus/bus.js';
import { Intake } from '../ledger/intake.js';
import type { SettlementLedger } from '../ledger/ledger.js';
import { decodePack } from '../packs/pack-codec.js';
import { fillsSubject } from '../packs/subjects.js';

const UNACKNOWLEDGED_MAX = 2_000;
const STREAMS: readonly StreamName[] = ['account-events', 'fills', 'prices'];
/** Of the positions that the bus keeps for settlement. */
const DURABLE = 'settlement';

/** Reads the streams of the bus into the ledger, and asks the bus where they end. */
export class BusReader {
  private readonly bus: Bus;
  private readonly ledger: SettlementLedger;
  private readonly onTrouble: (error: Error | null) => void;
  private sources: MessageSource[] = [];
  private intake: Intake | null = null;

  constructor(bus: Bus, ledger: SettlementLedger, onTrouble: (error: Error | null) => void) {
    this.bus = bus;
    this.ledger = ledger;
    this.onTrouble = onTrouble;
  }

  /** Opens the streams and reads until one of them ends or fails; it may be called again then. */
  async run(): Promise<void> {
    const intake = new Intake({ ledger: this.ledger, onTrouble: this.onTrouble });
    this.intake = intake;
    const reading: Promise<void>[] = [];
    try {
      for (const stream of STREAMS) {
        const options = { maxUnacknowledged: UNACKNOWLEDGED_MAX };
        const source = await this.bus.consume(stream, DURABLE, options);
        this.sources.push(source);
        reading.push(intake.read(source));
      }
      await Promise.race(reading);
    } finally {
      await this.close();
      await Promise.allSettled(reading);
    }
  }

  async close(): Promise<void> {
    this.intake?.close();
    const sources = this.sources.splice(0);
    await Promise.allSettled(sources.map((source) => source.close()));
  }

  /**
   * Asks the bus how far the markets are for each watermark that has come in: whatever was published before a watermark lies before
   * these ends. True: there was one.
   */
  async confirmWatermarks(): Promise<boolean> {
    const { coverage, catalogue } = this.ledger;
    const watermarks = coverage.unconfirmed();
    if (watermarks.length === 0) return false;
    const markets = catalogue.markets();
    const ends = await Promise.all(
      markets.map(async ({ marketId }) => {
        const last = await this.bus.last(fillsSubject(marketId));
        return { marketId, lastItem: last === null ? 0 : lastItemIn(last.data) };
      }),
    );
    // One that was listed meanwhile has to be asked for as well.
    if (catalogue.markets().length > markets.length) return true;
    for (const watermark of watermarks) coverage.confirm(watermark, ends);
    return true;
  }
}

function lastItemIn(data: Uint8Array): number {
  const pack = decodePack(data);
  return pack.kind === 'market' ? pack.lastItem : 0;
}
