import { assert } from '../../engine/assert.js';
import { EF_ACCOUNT_SEQUENCE, SLOT_WORDS, slotsOf, W_HEAD } from '../../engine/messages/layout.js';
import { HEAD_WORDS, RF_EPOCH } from '../../gateway/feeds/feed-record.js';
import { chainOf } from '../checks/history.js';

/** The owner of one account: remembers the last event it saw and refuses gaps and repeats. */
export class VirtualClient {
  readonly account: number;
  sequence = 0;
  epoch = 0;
  /** Chained checksum of all events seen since the last fresh start, and the number it began after. */
  chain = 0;
  beganAfter = 0;
  /** A power failure took back events that it has seen; it does not know yet, and must not be resumed. */
  hasLostEvents = false;
  resumed = 0;
  startedAnew = 0;

  constructor(account: number) {
    this.account = account;
  }

  /** The gateway's answer to a resume: the missed events follow. */
  resume(): void {
    const problem = `account ${this.account} was resumed behind event ${this.sequence}, which was lost`;
    assert(!this.hasLostEvents, problem);
  }

  receive(words: Int32Array, floats: Float64Array, firstWord: number, epoch: number): void {
    const sequence = floats[firstWord / 2 + EF_ACCOUNT_SEQUENCE] as number;
    assert(
      sequence === this.sequence + 1,
      `private numbers of account ${this.account} must follow each other, but ${sequence} came after ${this.sequence}`,
    );
    const length = slotsOf(words[firstWord + W_HEAD] as number) * SLOT_WORDS;
    this.chain = chainOf(this.chain, words, firstWord, length);
    this.sequence = sequence;
    this.epoch = epoch;
  }

  receiveRecord(words: Int32Array, floats: Float64Array, start: number): void {
    this.resumed++;
    this.receive(words, floats, start + HEAD_WORDS, floats[start / 2 + RF_EPOCH] as number);
  }

  /** What it saw is too old, or was lost with a power failure: it takes a snapshot and goes on from there. */
  startAnew(sequence: number): void {
    this.startedAnew++;
    this.hasLostEvents = false;
    this.sequence = sequence;
    this.epoch = 0;
    this.beganAfter = sequence;
    this.chain = 0;
  }
}
