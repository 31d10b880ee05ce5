/**
 * What carries packs from the exchange to settlement: NATS JetStream, or a durable log in files. Both
 * keep every word said here; `bus-suite.fixture.ts` holds them to it.
 *
 * There is one publisher for each stream at a time. Whoever publishes while another one does is told
 * so (`BusConflictError`), because otherwise two outboxes could mix up the order.
 */
export interface Bus {
  /**
   * Stores a message. It is stored when the promise resolves; messages of one stream are stored in the
   * order of the calls, also when they are sent again after a loss of the connection. Many calls may be
   * under way at once, and should be: that is where the speed comes from.
   *
   * `data` must not be changed before the promise has settled.
   *
   * `messageId` names the content (1–256 visible ASCII characters without '#'): the same id under way twice is
   * stored once. It only helps: nothing keeps a message from being stored again in a later session.
   *
   * After the first rejection all messages of this stream that were called after it and are under way are
   * rejected as well, and so is what is called in the same turn of the event loop, so that none can overtake. The
   * publisher then asks `last` of its subjects and goes on behind that: of what was rejected, some from the
   * front may have been stored all the same. A call right after a rejection may meet the same error once
   * more. (BusMessageError concerns its message alone.)
   *
   * @throws BusUnavailableError when it could not be stored within the patience.
   * @throws BusFullError when too much is under way, or when the stream has reached its limit.
   * @throws BusConflictError when the stream does not end where this publisher left it.
   * @throws BusMessageError when subject, id or length are not allowed; nothing else is affected.
   * @throws BusClosedError after `close`.
   */
  publish(subject: string, data: Uint8Array, messageId: string): Promise<void>;

  /**
   * The newest stored message of a subject; null: there has never been one. Trimming keeps it (only in
   * `prices` does it grow too old). Errors as with `publish`.
   */
  last(subject: string): Promise<StoredMessage | null>;

  /**
   * Reads a stream with a position that is kept under the name `durable`. Begins behind what has been
   * acknowledged, in the order of the stream. A new name begins with the oldest message.
   *
   * One process reads with one name at a time. The embedded log refuses the second one with
   * BusConflictError; with NATS the second one takes over, and the iteration of the first one ends with
   * that error. The iteration survives loss of the connection.
   */
  consume(stream: StreamName, durable: string, options?: ConsumeOptions): Promise<MessageSource>;

  status(): BusStatus;

  /** Messages under way are rejected with BusClosedError, iterations end. */
  close(): Promise<void>;
}

export type StreamName = 'fills' | 'account-events' | 'prices';

export interface StoredMessage {
  readonly data: Uint8Array;
  /** Number in the stream: from 1, ascending, and with gaps where messages were trimmed. */
  readonly sequence: number;
  readonly messageId: string;
}

export interface ConsumeOptions {
  /** No more messages than this, 1 to 10,000, are handed out without an acknowledgement. Default 1,000. */
  readonly maxUnacknowledged?: number;
}

/** Iterate it once. Ends when it or the bus is closed. */
export interface MessageSource extends AsyncIterable<BusMessage> {
  /** When it returns, all acknowledgements have arrived, if they could. */
  close(): Promise<void>;
}

/** A message of any bytes: the bus does not look inside. */
export interface BusMessage {
  readonly subject: string;
  readonly data: Uint8Array;
  readonly sequence: number;
  /**
   * How often it was handed out before, sessions before this one included. With a server, what was only
   * on its way to a session that ended counts as well.
   */
  readonly redeliveries: number;
  /**
   * It is done and does not come again. Takes effect a moment later: who is killed right after it may
   * see the message again.
   */
  ack(): void;
  /** It comes again after the delay; later messages may come before. */
  nak(delayMs: number): void;
  /** It never comes again although it was not understood. The reason goes to the status. */
  term(reason: string): void;
}

export interface BusStatus {
  readonly kind: 'nats' | 'embedded';
  /** A sentence for operators: which server or folder. */
  readonly description: string;
  /** Publishing works as far as is known. */
  readonly available: boolean;
  /** Since when it does not, milliseconds of Unix time; null: it does. */
  readonly unavailableSinceMs: number | null;
  /** Accepted by `publish` and not yet stored. */
  readonly waitingMessages: number;
  readonly waitingBytes: number;
  /** Counted since the bus was opened. */
  readonly stored: number;
  readonly sentAgain: number;
  readonly reconnects: number;
  readonly terminated: number;
  /** The newest trouble in words, also when it is over. */
  readonly lastError: string | null;
}
