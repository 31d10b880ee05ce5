import net from 'node:net';
import type { FixMessage } from '../fix/codec/fix-message.js';
import { FrameReader } from '../fix/codec/frame-reader.js';
import { FixBody, sealed, timestampOf } from '../fix/codec/frame-writer.js';
import { MSG, TAG } from '../fix/codec/tags.js';

type Value = string | number;
/** Fields by number; as pairs where their order counts. */
export type Fields = Readonly<Record<string, Value>> | readonly (readonly [number, Value])[];
type Header = Readonly<Record<string, Value>>;

/** For a machine that others load too. */
const PATIENCE_MS = 30_000;

/** Numbers of a client's session, which it keeps over connections. */
export interface ClientNumbers {
  nextOut: number;
  nextIn: number;
}

/** A FIX initiator for tests: it keeps numbers, asks for what is missing, and remembers all that came. */
export class FixClient {
  readonly numbers: ClientNumbers;
  /** Application and administrative messages in the order of their numbers. */
  readonly received: FixMessage[] = [];
  isClosed = false;
  /** Does not read what comes. */
  private readonly socket: net.Socket;
  private readonly apiKey: string;
  private readonly reader = new FrameReader(1 << 20);
  private gapAsked = 0;
  private waiting: (() => void)[] = [];

  static async connect(port: number, apiKey: string, numbers?: ClientNumbers): Promise<FixClient> {
    const socket = net.connect({ port, host: '127.0.0.1', noDelay: true });
    await new Promise((resolve, reject) => {
      socket.once('connect', resolve);
      socket.once('error', reject);
    });
    return new FixClient(socket, apiKey, numbers ?? { nextOut: 1, nextIn: 1 });
  }

  private constructor(socket: net.Socket, apiKey: string, numbers: ClientNumbers) {
    this.socket = socket;
    this.apiKey = apiKey;
    this.numbers = numbers;
    socket.on('data', (chunk) => {
      this.reader.push(chunk, ({ message }) => {
        this.take(message);
        return true;
      });
      this.wakeAll();
    });
    socket.on('error', () => {});
    socket.on('close', () => {
      this.isClosed = true;
      this.wakeAll();
    });
  }

  /** Logs on and waits for the answer. */
  async logon(secret: string, extra: Header = {}): Promise<FixMessage> {
    this.send(MSG.Logon, {
      [TAG.EncryptMethod]: 0,
      [TAG.HeartBtInt]: 30,
      [TAG.Username]: this.apiKey,
      [TAG.Password]: secret,
      ...extra,
    });
    const [answer] = await this.until((message) => {
      return message.type === MSG.Logon || message.type === MSG.Logout;
    });
    return answer as FixMessage;
  }

  /** Sends a message with the next number, and gives that. */
  send(type: string, fields: Fields, header: Header = {}): number {
    const sequence = this.numbers.nextOut++;
    this.sendAs(sequence, type, fields, header);
    return sequence;
  }

  /** Sends a message with a number of the caller's choice. */
  sendAs(sequence: number, type: string, fields: Fields, header: Header = {}): void {
    const body = new FixBody()
      .field(TAG.MsgType, type)
      .field(TAG.MsgSeqNum, sequence)
      .field(TAG.SenderCompID, header[TAG.SenderCompID] ?? this.apiKey)
      .field(TAG.TargetCompID, header[TAG.TargetCompID] ?? 'PLIMSOLL')
      .field(TAG.SendingTime, header[TAG.SendingTime] ?? timestampOf(Date.now()));
    for (const [tag, value] of Object.entries(header)) {
      if (![TAG.SenderCompID, TAG.TargetCompID, TAG.SendingTime].includes(Number(tag) as never)) {
        body.field(Number(tag), value);
      }
    }
    const pairs = Array.isArray(fields) ? fields : Object.entries(fields);
    for (const [tag, value] of pairs) body.field(Number(tag), value);
    this.raw(sealed('FIX.4.4', body.text));
  }

  raw(bytes: Uint8Array): void {
    this.socket.write(bytes);
  }

  /** The first so many messages that fit, as soon as they have come. */
  async until(fits: (message: FixMessage) => boolean, count = 1): Promise<FixMessage[]> {
    const end = performance.now() + PATIENCE_MS;
    for (;;) {
      const found = this.received.filter(fits);
      if (found.length >= count) return found;
      if (this.isClosed || performance.now() > end) {
        const seen = this.received.slice(-8).map(shown).join('\n');
        throw new Error(`only ${found.length} of ${count} messages came; the last ones:\n${seen}`);
      }
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, 500);
        this.waiting.push(() => {
          clearTimeout(timer);
          resolve();
        });
      });
    }
  }

  async closed(): Promise<void> {
    const end = performance.now() + PATIENCE_MS;
    while (!this.isClosed) {
      if (performance.now() > end) throw new Error('the connection did not end');
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
  }

  /** Reports with this ClOrdID. */
  reports(clOrdId: string): FixMessage[] {
    return this.received.filter((message) => {
      return message.type === MSG.ExecutionReport && message.get(TAG.ClOrdID) === clOrdId;
    });
  }

  stopReading(): void {
    this.socket.pause();
  }

  cut(): void {
    this.socket.destroy();
  }

  private wakeAll(): void {
    for (const wake of this.waiting.splice(0)) wake();
  }

  private take(message: FixMessage): void {
    const { numbers } = this;
    const { sequence, type } = message;
    if (type === MSG.ResendRequest) {
      this.received.push(message);
      if (sequence === numbers.nextIn) numbers.nextIn++;
      return;
    }
    if (sequence < numbers.nextIn) {
      // Of a refused Logon, or again what has come.
      if (!message.isPossibleDuplicate) this.received.push(message);
      return;
    }
    if (sequence > numbers.nextIn) {
      if (type === MSG.Logon || type === MSG.Logout) this.received.push(message);
      if (this.gapAsked >= numbers.nextIn) return;
      this.gapAsked = sequence;
      this.send(MSG.ResendRequest, { [TAG.BeginSeqNo]: numbers.nextIn, [TAG.EndSeqNo]: 0 });
      return;
    }
    if (type === MSG.SequenceReset) {
      numbers.nextIn = Number(message.get(TAG.NewSeqNo));
      return;
    }
    numbers.nextIn++;
    this.received.push(message);
    if (type === MSG.TestRequest) {
      this.send(MSG.Heartbeat, { [TAG.TestReqID]: message.get(TAG.TestReqID) as string });
    }
  }
}

export function shown({ tags, values }: FixMessage): string {
  return tags.map((tag, i) => `${tag}=${values[i]}`).join('|');
}

/** Fields as text, for comparisons. */
export function fieldsOf(message: FixMessage, ...tags: number[]): (string | undefined)[] {
  return tags.map((tag) => message.get(tag));
}
