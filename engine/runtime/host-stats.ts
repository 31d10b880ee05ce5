import {
  EF_ACCOUNT_SEQUENCE,
  EW_CODE,
  EW_FLAGS,
  SLOT_WORDS,
  slotsOf,
  typeOf,
  W_HEAD,
} from '../messages/layout.js';
import type { MessageBuffer } from '../messages/message-buffer.js';
import { EVT_ACCEPTED, EVT_FILL, EVT_REJECTED, FLAG_MAKER } from '../messages/types.js';

/** Figures of a host, in this order. All but `state` and the journal's only grow. */
const FIGURES = [
  'state',
  'frames',
  'messages',
  'malformed',
  'orders',
  'trades',
  'rejected',
  'sequence',
  'timeMs',
  'writtenSequence',
  'durableSequence',
  'journalBytes',
  'journalSyncs',
  'journalSyncMs',
  'heldSlots',
  'snapshots',
  'snapshotSequence',
  'snapshotStoppedMs',
  'snapshotTotalMs',
  'frameMs',
] as const;

export type Figure = (typeof FIGURES)[number];

/** Reject codes are below this. */
const CODES = 128;
/** Upper ends of the classes of how long a frame took, in ms; one more for what is longer. */
export const FRAME_MS_CLASSES = [
  0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 20, 50, 100,
] as const;

const INDEX = new Map<Figure, number>(FIGURES.map((name, index) => [name, index]));
const FIRST_CODE = FIGURES.length;
const FIRST_CLASS = FIRST_CODE + CODES;
const FLOATS = FIRST_CLASS + FRAME_MS_CLASSES.length + 1;

/**
 * What a host has done, in memory that another thread may look at. Each figure is one aligned float: a look may be a moment
 * old, never torn.
 */
export class HostStats {
  readonly memory: SharedArrayBuffer;
  private readonly floats: Float64Array;

  constructor(memory: SharedArrayBuffer = new SharedArrayBuffer(FLOATS * 8)) {
    this.memory = memory;
    this.floats = new Float64Array(memory);
  }

  get(figure: Figure): number {
    return this.floats[INDEX.get(figure) as number] as number;
  }
  set(figure: Figure, value: number): void {
    this.floats[INDEX.get(figure) as number] = value;
  }
  rejected(code: number): number {
    return this.floats[FIRST_CODE + code] as number;
  }

  /** Codes that occurred, with how often. */
  rejections(): { code: number; count: number }[] {
    const found: { code: number; count: number }[] = [];
    for (let code = 0; code < CODES; code++) {
      const count = this.rejected(code);
      if (count > 0) found.push({ code, count });
    }
    return found;
  }

  /** Frames by how long they took, one for each class of FRAME_MS_CLASSES and one for longer ones. */
  frameClasses(): number[] {
    return [...this.floats.subarray(FIRST_CLASS, FLOATS)];
  }

  addFrame(messages: number, elapsedMs: number): void {
    const { floats } = this;
    floats[FRAMES]!++;
    floats[MESSAGES]! += messages;
    floats[FRAME_MS]! += elapsedMs;
    let index = 0;
    while (index < FRAME_MS_CLASSES.length && elapsedMs > (FRAME_MS_CLASSES[index] as number)) {
      index++;
    }
    floats[FIRST_CLASS + index]!++;
  }

  addMalformed(): void {
    this.floats[MALFORMED]!++;
  }

  addEvents(events: MessageBuffer): void {
    const { words, length } = events;
    const { floats } = this;
    for (let slot = 0; slot < length; ) {
      const word = slot * SLOT_WORDS;
      const head = words[word + W_HEAD] as number;
      const type = typeOf(head);
      // Of several shards the account's home alone numbers an event: each counts once.
      const counts = (events.floats[word / 2 + EF_ACCOUNT_SEQUENCE] as number) > 0;
      if (type === EVT_ACCEPTED) {
        if (counts) floats[ORDERS]!++;
      } else if (type === EVT_FILL) {
        const isTaker = ((words[word + EW_FLAGS] as number) & FLAG_MAKER) === 0;
        if (counts && isTaker) floats[TRADES]!++;
      } else if (type === EVT_REJECTED) {
        floats[REJECTED]!++;
        floats[FIRST_CODE + ((words[word + EW_CODE] as number) & (CODES - 1))]!++;
      }
      slot += slotsOf(head);
    }
  }
}

const MALFORMED = INDEX.get('malformed') as number;
const FRAMES = INDEX.get('frames') as number;
const MESSAGES = INDEX.get('messages') as number;
const FRAME_MS = INDEX.get('frameMs') as number;
const ORDERS = INDEX.get('orders') as number;
const TRADES = INDEX.get('trades') as number;
const REJECTED = INDEX.get('rejected') as number;
