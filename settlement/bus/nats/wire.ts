import type { JetStreamManager } from '@nats-io/jetstream';
import {
  createInbox,
  headers,
  type Msg,
  type NatsConnection,
  type Subscription,
} from '@nats-io/nats-core';
import type { StoredMessage, StreamName } from '../bus.js';

/** What a publish brought. */
export type PublishAnswer =
  | { readonly kind: 'stored'; readonly sequence: number }
  /** The server has this id already, under this sequence. */
  | { readonly kind: 'duplicate'; readonly sequence: number }
  /** The stream has reached its limit. */
  | { readonly kind: 'full'; readonly sentence: string }
  /** The server says that a message of this id is under way, though none may be. */
  | { readonly kind: 'idInDoubt'; readonly sentence: string }
  /** Out of order, or the server cannot at the moment. */
  | { readonly kind: 'refused'; readonly sentence: string };

export interface WireMessage {
  readonly subject: string;
  readonly data: Uint8Array;
  readonly wireId: string;
  /** The server takes it only behind this message. */
  readonly after: { readonly sequence: number; readonly wireId: string | null };
}

/** What a lane needs of the server. */
export interface Wire {
  /** Sends a message, and returns the token of its answer. */
  send(message: WireMessage, onAnswer: (answer: PublishAnswer) => void): string;
  /** The answer is not wanted any more. */
  forget(token: string): void;
  /** How a stream ends. Throws when the server does not tell. */
  endOf(stream: StreamName): Promise<StreamEnd>;
  /** The id of the message with this sequence; null: it has none or is gone. */
  idAt(stream: StreamName, sequence: number): Promise<string | null>;
}

export interface StreamEnd {
  /** Of the newest message; 0: there has been none. */
  readonly sequence: number;
  readonly wireId: string | null;
  /** Several servers keep it. */
  readonly isReplicated: boolean;
}

const ID_HEADER = 'Nats-Msg-Id';
const DUPLICATE_IN_PROCESS = 10_158;
const STORE_FAILED = 10_077;

/**
 * Publishes without a request for each: all answers come to one inbox, and a token in the reply subject
 * says whose they are. That is four times as fast as the client's own `js.publish`.
 */
export class NatsWire implements Wire {
  private readonly connection: NatsConnection;
  private readonly manager: JetStreamManager;
  private readonly inbox = createInbox();
  private readonly subscription: Subscription;
  private readonly waiting = new Map<string, (answer: PublishAnswer) => void>();
  private counter = 0;

  constructor(connection: NatsConnection, manager: JetStreamManager) {
    this.connection = connection;
    this.manager = manager;
    this.subscription = connection.subscribe(`${this.inbox}.*`, {
      callback: (error, message) => {
        if (error === null) this.take(message);
      },
    });
  }

  send(message: WireMessage, onAnswer: (answer: PublishAnswer) => void): string {
    const token = (this.counter++).toString(36);
    const { subject, data, wireId, after } = message;
    const head = headers();
    head.append(ID_HEADER, wireId);
    head.append('Nats-Expected-Last-Sequence', String(after.sequence));
    if (after.wireId !== null) head.append('Nats-Expected-Last-Msg-Id', after.wireId);
    this.waiting.set(token, onAnswer);
    try {
      this.connection.publish(subject, data, { headers: head, reply: `${this.inbox}.${token}` });
    } catch (error) {
      // The connection is closed: the lane hears of it like of any other refusal, but not within this call.
      queueMicrotask(() => this.settle(token, { kind: 'refused', sentence: String(error) }));
    }
    return token;
  }

  forget(token: string): void {
    this.waiting.delete(token);
  }

  async endOf(stream: StreamName): Promise<StreamEnd> {
    const { state, cluster } = await this.manager.streams.info(stream);
    const sequence = state.last_seq;
    const wireId = sequence === 0 ? null : await this.idAt(stream, sequence);
    return { sequence, wireId, isReplicated: cluster !== undefined };
  }

  async idAt(stream: StreamName, sequence: number): Promise<string | null> {
    const message = await this.manager.streams.getMessage(stream, { seq: sequence });
    return message?.header.get(ID_HEADER) || null;
  }

  /** Asks the leader, because another node may be behind. */
  async last(stream: StreamName, subject: string): Promise<StoredMessage | null> {
    const message = await this.manager.streams.getMessage(stream, { last_by_subj: subject });
    if (message === null) return null;
    const messageId = message.header.get(ID_HEADER).replace(/#\d+$/, '');
    return { data: message.data, sequence: message.seq, messageId };
  }

  close(): void {
    this.waiting.clear();
    this.subscription.unsubscribe();
  }

  private take(message: Msg): void {
    const token = message.subject.slice(this.inbox.length + 1);
    const status = message.headers?.code ?? 0;
    if (status !== 0) {
      const sentence = `no leader of the stream answers (status ${status})`;
      this.settle(token, { kind: 'refused', sentence });
    } else {
      this.settle(token, answerOf(message.string()));
    }
  }

  private settle(token: string, answer: PublishAnswer): void {
    const onAnswer = this.waiting.get(token);
    this.waiting.delete(token);
    onAnswer?.(answer);
  }
}

interface Acknowledgement {
  readonly seq?: number;
  readonly duplicate?: boolean;
  readonly error?: { readonly err_code?: number; readonly description?: string };
}

function answerOf(text: string): PublishAnswer {
  let answer: Acknowledgement;
  try {
    answer = JSON.parse(text) as Acknowledgement;
  } catch {
    return {
      kind: 'refused',
      sentence: `the server answered ${JSON.stringify(text.slice(0, 100))}`,
    };
  }
  if (answer.error !== undefined) return refusalOf(answer.error);
  if (answer.seq !== undefined) {
    return { kind: answer.duplicate === true ? 'duplicate' : 'stored', sequence: answer.seq };
  }
  return { kind: 'refused', sentence: `the server answered ${text.slice(0, 100)}` };
}

function refusalOf(error: NonNullable<Acknowledgement['error']>): PublishAnswer {
  const sentence = `${error.description ?? 'refused'} (${error.err_code ?? 'no code'})`;
  if (error.err_code === DUPLICATE_IN_PROCESS) return { kind: 'idInDoubt', sentence };
  if (error.err_code === STORE_FAILED && /maximum/.test(sentence))
    return { kind: 'full', sentence };
  return { kind: 'refused', sentence };
}
