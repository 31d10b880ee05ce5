import type { StreamName } from './bus.js';
import { BusMessageError } from './errors.js';

/** How large a stream may become, and what happens then. */
export interface StreamLimits {
  readonly maxBytes: number;
  /**
   * Above this, what every durable reader has acknowledged is removed, except the newest message of
   * each subject, from which a publisher learns where to go on.
   */
  readonly trimAboveBytes: number;
  /** Older messages are removed whether read or not; null: none are. */
  readonly maxAgeMs: number | null;
  /** Fills must never be dropped: the journal keeps them, so the outbox can wait until there is room. */
  readonly whenFull: 'refuse' | 'dropOldest';
}

export type AllLimits = Readonly<Record<StreamName, StreamLimits>>;
/** Differences from the defaults. */
export type LimitsGiven = Partial<Record<StreamName, Partial<StreamLimits>>>;

const MEBIBYTE = 2 ** 20;

const DEFAULTS: AllLimits = {
  fills: {
    maxBytes: 4096 * MEBIBYTE,
    trimAboveBytes: 1024 * MEBIBYTE,
    maxAgeMs: null,
    whenFull: 'refuse',
  },
  'account-events': {
    maxBytes: 1024 * MEBIBYTE,
    trimAboveBytes: 256 * MEBIBYTE,
    maxAgeMs: null,
    whenFull: 'refuse',
  },
  // Only the newest price matters.
  prices: {
    maxBytes: 64 * MEBIBYTE,
    trimAboveBytes: 64 * MEBIBYTE,
    maxAgeMs: 3_600_000,
    whenFull: 'dropOldest',
  },
};

export const STREAM_NAMES: readonly StreamName[] = ['fills', 'account-events', 'prices'];

/** Below the largest message of a NATS server as it comes, 1 MiB with headers. */
export const MAX_DATA_BYTES = 1_000_000;

export function limitsOf(given: LimitsGiven = {}): AllLimits {
  const of = (name: StreamName) => ({ ...DEFAULTS[name], ...given[name] });
  return { fills: of('fills'), 'account-events': of('account-events'), prices: of('prices') };
}

/** The stream of a subject `STREAM.NUMBER`. Throws BusMessageError. */
export function streamOf(subject: string): StreamName {
  const match = /^(fills|account-events|prices)\.(\d{1,10})$/.exec(subject);
  if (match !== null) return match[1] as StreamName;
  const form = 'fills.NUMBER, account-events.NUMBER or prices.NUMBER';
  throw new BusMessageError(`subject must be ${form}, but is ${JSON.stringify(subject)}`);
}

/** Throws BusMessageError when id or length are not allowed. */
export function checkMessage(data: Uint8Array, messageId: string): void {
  // '#' is what the NATS side marks a second attempt with.
  if (!/^[!-"$-~]{1,256}$/.test(messageId)) {
    const said = JSON.stringify(messageId.slice(0, 300));
    throw new BusMessageError(
      `messageId must be 1 to 256 visible ASCII characters without '#', but is ${said}`,
    );
  }
  if (data.length > MAX_DATA_BYTES) {
    throw new BusMessageError(
      `data must have at most ${MAX_DATA_BYTES} bytes, but has ${data.length}`,
    );
  }
}

/** The name of a durable reader becomes a folder or a consumer. Throws BusMessageError. */
export function checkDurable(durable: string): void {
  if (/^[a-z][a-z0-9-]{0,31}$/.test(durable)) return;
  const form = 'a lower-case letter and up to 31 of a–z, 0–9 and -';
  throw new BusMessageError(`durable must be ${form}, but is ${JSON.stringify(durable)}`);
}

/** Throws BusMessageError when it is out of its limits. */
export function checkMaxUnacknowledged(count = 1_000): number {
  if (Number.isInteger(count) && count >= 1 && count <= 10_000) return count;
  throw new BusMessageError(`maxUnacknowledged must be 1 to 10000, but is ${count}`);
}
