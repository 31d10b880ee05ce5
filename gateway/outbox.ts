import { copyWords } from '../engine/messages/copy-words.js';
import { SLOT_WORDS } from '../engine/messages/layout.js';
import { MessageBuffer } from '../engine/messages/message-buffer.js';
import type { EventMessages } from './codec/event-messages.js';
import { JsonSink } from './codec/json-sink.js';
import { MsgpackSink } from './codec/msgpack-sink.js';
import type { Frame } from './feeds/frame.js';
import type { Backlogs } from './session/backlogs.js';
import { SENT } from './session/client-socket.js';
import type { Connection } from './session/connection.js';
import type { RequestTimes } from './session/request-times.js';

const ANSWER = 0;
const FEED = 1;
const FRAME = 2;
const FIRST_ENTRIES = 4096;

/**
 * What has to be sent when the drain of events ends, in order, for each connection. Events are copied here, because
 * the ring they come from is only valid during the call, and encoded while the socket is corked: one system call for
 * each connection and drain.
 */
export class Outbox {
  private readonly events = new MessageBuffer(FIRST_ENTRIES);
  private readonly frames: Frame[] = [];
  private kinds = new Uint8Array(FIRST_ENTRIES);
  /** First word of the event, or number of the frame. */
  private refs = new Int32Array(FIRST_ENTRIES);
  private next = new Int32Array(FIRST_ENTRIES);
  private times = new Float64Array(FIRST_ENTRIES);
  private epochs = new Float64Array(FIRST_ENTRIES);
  private entries = 0;
  private readonly touched: Connection[] = [];
  private current: Connection | null = null;
  private readonly messages: EventMessages;
  private readonly json = new JsonSink();
  private readonly msgpack = new MsgpackSink();
  readonly backlogs: Backlogs;
  private readonly requestTimes: RequestTimes;
  /** When what is being encoded goes out. */
  private nowMs = 0;

  constructor(messages: EventMessages, times: RequestTimes, backlogs: Backlogs) {
    this.messages = messages;
    this.requestTimes = times;
    this.backlogs = backlogs;
  }

  get empty(): boolean {
    return this.entries === 0;
  }

  /** Copies an event; gives its first word for `addAnswer` and `addFeedEvent`. */
  keep(words: Int32Array, firstWord: number, slots: number): number {
    const at = this.events.push(slots) * SLOT_WORDS;
    copyWords(words, firstWord, this.events.words, at, slots * SLOT_WORDS);
    return at;
  }

  /** What `keep` has copied, to be changed in place. */
  get kept(): MessageBuffer {
    return this.events;
  }

  /** Takes back the last kept event. */
  dropKept(slots: number): void {
    this.events.length -= slots;
  }

  addAnswer(connection: Connection, event: number, timeMs: number): void {
    this.add(connection, ANSWER, event, 0, timeMs);
  }

  addFeedEvent(connection: Connection, event: number, epoch: number, timeMs: number): void {
    this.add(connection, FEED, event, epoch, timeMs);
  }

  /** Takes a frame for `addFrame`. */
  keepFrame(frame: Frame): number {
    return this.frames.push(frame) - 1;
  }

  addFrame(connection: Connection, frame: number): void {
    this.add(connection, FRAME, frame, 0, 0);
  }

  /** Sends everything. A connection that reads too slowly to be told everything is cut, and comes back to resume. */
  flush(): void {
    if (this.entries === 0) return;
    for (const connection of this.touched) {
      if (connection.closed) continue;
      if (connection.clogged && connection.waitingBytes > this.backlogs.bytesMax) {
        connection.endAsSlow();
        continue;
      }
      this.current = connection;
      connection.socket.cork(this.sendCurrent);
      connection.outHead = -1;
    }
    this.touched.length = 0;
    this.entries = 0;
    this.frames.length = 0;
    this.events.reset();
  }

  private readonly sendCurrent = (): void => {
    const connection = this.current as Connection;
    const { socket, binary } = connection;
    let status = SENT;
    this.nowMs = performance.now();
    for (let i = connection.outHead; i !== -1; i = this.next[i] as number) {
      if (this.kinds[i] === FRAME) {
        const frame = this.frames[this.refs[i] as number] as Frame;
        status = socket.send(binary ? frame.asMsgpack() : frame.asJson(), binary);
      } else if (binary) {
        this.encode(this.msgpack, i);
        status = socket.send(this.msgpack.end(), true);
      } else {
        this.encode(this.json, i);
        status = socket.send(this.json.end(), false);
      }
    }
    // Asking the socket for its backlog costs a native call; mostly there is none.
    connection.clogged = status !== SENT;
  };

  private encode(sink: JsonSink | MsgpackSink, i: number): void {
    const { words, floats } = this.events;
    const at = this.refs[i] as number;
    const time = this.times[i] as number;
    if (this.kinds[i] === ANSWER) {
      this.messages.answer(sink, words, floats, at, time, this.requestTimes, this.nowMs);
    } else this.messages.feedEvent(sink, words, floats, at, this.epochs[i] as number, time);
  }

  private add(
    connection: Connection,
    kind: number,
    ref: number,
    epoch: number,
    timeMs: number,
  ): void {
    if (this.entries === this.kinds.length) this.grow();
    const i = this.entries++;
    this.kinds[i] = kind;
    this.refs[i] = ref;
    this.epochs[i] = epoch;
    this.times[i] = timeMs;
    this.next[i] = -1;
    if (connection.outHead === -1) {
      connection.outHead = i;
      this.touched.push(connection);
    } else {
      this.next[connection.outTail] = i;
    }
    connection.outTail = i;
  }

  private grow(): void {
    const capacity = this.kinds.length * 2;
    const grow = <T extends Uint8Array | Int32Array | Float64Array>(to: T, from: T): T => {
      to.set(from);
      return to;
    };
    this.kinds = grow(new Uint8Array(capacity), this.kinds);
    this.refs = grow(new Int32Array(capacity), this.refs);
    this.next = grow(new Int32Array(capacity), this.next);
    this.times = grow(new Float64Array(capacity), this.times);
    this.epochs = grow(new Float64Array(capacity), this.epochs);
  }
}
