import { Frame, type WriteMessage } from './frame.js';

/** What a public channel carries; the channel itself keeps numbers, resume and subscribers. */
export interface ChannelContent {
  /** Gathers what happened since the last call: null when nothing did. The write may run later, or never. */
  take(nowMs: number): { sequence: number; writeFrame: WriteFrame } | null;
  /** Writes the state at the end of the last taken frame. */
  writeSnapshot: (epoch: number, sequence: number) => WriteMessage;
}

/** A snapshot of this length is used again, … */
const LARGE_LENGTH = 64 * 1024;
/** … until so many frames have come after it. */
const FRAMES_BEHIND_MAX = 50;

export type WriteFrame = (epoch: number, previous: number, sequence: number) => WriteMessage;

/**
 * One public channel: frames with epoch, sequence and previous sequence, the last of them kept for clients that
 * come back, and a snapshot for all others. Sequences are those of the journal (trades: of the market's trades), so
 * that they mean the same on every gateway.
 */
export class Channel<Subscriber> {
  readonly name: string;
  readonly subscribers = new Set<Subscriber>();
  private readonly content: ChannelContent;
  private readonly framesMax: number;
  private frames: Frame[] = [];
  private epoch = 0;
  private sequence = 0;
  private snapshotFrame: Frame | null = null;
  /** The last large snapshot, by codec: encoded, because the state goes on. */
  private large: [Frame | null, Frame | null] = [null, null];
  /** False: what it carries means something else in another thread, so whoever comes back gets a snapshot. */
  resumes = true;

  constructor(name: string, content: ChannelContent, framesMax: number) {
    this.name = name;
    this.content = content;
    this.framesMax = framesMax;
  }

  /** Ends the tick: the frame to send, or null. `nowMs`: any steady clock. */
  tick(epoch: number, nowMs: number): Frame | null {
    if (epoch !== this.epoch) {
      this.epoch = epoch;
      this.frames = [];
      this.snapshotFrame = null;
      this.large = [null, null];
    }
    const taken = this.content.take(nowMs);
    if (taken === null) return null;
    const { sequence, writeFrame } = taken;
    const previous = this.sequence;
    const frame = new Frame(epoch, previous, sequence, writeFrame(epoch, previous, sequence));
    this.sequence = sequence;
    this.snapshotFrame = null;
    this.frames.push(frame);
    // Cut in large steps: removing the first of an array moves all the others.
    if (this.frames.length >= this.framesMax * 2) this.frames = this.frames.slice(-this.framesMax);
    return frame;
  }

  /** Number of the last frame. */
  get last(): number {
    return this.sequence;
  }

  /** Goes on where another thread's channel of the same content stands. Without its frames: who needs them gets a snapshot. */
  restart(sequence: number): void {
    this.sequence = sequence;
    this.frames = [];
    this.snapshotFrame = null;
    this.large = [null, null];
  }

  /**
   * What somebody gets who has nothing: a snapshot, and the frames since. A large one takes milliseconds to write, and strangers may ask for
   * one after the other; so it serves for a while all who come.
   */
  beginning(binary: boolean): Frame[] {
    const codec = binary ? 1 : 0;
    const kept = this.large[codec];
    const since = kept === null ? null : this.after(this.epoch, kept.sequence);
    if (kept !== null && since !== null && since.length <= FRAMES_BEHIND_MAX) {
      return [kept, ...since];
    }
    const fresh = this.snapshot();
    this.large[codec] = fresh.lengthIn(binary) >= LARGE_LENGTH ? fresh : null;
    return [fresh];
  }

  /** The state at the end of the last frame. The tick has to have run in this epoch. */
  snapshot(): Frame {
    if (this.snapshotFrame === null) {
      const { epoch, sequence } = this;
      const write = this.content.writeSnapshot(epoch, sequence);
      this.snapshotFrame = new Frame(epoch, sequence, sequence, write);
    }
    return this.snapshotFrame;
  }

  /** The frames after the one that a client saw last, or null: it needs a snapshot. */
  after(epoch: number, sequence: number): Frame[] | null {
    if (epoch !== this.epoch || !this.resumes) return null;
    if (sequence === this.sequence) return [];
    const from = this.frames.findIndex((frame) => frame.previous === sequence);
    return from < 0 ? null : this.frames.slice(from);
  }
}
