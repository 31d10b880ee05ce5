import { createHmac } from 'node:crypto';

export interface RestOptions {
  /** Such as http://127.0.0.1:8080 */
  url: string;
  /** Only for what is private. */
  apiKey?: string;
  apiSecret?: string;
  /** Name of the venue that is meant: a signature for one opens nothing at another. */
  venue?: string;
}

export type Query = Readonly<Record<string, string | number>>;

/** A page of rows as the server gives it. */
export interface RestPage<Row> {
  data: Row[];
  /** `cursor` of the page behind this one. */
  next: string | null;
  more: boolean;
  /** All that happened up to here is in the history. */
  asOf: { sequence: number; time: number };
}

/** The exchange has refused a request. */
export class RestError extends Error {
  override readonly name = 'RestError';
  readonly status: number;
  readonly code: string;

  constructor(status: number, code: string, message: string) {
    super(message);
    this.status = status;
    this.code = code;
  }
}

const RETRY_MS_DEFAULT = 1_000;
const TRIES_MAX = 5;

/** Reads history over HTTP. Requests only read, so one that was refused for the rate is simply made again. */
export class RestClient {
  private readonly options: RestOptions;

  constructor(options: RestOptions) {
    this.options = options;
  }

  /** The answer to a GET; throws RestError when it is refused. */
  async get<Answer>(path: string, query: Query = {}): Promise<Answer> {
    const search = new URLSearchParams();
    for (const [name, value] of Object.entries(query)) search.set(name, String(value));
    const asked = search.size === 0 ? path : `${path}?${search}`;
    for (let tries = 1; ; tries++) {
      const response = await fetch(this.options.url + asked, { headers: this.headers(asked) });
      const body = (await response.json()) as { code: string; message: string };
      if (response.ok) return body as Answer;
      const mayTryAgain = response.status === 429 || response.status === 503;
      if (!mayTryAgain || tries === TRIES_MAX) {
        throw new RestError(response.status, body.code, body.message);
      }
      const seconds = Number(response.headers.get('retry-after') ?? 0);
      await new Promise((resolve) => setTimeout(resolve, seconds * 1_000 || RETRY_MS_DEFAULT));
    }
  }

  /** All rows behind a request, one page after the other. Rows that are appended meanwhile move none of them. */
  async *rows<Row>(path: string, query: Query = {}): AsyncGenerator<Row> {
    let cursor: string | null = null;
    do {
      const page: RestPage<Row> = await this.get(
        path,
        cursor === null ? query : { ...query, cursor },
      );
      yield* page.data;
      cursor = page.more ? page.next : null;
    } while (cursor !== null);
  }

  private headers(asked: string): Record<string, string> {
    const { apiKey, apiSecret, venue = 'plimsoll' } = this.options;
    if (apiKey === undefined || apiSecret === undefined) return {};
    const timestamp = String(Date.now());
    const text = `plimsoll-rest:v1:${venue}:${timestamp}:GET:${asked}`;
    return {
      'plimsoll-key': apiKey,
      'plimsoll-timestamp': timestamp,
      'plimsoll-signature': createHmac('sha256', apiSecret).update(text).digest('base64url'),
    };
  }
}
