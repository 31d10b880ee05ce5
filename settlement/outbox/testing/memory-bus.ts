import { setTimeout as sleep } from 'node:timers/promises';
import type { Bus, BusStatus, MessageSource, StoredMessage } from '../../bus/bus.js';
import { BusUnavailableError } from '../../bus/errors.js';
import { streamOf } from '../../bus/streams.js';

export interface Stored extends StoredMessage {
  subject: string;
}

interface Published {
  subject: string;
  data: Uint8Array;
  messageId: string;
  resolve: () => void;
  reject: (error: Error) => void;
}

interface Line {
  underWay: Published[];
  answers: Promise<void>;
}

/** What becomes of a message: stored, stored without a word, or not stored. */
export type Fate = 'stored' | 'answerLost' | 'lost';

/** Streams in memory, with the faults that the interface allows. Reading is done by tests. */
export class MemoryBus implements Bus {
  readonly messages: Stored[] = [];
  /** Asked for each message. */
  fate: () => Fate = () => 'stored';
  /** Questions are not answered. */
  isAway: () => boolean = () => false;
  /** Resolves when messages are answered. */
  delay: () => Promise<void> = () => sleep(0);
  private readonly lines = new Map<string, Line>();

  publish(subject: string, data: Uint8Array, messageId: string): Promise<void> {
    const line = this.lineOf(streamOf(subject));
    return new Promise((resolve, reject) => {
      line.underWay.push({ subject, data, messageId, resolve, reject });
      line.answers = line.answers.then(this.delay).then(() => this.answer(line));
    });
  }

  async last(subject: string): Promise<StoredMessage | null> {
    if (this.isAway()) throw new BusUnavailableError('away');
    return this.messages.findLast((message) => message.subject === subject) ?? null;
  }

  /** Resolves when nothing is under way. */
  async idle(): Promise<void> {
    for (const line of this.lines.values()) await line.answers;
  }

  /** Messages of one subject, oldest first. */
  of(subject: string): Stored[] {
    return this.messages.filter((message) => message.subject === subject);
  }

  consume(): Promise<MessageSource> {
    throw new Error('tests read `messages`');
  }
  status(): BusStatus {
    throw new Error('tests read `messages`');
  }
  async close(): Promise<void> {}

  private lineOf(stream: string): Line {
    const line = this.lines.get(stream) ?? { underWay: [], answers: Promise.resolve() };
    this.lines.set(stream, line);
    return line;
  }

  /** The oldest one; with it, when it is refused, all that were published since. */
  private answer(line: Line): void {
    const first = line.underWay.shift();
    if (first === undefined) return;
    const { subject, data, messageId } = first;
    const fate = this.fate();
    if (fate !== 'lost') {
      this.messages.push({ subject, data, messageId, sequence: this.messages.length + 1 });
    }
    if (fate === 'stored') first.resolve();
    else
      for (const { reject } of [first, ...line.underWay.splice(0)])
        reject(new BusUnavailableError(fate));
  }
}
