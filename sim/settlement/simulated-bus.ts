import { assert } from '../../engine/assert.js';
import type { Xorshift } from '../../engine/testing/xorshift.js';
import type { StoredMessage, StreamName } from '../../settlement/bus/bus.js';
import { BusConflictError, BusUnavailableError } from '../../settlement/bus/errors.js';
import { checkMessage, STREAM_NAMES, streamOf } from '../../settlement/bus/streams.js';
import { StreamReader } from './stream-reader.js';

export interface SubjectMessage extends StoredMessage {
  readonly subject: string;
}

interface Published {
  readonly subject: string;
  readonly data: Uint8Array;
  readonly messageId: string;
  readonly resolve: () => void;
  readonly reject: (error: Error) => void;
}

/** One stream: what is stored, how much of it a power failure leaves, and what is on its way. */
interface Stream {
  messages: SubjectMessage[];
  synced: number;
  underWay: Published[];
  /** The publisher does not know yet that the stream ends elsewhere. */
  isShorter: boolean;
}

/** Chances in a hundred. */
const ANSWER_LOST = 4;
const MESSAGE_LOST = 4;

/** The bus's server: streams in memory with the faults that the interface allows, thrown by the seed. */
export class SimulatedBus {
  readonly counts = {
    busStored: 0,
    busAnswersLost: 0,
    busMessagesLost: 0,
    busAway: 0,
    busTailsLost: 0,
    busDoubled: 0,
    busRedelivered: 0,
    busAcksLost: 0,
  };
  readonly readers: ReadonlyMap<StreamName, StreamReader>;
  hasFaults: boolean;
  private readonly random: Xorshift;
  private readonly streams = new Map<StreamName, Stream>();
  /** How likely a step ends with a sync, in a hundred: what a power failure takes depends on it. */
  private readonly syncChance: number;
  private awaySteps = 0;

  constructor(random: Xorshift, hasFaults: boolean) {
    this.random = random;
    this.syncChance = random.pick([3, 30]);
    this.hasFaults = hasFaults;
    for (const name of STREAM_NAMES) {
      this.streams.set(name, { messages: [], synced: 0, underWay: [], isShorter: false });
    }
    this.readers = new Map(
      STREAM_NAMES.map((name) => [name, new StreamReader(random, this, () => this.stored(name))]),
    );
  }

  get isAway(): boolean {
    return this.awaySteps > 0;
  }

  /** Nothing is on its way, and everything was read. */
  get isQuiet(): boolean {
    const isSent = [...this.streams.values()].every(({ underWay }) => underWay.length === 0);
    return isSent && [...this.readers.values()].every(({ hasReadAll }) => hasReadAll);
  }

  stored(name: StreamName): readonly SubjectMessage[] {
    return this.stream(name).messages;
  }

  publish(subject: string, data: Uint8Array, messageId: string): Promise<void> {
    const stream = this.stream(streamOf(subject));
    checkMessage(data, messageId);
    return new Promise((resolve, reject) => {
      stream.underWay.push({ subject, data: data.slice(), messageId, resolve, reject });
    });
  }

  /** Throws BusUnavailableError. */
  last(subject: string): StoredMessage | null {
    if (this.isAway) throw new BusUnavailableError('the simulated bus is away');
    const found = this.stored(streamOf(subject)).findLast((one) => one.subject === subject);
    return found ?? null;
  }

  /** Takes in some of what is on its way, and hands some of it on. */
  step(nowMs: number): void {
    const { random } = this;
    if (this.awaySteps > 0) this.awaySteps--;
    else if (this.hasFaults && random.chance(1)) {
      this.awaySteps = random.between(1, 25);
      this.counts.busAway++;
    }
    for (const stream of this.streams.values()) {
      if (this.isAway) this.refuse(stream, new BusUnavailableError('the simulated bus is away'));
      else for (let i = random.below(4); i > 0; i--) this.take(stream);
      if (random.chance(this.syncChance)) stream.synced = stream.messages.length;
    }
    if (this.isAway) return;
    for (const reader of this.readers.values()) {
      for (let i = random.below(4); i > 0; i--) reader.deliver(nowMs);
    }
  }

  /** Some of what was on its way, from the front, arrives; nobody waits for answers. */
  publisherDied(): void {
    for (const stream of this.streams.values()) {
      const left = stream.underWay.splice(0);
      const arrives = stream.isShorter || this.isAway ? 0 : this.random.below(left.length + 1);
      for (const published of left.slice(0, arrives)) this.store(stream, published);
      stream.isShorter = false;
    }
  }

  /** The server's disk forgets what it had not synced, though it was confirmed, and perhaps read. */
  powerFails(): void {
    for (const [name, stream] of this.streams) {
      const lost = stream.messages.length - stream.synced;
      this.refuse(stream, new BusUnavailableError('the simulated bus lost its power'));
      if (lost === 0) continue;
      stream.messages.length = stream.synced;
      stream.isShorter = true;
      this.reader(name).cutBack(stream.synced);
      this.counts.busTailsLost++;
    }
  }

  reader(name: StreamName): StreamReader {
    const reader = this.readers.get(name);
    assert(reader !== undefined, 'every stream has a reader');
    return reader;
  }

  private take(stream: Stream): void {
    const [first] = stream.underWay;
    if (first === undefined) return;
    if (stream.isShorter) {
      stream.isShorter = false;
      this.refuse(stream, new BusConflictError('the stream does not end where it was left'));
      return;
    }
    if (this.hasFaults && this.random.chance(MESSAGE_LOST)) {
      this.counts.busMessagesLost++;
      this.refuse(stream, new BusUnavailableError('lost on the way'));
      return;
    }
    this.store(stream, first);
    if (this.hasFaults && this.random.chance(ANSWER_LOST)) {
      this.counts.busAnswersLost++;
      this.refuse(stream, new BusUnavailableError('the answer was lost'));
      return;
    }
    stream.underWay.shift();
    first.resolve();
  }

  private store(stream: Stream, { subject, data, messageId }: Published): void {
    stream.messages.push({ subject, data, messageId, sequence: stream.messages.length + 1 });
    this.counts.busStored++;
  }

  private refuse(stream: Stream, error: Error): void {
    for (const { reject } of stream.underWay.splice(0)) reject(error);
  }

  private stream(name: StreamName): Stream {
    const stream = this.streams.get(name);
    assert(stream !== undefined, 'there are three streams');
    return stream;
  }
}
