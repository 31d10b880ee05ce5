import { unpack } from 'msgpackr';
import { MESSAGES } from '../../gateway/protocol/messages.js';

/** When what a frame shows has happened, by the exchange's clock. */
export interface FrameTime {
  /** Its newest change. */
  timeMs: number;
  /** The newest change of the frame before; 0: that one was not seen. No change of this frame is older. */
  beforeMs: number;
}

const SEEN_MAX = 4_096;
const place = (name: string) => 1 + MESSAGES.bookDelta.fields.indexOf(name);
const MARKET = place('market');
const PREVIOUS = place('previousSequence');
const SEQUENCE = place('sequence');
const TIME = place('time');
/** Array head, code, market, epoch and both sequences lie within so many bytes, and no two frames share them. */
const NAME_BYTES = 32;

/** Times of book frames. Thousands of readers get the same bytes: each frame is decoded once. */
export class FrameTimes {
  private seen = new Map<string, FrameTime>();
  /** By market and sequence. */
  private times = new Map<string, number>();

  /** Of the frame in `bytes[from … to)`, a whole message in msgpack. */
  of(bytes: Buffer, from: number, to: number): FrameTime {
    const name = bytes.toString('latin1', from, Math.min(to, from + NAME_BYTES));
    const known = this.seen.get(name);
    if (known !== undefined) return known;
    const row = unpack(bytes.subarray(from, to)) as unknown[];
    const timeMs = row[TIME] as number;
    const beforeMs = this.times.get(`${row[MARKET]}:${row[PREVIOUS]}`) ?? 0;
    if (this.seen.size === SEEN_MAX) this.seen = new Map();
    if (this.times.size === SEEN_MAX) this.times = new Map();
    this.times.set(`${row[MARKET]}:${row[SEQUENCE]}`, timeMs);
    const found = { timeMs, beforeMs };
    this.seen.set(name, found);
    return found;
  }
}
