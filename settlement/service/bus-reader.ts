import type { Bus, MessageSource, StreamName } from '../bus/bus.js';
import { Intake } from '../ledger/intake.js';
import type { SettlementLedger } from '../ledger/ledger.js';

const UNACKNOWLEDGED_MAX = 2_000;
const STREAMS: readonly StreamName[] = ['account-events', 'fills', 'prices'];
/** Of the positions that the bus keeps for settlement. */
const DURABLE = 'settlement';

/** Reads the streams of the bus into the ledger. */
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
}
