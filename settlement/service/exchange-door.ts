import { request } from 'node:http';
import { usdText } from '../custody/usd-text.js';

/** The exchange said no, for good: the same request again would not help. */
export class RefusedByExchangeError extends Error {
  override readonly name = 'RefusedByExchangeError';
  readonly code: string;

  constructor(code: string, sentence: string) {
    super(sentence);
    this.code = code;
  }
}

/** It could not be asked, or did not answer: whether it has done it is not known. The same request may be made again. */
export class ExchangeUnavailableError extends Error {
  override readonly name = 'ExchangeUnavailableError';
}

export interface ExchangeDoorOptions {
  host: string;
  port: number;
  token: string;
  timeoutMs?: number;
}

/** What settlement asks of the exchange: to book what has come from the chain, and to reserve what is to go there. */
export interface ExchangeMoney {
  /** Adds to the account's collateral, once for each key. */
  deposit(accountId: number, microUsd: bigint, key: string): Promise<void>;
  /** Takes from what is free of it, once for each key. */
  withdraw(accountId: number, microUsd: bigint, key: string): Promise<void>;
}

/** What forced withdrawals need besides: the chain that pays them knows neither orders nor isolated positions. */
export interface ForcedMoney extends ExchangeMoney {
  /** As `withdraw`, but where it is not free, the account's orders are canceled and isolated collateral is moved back first. */
  withdrawByForce(accountId: number, microUsd: bigint, key: string): Promise<void>;
}

const TIMEOUT_MS = 10_000;
const BUSY_STATUSES = [429, 500, 502, 503, 504];

/** The exchange's admin API, which is on loopback. Each request has an idempotency key, so a lost answer costs nothing. */
export class ExchangeDoor implements ForcedMoney {
  private readonly options: ExchangeDoorOptions;

  constructor(options: ExchangeDoorOptions) {
    this.options = options;
  }

  async deposit(accountId: number, microUsd: bigint, key: string): Promise<void> {
    await this.post('deposits', { accountId, amount: usdText(microUsd), idempotencyKey: key });
  }

  async withdraw(accountId: number, microUsd: bigint, key: string): Promise<void> {
    await this.post('withdrawals', { accountId, amount: usdText(microUsd), idempotencyKey: key });
  }

  async withdrawByForce(accountId: number, microUsd: bigint, key: string): Promise<void> {
    const body = { accountId, amount: usdText(microUsd), idempotencyKey: key, force: true };
    await this.post('withdrawals', body);
  }

  private async post(path: string, body: object): Promise<void> {
    const { status, text } = await this.send(path, JSON.stringify(body));
    if (status === 200) return;
    const { code, message } = refusalIn(text);
    if (BUSY_STATUSES.includes(status) || code === '') {
      throw new ExchangeUnavailableError(
        `the exchange answered ${path} with ${status} ${message || text.slice(0, 200)}`,
      );
    }
    throw new RefusedByExchangeError(code, message);
  }

  private send(path: string, body: string): Promise<{ status: number; text: string }> {
    const { host, port, token, timeoutMs = TIMEOUT_MS } = this.options;
    const headers = {
      authorization: `Bearer ${token}`,
      'content-type': 'application/json',
      'content-length': Buffer.byteLength(body),
    };
    return new Promise((resolve, reject) => {
      const fail = (why: string) => {
        reject(new ExchangeUnavailableError(`the exchange at ${host}:${port} ${why}`));
      };
      const asked = request(
        { host, port, method: 'POST', path: `/admin/v1/${path}`, headers, timeout: timeoutMs },
        (response) => {
          let text = '';
          response.setEncoding('utf8');
          response.on('data', (chunk: string) => {
            text += chunk;
          });
          response.on('end', () => resolve({ status: response.statusCode ?? 0, text }));
          response.on('error', (error) => fail(`broke off: ${error.message}`));
        },
      );
      asked.on('timeout', () => asked.destroy(new Error(`did not answer in ${timeoutMs} ms`)));
      asked.on('error', (error) => fail(`cannot be asked: ${error.message}`));
      asked.end(body);
    });
  }
}

function refusalIn(text: string): { code: string; message: string } {
  try {
    const { error } = JSON.parse(text) as { error?: { code?: string; message?: string } };
    return { code: error?.code ?? '', message: error?.message ?? '' };
  } catch {
    return { code: '', message: '' };
  }
}
