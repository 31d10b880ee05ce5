import { setTimeout as sleep } from 'node:timers/promises';
import type { StreamName } from '../bus.js';
import {
  BusClosedError,
  BusConflictError,
  type BusError,
  BusFullError,
  BusUnavailableError,
} from '../errors.js';
import { Refusal } from '../refusal.js';
import { type Promised, promised, sentenceOf } from '../waiting.js';
import type { PublishAnswer, StreamEnd, Wire } from './wire.js';

interface Waiting extends Promised {
  readonly subject: string;
  readonly data: Uint8Array;
  readonly messageId: string;
  readonly deadlineMs: number;
  /** Where its answer comes in; null: not sent, or given up. */
  token: string | null;
  isStored: boolean;
  attempts: number;
  /** How many other ids it needed on the server. */
  renamed: number;
}

export interface LaneOptions {
  readonly stream: StreamName;
  /** A message that is not stored after this is rejected, and all behind it. */
  readonly patienceMs: number;
  /** What is under way and brings no answer for this long is given up and sent again. */
  readonly answerMs: number;
  /**
   * Longer than what a killed predecessor has sent can be on its way to the leader of a cluster, and than a
   * node that was paused can take itself for that leader.
   */
  readonly cautionMs: number;
  readonly windowMessages: number;
  readonly windowBytes: number;
}

/** What the lane knows of the stream's end. */
interface End {
  sequence: number;
  /** Null: unknown. */
  wireId: string | null;
}

const PAUSE_MS = 100;

/**
 * Publishes to one stream, many messages at once, and keeps their order whatever happens.
 *
 * Each message names the sequence of the message that it must follow, so the server refuses whatever
 * would come out of order: when one is lost, all behind it are refused. The lane then stops, reads how
 * the stream ends, counts as stored what lies there, and sends the rest again. That works however long
 * the outage was: it does not need the server's memory of ids.
 *
 * Numbers alone would not do when somebody else's message takes the place of one of ours: the next one
 * would fit behind it. A single server is told the id to follow as well. A cluster must not be told: its
 * nodes check ids again when they catch up, and one that is ahead takes the refusal for a broken disk and
 * leaves (nats-server 2.15). There, a new session sends one message at a time until what a killed
 * predecessor had under way must have arrived.
 */
export class PublishLane {
  readonly refusal = new Refusal();
  stored = 0;
  sentAgain = 0;
  waitingBytes = 0;
  lastError: string | null = null;
  /** Since when nothing can be stored; null: it can, or nobody tried. */
  unavailableSinceMs: number | null = null;
  private readonly wire: Wire;
  private readonly options: LaneOptions;
  private queue: Waiting[] = [];
  private readonly byId = new Map<string, Waiting>();
  /** So many at the head of the queue are under way. */
  private sent = 0;
  private sentBytes = 0;
  /** What the next message to be sent must follow; null: the stream has to be asked. */
  private next: End | null = null;
  private isReplicated = false;
  /** Until then one message at a time. */
  private cautiousUntilMs = 0;
  /** The end as far as this publisher has caused or accepted it; null: it has not. */
  private known: End | null = null;
  private progressMs = 0;
  private recovering = false;
  /** Since when a cluster tells an end before what it has acknowledged; null: it does not. */
  private behindSinceMs: number | null = null;
  /** What was stored when the stream was last asked for its end. */
  private storedBefore = -1;
  private closed = false;

  constructor(wire: Wire, options: LaneOptions) {
    this.wire = wire;
    this.options = options;
  }

  get waitingMessages(): number {
    return this.queue.length;
  }

  publish(subject: string, data: Uint8Array, messageId: string): Promise<void> {
    if (this.closed) return Promise.reject(new BusClosedError('the bus is closed'));
    const refusal = this.refusal.answer();
    if (refusal !== null) return refusal;
    const already = this.byId.get(messageId);
    if (already !== undefined) return already.promise;
    const deadlineMs = Date.now() + this.options.patienceMs;
    const waiting: Waiting = {
      ...{ subject, data, messageId, deadlineMs, ...promised() },
      ...{ token: null, isStored: false, attempts: 0, renamed: 0 },
    };
    this.queue.push(waiting);
    this.byId.set(messageId, waiting);
    this.waitingBytes += data.length;
    if (this.next === null) this.recover();
    else this.send();
    return waiting.promise;
  }

  /** To be called a few times a second. */
  tick(nowMs: number): void {
    const first = this.queue[0];
    if (first === undefined) return;
    if (first.deadlineMs <= nowMs) {
      const patience = `not stored within ${this.options.patienceMs} ms`;
      const why = this.lastError ?? 'the server does not answer';
      this.rejectAll(new BusUnavailableError(`${first.subject}: ${patience}: ${why}`));
    } else if (this.sent > 0 && nowMs - this.progressMs > this.options.answerMs) {
      this.stop(`no answer for ${this.options.answerMs} ms`);
    }
  }

  /** Nothing that is under way can be relied on. */
  stop(why: string): void {
    if (this.next === null && this.sent === 0) return;
    this.note(why);
    this.forgetSent();
    this.next = null;
    if (this.queue.length > 0) this.recover();
  }

  close(): void {
    this.closed = true;
    this.rejectAll(new BusClosedError('the bus was closed'));
  }

  private send(): void {
    const { windowBytes } = this.options;
    const isCautious = this.isReplicated && Date.now() < this.cautiousUntilMs;
    const windowMessages = isCautious ? 1 : this.options.windowMessages;
    while (this.sent < this.queue.length && this.next !== null) {
      if (this.sent >= windowMessages || this.sentBytes >= windowBytes) return;
      const waiting = this.queue[this.sent]!;
      if (this.sent === 0) this.progressMs = Date.now();
      this.sent++;
      this.sentBytes += waiting.data.length;
      if (waiting.isStored) continue;
      if (waiting.attempts++ > 0) this.sentAgain++;
      const wireId = wireIdOf(waiting);
      const { subject, data } = waiting;
      const { sequence } = this.next;
      const after = { sequence, wireId: this.isReplicated ? null : this.next.wireId };
      this.next = { sequence: after.sequence + 1, wireId };
      waiting.token = this.wire.send({ subject, data, wireId, after }, (answer) =>
        this.take(waiting, answer),
      );
    }
  }

  private take(waiting: Waiting, answer: PublishAnswer): void {
    waiting.token = null;
    switch (answer.kind) {
      case 'stored':
        this.markStored(waiting, { sequence: answer.sequence, wireId: wireIdOf(waiting) });
        break;
      case 'duplicate':
        this.markDuplicate(waiting, answer.sequence);
        break;
      case 'full':
        this.rejectAll(new BusFullError(`${this.options.stream}: ${answer.sentence}`));
        return;
      case 'idInDoubt':
        // The server took the id and then not the message: under this id it would never take it.
        waiting.renamed++;
        this.stop(answer.sentence);
        return;
      case 'refused':
        this.stop(answer.sentence);
        return;
    }
    this.progressMs = Date.now();
    this.unavailableSinceMs = null;
    this.send();
  }

  /** The message is stored, and so is all before it: it would have been refused otherwise. */
  private markStored(waiting: Waiting, end: End): void {
    for (const before of this.queue) {
      before.isStored = true;
      if (before === waiting) break;
    }
    this.known = end;
    this.takeOff();
  }

  /**
   * By an attempt of this session whose answer was lost, or long ago. In the second case the predictions
   * for those behind it are wrong, and they will be refused.
   */
  private markDuplicate(waiting: Waiting, sequence: number): void {
    if (this.known !== null && sequence > this.known.sequence) {
      this.markStored(waiting, { sequence, wireId: wireIdOf(waiting) });
      return;
    }
    waiting.isStored = true;
    this.takeOff();
  }

  private takeOff(): void {
    let count = 0;
    for (; count < this.queue.length && this.queue[count]!.isStored; count++) {
      const done = this.queue[count]!;
      this.drop(done);
      if (count < this.sent) this.sentBytes -= done.data.length;
      done.resolve();
    }
    this.stored += count;
    this.sent = Math.max(0, this.sent - count);
    this.queue.splice(0, count);
  }

  private recover(): void {
    if (this.recovering || this.closed) return;
    this.recovering = true;
    this.askUntilKnown().finally(() => {
      this.recovering = false;
      if (this.next === null && this.queue.length > 0) this.recover();
    });
  }

  private async askUntilKnown(): Promise<void> {
    // A server that tells how the stream ends and takes nothing needs time, and not the same again.
    if (this.stored === this.storedBefore) await sleep(PAUSE_MS);
    this.storedBefore = this.stored;
    while (this.queue.length > 0 && !this.closed) {
      try {
        const { stream } = this.options;
        const end = await this.wire.endOf(stream);
        const { known } = this;
        if (this.mayBeOutdated(end)) throw new Error(`${stream} ends before what was acknowledged`);
        const isOn = known !== null && end.sequence > known.sequence;
        this.accept(end, isOn ? await this.wire.idAt(stream, known.sequence + 1) : null);
        this.send();
        return;
      } catch (error) {
        this.note(sentenceOf(error));
        await sleep(PAUSE_MS);
      }
    }
  }

  /** A node of a cluster that was paused takes itself for the leader until it hears of the new one. */
  private mayBeOutdated(end: StreamEnd): boolean {
    if (!end.isReplicated || this.known === null || end.sequence >= this.known.sequence) {
      this.behindSinceMs = null;
      return false;
    }
    this.behindSinceMs ??= Date.now();
    return Date.now() - this.behindSinceMs < this.options.cautionMs;
  }

  /**
   * Compares how the stream ends with what was sent, and settles what lies there.
   *
   * @param firstId what lies behind the last message known, if anything does
   */
  private accept(end: StreamEnd, firstId: string | null): void {
    const { known } = this;
    const sent = this.queue.filter(({ isStored }) => !isStored);
    const index = sent.findIndex((waiting) => mayBe(waiting, end.wireId));
    if (known !== null && !isMine(end, known, sent, index, firstId)) {
      const ends = `${this.options.stream} ends with message ${end.sequence} (${end.wireId})`;
      const mine = `this publisher's last one is ${known.sequence} (${known.wireId})`;
      const why = end.sequence < known.sequence ? 'messages were lost' : 'somebody else publishes';
      this.rejectAll(new BusConflictError(`${ends}, but ${mine}: ${why}`));
      return;
    }
    if (index >= 0) this.markStored(sent[index]!, end);
    if (known === null) this.cautiousUntilMs = Date.now() + this.options.cautionMs;
    this.isReplicated = end.isReplicated;
    this.known = end;
    this.next = { sequence: end.sequence, wireId: end.wireId };
    // A leader that has lost its followers still tells its end for some ten seconds, and stores nothing.
    if (index >= 0 || this.queue.length === 0) this.unavailableSinceMs = null;
  }

  private note(why: string): void {
    this.lastError = why;
    if (this.queue.length > 0) this.unavailableSinceMs ??= Date.now();
  }

  private forgetSent(): void {
    for (const waiting of this.queue.slice(0, this.sent)) {
      if (waiting.token !== null) this.wire.forget(waiting.token);
      waiting.token = null;
    }
    this.sent = 0;
    this.sentBytes = 0;
  }

  private rejectAll(error: BusError): void {
    if (!(error instanceof BusClosedError)) this.note(error.message);
    this.forgetSent();
    this.refusal.raise(error);
    const all = this.queue;
    this.queue = [];
    this.next = null;
    // Some of it may be stored or become so: whoever publishes next accepts any end.
    this.known = null;
    for (const waiting of all) {
      this.drop(waiting);
      waiting.reject(error);
    }
  }

  private drop(waiting: Waiting): void {
    this.byId.delete(waiting.messageId);
    this.waitingBytes -= waiting.data.length;
  }
}

function wireIdOf({ messageId, renamed }: Waiting): string {
  return renamed === 0 ? messageId : `${messageId}#${renamed}`;
}

function mayBe(waiting: Waiting, wireId: string | null): boolean {
  if (wireId === null || waiting.attempts === 0) return false;
  return wireId === waiting.messageId || wireId.startsWith(`${waiting.messageId}#`);
}

/** What lies behind the last message known is what was sent, from the first one on. */
function isMine(
  end: StreamEnd,
  known: End,
  sent: readonly Waiting[],
  index: number,
  firstId: string | null,
): boolean {
  if (end.sequence === known.sequence) return true;
  // Prices may be gone by age before anybody asks for them.
  if (end.wireId === null) return end.sequence > known.sequence;
  const isFirst = firstId === null || mayBe(sent[0]!, firstId);
  return index >= 0 && isFirst && end.sequence - known.sequence === index + 1;
}
