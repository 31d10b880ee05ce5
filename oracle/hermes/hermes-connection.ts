import { EventSource } from 'eventsource';
import { limitBody, upTo } from '../limited-body.js';

/** More than this without an event is an attack on our memory. */
const BYTES_PER_EVENT_MAX = 1024 * 1024;

export interface HermesConnectionOptions {
  /** Without a path of its own, or with the one that a provider puts before Hermes' paths. */
  url: string;
  /** Feed ids in hexadecimal. */
  feeds: readonly string[];
  /** How long an answer may take to begin. */
  connectWithinMs: number;
  /** One event or answer as it came. */
  onText: (text: string) => void;
  /** Once; afterwards nothing more comes. The status is Hermes', when it has answered at all. */
  onEnd: (problem: string, httpStatus: number | null) => void;
}

/**
 * One connection to a Hermes server: the newest prices by `/v2/updates/price/latest`, then the stream of `/v2/updates/price/stream` until it ends
 * for whatever reason. It never comes back by itself: when and whether is the source's decision, not the server's.
 */
export class HermesConnection {
  private readonly options: HermesConnectionOptions;
  private readonly abort = new AbortController();
  private readonly stream: EventSource;
  private readonly opening: NodeJS.Timeout;
  private bytes = 0;
  private hasEnded = false;

  constructor(options: HermesConnectionOptions) {
    this.options = options;
    const { url, feeds, connectWithinMs } = options;
    this.stream = new EventSource(hermesUrl(url, 'stream', feeds), {
      fetch: (address, init) => this.fetchStream(address, init as RequestInit),
    });
    this.opening = setTimeout(() => {
      this.end(`it has not answered within ${connectWithinMs} ms`, null);
    }, connectWithinMs);
    this.stream.addEventListener('open', () => clearTimeout(this.opening));
    this.stream.addEventListener('message', (event) => {
      this.bytes = 0;
      if (!this.hasEnded) options.onText(String(event.data));
    });
    this.stream.addEventListener('error', (error) => {
      this.end(error.message ?? 'the connection has ended', error.code ?? null);
    });
    void this.fetchLatest();
  }

  /** Nothing comes any more, `onEnd` neither. */
  close(): void {
    this.hasEnded = true;
    clearTimeout(this.opening);
    this.stream.close();
    this.abort.abort();
  }

  private async fetchLatest(): Promise<void> {
    const { url, feeds, connectWithinMs, onText } = this.options;
    try {
      const signal = AbortSignal.any([this.abort.signal, AbortSignal.timeout(connectWithinMs)]);
      const response = await fetch(hermesUrl(url, 'latest', feeds), { signal, redirect: 'error' });
      const text = await limitBody(response, upTo(BYTES_PER_EVENT_MAX)).text();
      // The stream tells of a server that fails; here only the sooner first price is missing.
      if (response.ok && !this.hasEnded) onText(text);
    } catch {
      // The same.
    }
  }

  private async fetchStream(address: string | URL, init: RequestInit): Promise<Response> {
    const response = await fetch(address, { ...init, redirect: 'error' });
    return limitBody(response, (bytes) => {
      this.bytes += bytes;
      return this.bytes <= BYTES_PER_EVENT_MAX;
    });
  }

  private end(problem: string, httpStatus: number | null): void {
    if (this.hasEnded) return;
    this.close();
    this.options.onEnd(problem, httpStatus);
  }
}

/** An address of Hermes with the feeds that are wanted. */
export function hermesUrl(base: string, what: 'stream' | 'latest', feeds: readonly string[]): URL {
  const url = new URL(base);
  const before = url.pathname.replace(/\/+$/, '');
  url.pathname = `${before}/v2/updates/price/${what}`;
  for (const feed of feeds) url.searchParams.append('ids[]', feed);
  url.searchParams.set('encoding', 'base64');
  // What it would parse for us is not believed anyway.
  url.searchParams.set('parsed', 'false');
  return url;
}
