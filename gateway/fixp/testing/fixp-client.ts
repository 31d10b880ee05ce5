import { randomUUID, sign } from 'node:crypto';
import net from 'node:net';
import { establishText, negotiateText } from '../credentials.js';
import { FRAMING_BYTES, FrameReader, HEAD_BYTES, writeFraming } from '../framing.js';
import * as sbe from '../generated/index.js';

/** A key as node:crypto signs with it. */
type PrivateKey = Parameters<typeof sign>[2];

export interface Received {
  templateId: number;
  view: DataView;
  /** Of the message's header. */
  at: number;
  /** Number in the flow, null for messages that have none. */
  seqNo: number | null;
}

type Decoder = { wrapAndApplyHeader(view: DataView, offset: number): unknown };
type DecoderClass<T extends Decoder> = { new (): T; readonly TEMPLATE_ID: number };
type Encoder = {
  wrapAndApplyHeader(view: DataView, offset: number): Encoder;
  clear(): unknown;
  sbeEncodedLength(): number;
};

/** For a machine that others load too. */
const TIMEOUT_MS = 30_000;
/** The longest: this client sends no heartbeats, and no test that is not about them may end by one that is missing. */
export const KEEPALIVE_MS = 60_000;

/** A client of the binary door that does nothing by itself, so that a test can do anything. It keeps all that came, and numbers it. */
export class FixpClient {
  readonly received: Received[] = [];
  readonly id: string;
  /** Of the server's next message on this connection. */
  incomingSeqNo = 1;
  outgoingSeqNo = 1;
  nonce = '';
  ended = false;
  private socket: net.Socket | null = null;
  private readonly port: number;
  private readonly key: PrivateKey;
  private readonly publicKey: Uint8Array;
  private retransmitted = 0;
  private resumeSeqNo = 1;
  private reader = new FrameReader(1 << 20);
  private waiting: (() => void)[] = [];

  constructor(port: number, key: PrivateKey, publicKey: Uint8Array, id = newSessionId()) {
    this.port = port;
    this.key = key;
    this.publicKey = publicKey;
    this.id = id;
  }

  async connect(): Promise<void> {
    const socket = net.connect({ port: this.port, host: '127.0.0.1', noDelay: true });
    this.socket = socket;
    this.ended = false;
    this.reader = new FrameReader(1 << 20);
    socket.on('data', (chunk: Buffer) => this.take(chunk));
    socket.on('error', () => {});
    socket.on('close', () => {
      if (this.socket !== socket) return;
      this.ended = true;
      this.wake();
    });
    await new Promise<void>((resolve, reject) => {
      socket.once('connect', resolve);
      socket.once('error', reject);
    });
  }

  /** Cuts the connection without a word. */
  async cut(): Promise<void> {
    this.socket?.resetAndDestroy();
    await this.until(() => this.ended, 'the connection has ended');
  }

  /** Reads nothing any more. */
  pause(): void {
    this.socket?.pause();
  }

  /** Sends a message; application messages take the next number. */
  send<E extends Encoder>(encoder: E, fill: (encoder: E) => void): void {
    const bytes = Buffer.alloc(2_048);
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
    encoder.wrapAndApplyHeader(view, FRAMING_BYTES);
    encoder.clear();
    fill(encoder);
    const length = writeFraming(view, 0, HEAD_BYTES - FRAMING_BYTES + encoder.sbeEncodedLength());
    if (view.getUint16(FRAMING_BYTES + 2, true) > 99) this.outgoingSeqNo++;
    this.raw(bytes.subarray(0, length));
  }

  raw(bytes: Uint8Array): void {
    this.socket?.write(bytes);
  }

  /** Signs and sends Negotiate; gives what was answered. */
  async negotiate(change: (message: sbe.NegotiateEncoder) => void = () => {}): Promise<Received> {
    const timestamp = Date.now();
    const from = this.received.length;
    this.send(new sbe.NegotiateEncoder(), (message) => {
      message.putSessionId(Buffer.from(this.id, 'hex'), 0).timestamp(timestamp);
      message.putPublicKey(this.publicKey, 0).clientFlow(sbe.FlowType.Idempotent);
      message.putSignature(this.signed(negotiateText('plimsoll', this.id, timestamp)), 0);
      change(message);
    });
    const answer = await this.nth(from);
    if (answer.templateId === sbe.NegotiationResponseDecoder.TEMPLATE_ID) {
      const nonce = new Uint8Array(32);
      read(answer, sbe.NegotiationResponseDecoder).getNonce(nonce, 0);
      this.nonce = Buffer.from(nonce).toString('hex');
    }
    return answer;
  }

  /** Signs and sends Establish; gives what was answered, and numbers what follows. */
  async establish(
    keepaliveMs = KEEPALIVE_MS,
    nextSeqNo = this.outgoingSeqNo,
    timestamp = nextTimestamp(),
    cancels: sbe.CancelOnDisconnect = sbe.CancelOnDisconnect.No,
  ): Promise<Received> {
    const from = this.received.length;
    this.send(new sbe.EstablishEncoder(), (message) => {
      message.putSessionId(Buffer.from(this.id, 'hex'), 0).timestamp(timestamp);
      message.keepaliveInterval(keepaliveMs).nextSeqNo(nextSeqNo).cancelOnDisconnect(cancels);
      const text = establishText('plimsoll', this.id, this.nonce, timestamp, nextSeqNo);
      message.putSignature(this.signed(text), 0);
    });
    const answer = await this.nth(from);
    this.outgoingSeqNo = nextSeqNo;
    return answer;
  }

  async begin(keepaliveMs = KEEPALIVE_MS): Promise<void> {
    await this.connect();
    expectTemplate(await this.negotiate(), sbe.NegotiationResponseDecoder);
    expectTemplate(await this.establish(keepaliveMs), sbe.EstablishmentAckDecoder);
  }

  /** Connects again and asks for everything that was missed. */
  async comeBack(keepaliveMs = KEEPALIVE_MS): Promise<void> {
    const missedFrom = this.incomingSeqNo;
    await this.connect();
    const answer = await this.establish(keepaliveMs);
    expectTemplate(answer, sbe.EstablishmentAckDecoder);
    for (let from = missedFrom, to = this.resumeSeqNo; from < to; ) {
      const count = Math.min(1_000, to - from);
      await this.askAgain(from, count);
      from += count;
    }
  }

  async askAgain(fromSeqNo: number, count: number): Promise<void> {
    const before = this.received.length;
    this.send(new sbe.RetransmitRequestEncoder(), (message) => {
      message.putSessionId(Buffer.from(this.id, 'hex'), 0).timestamp(1);
      message.fromSeqNo(fromSeqNo).count(count);
    });
    const numbered = () => this.received.slice(before).filter(({ seqNo }) => seqNo !== null);
    await this.until(() => numbered().length >= count, `${count} messages come again`);
  }

  /** The first message of a kind from an index on. */
  async next<T extends Decoder>(
    of: DecoderClass<T>,
    from = 0,
    matches = (_: T) => true,
  ): Promise<T> {
    const find = () => {
      return this.received.slice(from).find((message) => {
        return message.templateId === of.TEMPLATE_ID && matches(read(message, of));
      });
    };
    await this.until(() => find() !== undefined, `a message ${of.TEMPLATE_ID} comes`);
    return read(find() as Received, of);
  }

  all<T extends Decoder>(of: DecoderClass<T>): T[] {
    return this.received
      .filter(({ templateId }) => templateId === of.TEMPLATE_ID)
      .map((message) => read(message, of));
  }

  async until(condition: () => boolean, sentence: string): Promise<void> {
    const end = Date.now() + TIMEOUT_MS;
    while (!condition()) {
      if (Date.now() > end) throw new Error(`waited in vain until ${sentence}`);
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, 20);
        this.waiting.push(() => {
          clearTimeout(timer);
          resolve();
        });
      });
    }
  }

  signed(text: string): Uint8Array {
    return sign(null, Buffer.from(text), this.key as never);
  }

  private async nth(index: number): Promise<Received> {
    await this.until(() => this.received.length > index || this.ended, 'an answer comes');
    const found = this.received[index];
    if (found === undefined) throw new Error('the connection has ended without an answer');
    return found;
  }

  private take(chunk: Buffer): void {
    this.reader.take(chunk, (view, at, end) => {
      const bytes = Buffer.from(Buffer.from(view.buffer, view.byteOffset + at, end - at));
      const copy = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
      this.note(copy);
      return true;
    });
    this.wake();
  }

  /** Numbers follow from where the server says that it goes on. */
  private note(view: DataView): void {
    const templateId = view.getUint16(2, true);
    const message: Received = { templateId, view, at: 0, seqNo: null };
    if (templateId === sbe.EstablishmentAckDecoder.TEMPLATE_ID) {
      this.incomingSeqNo = read(message, sbe.EstablishmentAckDecoder).nextSeqNo();
      this.resumeSeqNo = this.incomingSeqNo;
    } else if (templateId === sbe.RetransmissionDecoder.TEMPLATE_ID) {
      const begin = read(message, sbe.RetransmissionDecoder);
      this.resumeSeqNo = this.incomingSeqNo;
      this.incomingSeqNo = begin.nextSeqNo();
      this.retransmitted = begin.count();
    } else if (templateId > 200 && templateId < 300) {
      message.seqNo = this.incomingSeqNo++;
      if (this.retransmitted > 0 && --this.retransmitted === 0) {
        this.incomingSeqNo = this.resumeSeqNo;
      }
    }
    this.received.push(message);
  }

  private wake(): void {
    for (const resolve of this.waiting.splice(0)) resolve();
  }
}

export function read<T extends Decoder>({ view, at }: Received, of: DecoderClass<T>): T {
  const decoder = new of();
  decoder.wrapAndApplyHeader(view, at);
  return decoder;
}

export function expectTemplate(message: Received, of: { TEMPLATE_ID: number }): void {
  if (message.templateId === of.TEMPLATE_ID) return;
  throw new Error(`expected message ${of.TEMPLATE_ID}, but ${message.templateId} came`);
}

export function newSessionId(): string {
  return randomUUID().replaceAll('-', '');
}

let lastTimestamp = 0;

/** Each Establish is later than the one before. */
function nextTimestamp(): number {
  lastTimestamp = Math.max(lastTimestamp + 1, Date.now());
  return lastTimestamp;
}
