import { createHmac } from 'node:crypto';
import WebSocket from 'ws';
import { CMD_SET_FEE_RATES } from '../../engine/messages/types.js';
import { createShardCore } from '../../main/compose.js';
import { Gateway, type GatewayOptions } from '../gateway.js';
import { issueApiKey } from '../session/api-keys.js';
import { CorePort, ROOMY } from '../testing/core-port.js';
import { newTrader, until } from '../testing/exchange.js';
import { ODD } from '../testing/test-market.js';

export type Json = Record<string, unknown>;
export interface Answer {
  status: number;
  body: Json & { code?: number; msg?: string };
  headers: Headers;
}

const FEES = { makerPpm: 200, takerPpm: 500 };
const MONEY = 10_000_000_000;

/** A real core behind a gateway, and clients of the Binance dialect for it: account 1, 2, … with 10,000 USD each. */
export class BinanceExchange {
  readonly operatorKey = new Uint8Array(32).fill(9);
  readonly port = new CorePort(createShardCore());
  gateway!: Gateway;
  origin = '';
  private readonly sockets: TestSocket[] = [];

  async start(options: Partial<GatewayOptions> = {}, accounts = 3): Promise<void> {
    this.gateway = new Gateway({
      port: 0,
      host: '127.0.0.1',
      shards: [{ port: this.port }],
      operatorKey: this.operatorKey,
      exchangeTimeMs: () => this.port.timeMs,
      feesOf: () => FEES,
      ...options,
      limits: { tickMs: 5, ...options.limits },
    });
    this.origin = `127.0.0.1:${await this.gateway.listen()}`;
    this.port.open(1, ROOMY, 500_000);
    this.port.open(2, ODD, 400);
    this.port.command(CMD_SET_FEE_RATES, 1, 0, { W_PRICE: FEES.takerPpm, F_QTY: FEES.makerPpm });
    this.port.flush();
    for (let account = 1; account <= accounts; account++) {
      this.port.fund(account, newTrader(account).publicKey, MONEY);
    }
  }

  client(account: number): BinanceClient {
    const { port } = this;
    const timeMs = (next: boolean) => {
      if (next) port.timeMs++;
      return port.timeMs;
    };
    const key = issueApiKey(this.operatorKey, account);
    return new BinanceClient({ origin: this.origin, timeMs, ...key });
  }

  async socket(path: string): Promise<TestSocket> {
    const socket = new TestSocket(`ws://${this.origin}${path}`);
    this.sockets.push(socket);
    await socket.opened;
    return socket;
  }

  async close(): Promise<void> {
    for (const socket of this.sockets) socket.close();
    await this.gateway.close();
  }
}

/** Where a client finds its exchange, what time it is there, and who it is. */
export interface ClientOptions {
  /** Host and port. */
  origin: string;
  /** `next`: a later one than any before. */
  timeMs(next: boolean): number;
  apiKey: string;
  apiSecret: string;
}

/** Signs and sends requests as a client of Binance does. */
export class BinanceClient {
  readonly apiKey: string;
  readonly apiSecret: string;
  private readonly options: ClientOptions;

  constructor(options: ClientOptions) {
    this.options = options;
    this.apiKey = options.apiKey;
    this.apiSecret = options.apiSecret;
  }

  sign(text: string): string {
    return createHmac('sha256', this.apiSecret).update(text).digest('hex');
  }

  /** Without a signature. */
  async open(method: string, path: string, parameters: Json = {}): Promise<Answer> {
    return this.send(method, `${path}?${formOf(parameters)}`, {});
  }

  /** The key alone. */
  keyed(method: string, path: string): Promise<Answer> {
    return this.send(method, path, { 'X-MBX-APIKEY': this.apiKey });
  }

  /** Signed, with parameters in the query, or for POST and PUT in the body. */
  async call(method: string, path: string, parameters: Json = {}): Promise<Answer> {
    // Equal requests of the same moment would be the same request.
    const timestamp = parameters.timestamp ?? this.options.timeMs(method !== 'GET');
    const form = formOf({ ...parameters, timestamp });
    const signed = `${form}&signature=${this.sign(form)}`;
    const headers = { 'X-MBX-APIKEY': this.apiKey };
    if (method === 'GET' || method === 'DELETE') {
      return this.send(method, `${path}?${signed}`, headers);
    }
    const type = { 'content-type': 'application/x-www-form-urlencoded' };
    return this.send(method, path, { ...headers, ...type }, signed);
  }

  /** A body that must be there: refusals are errors of the test. */
  async must<T = Json>(method: string, path: string, parameters: Json = {}): Promise<T> {
    const { body, status } = await this.call(method, path, parameters);
    if (status !== 200) throw new Error(`${method} ${path}: ${status} ${JSON.stringify(body)}`);
    return body as T;
  }

  /** The code of a refusal. */
  async code(method: string, path: string, parameters: Json = {}): Promise<number | undefined> {
    return (await this.call(method, path, parameters)).body.code;
  }

  async send(
    method: string,
    path: string,
    headers: Record<string, string>,
    body?: string,
  ): Promise<Answer> {
    const response = await fetch(`http://${this.options.origin}${path}`, {
      method,
      headers: { ...headers, connection: 'close' },
      ...(body === undefined ? {} : { body }),
    });
    return {
      status: response.status,
      body: (await response.json()) as Answer['body'],
      headers: response.headers,
    };
  }
}

/** A WebSocket that keeps what it hears. */
export class TestSocket {
  readonly messages: Json[] = [];
  readonly opened: Promise<void>;
  closed = false;
  private readonly socket: WebSocket;

  constructor(url: string) {
    this.socket = new WebSocket(url);
    this.socket.on('message', (data) => this.messages.push(JSON.parse(String(data))));
    this.socket.on('close', () => {
      this.closed = true;
    });
    this.opened = new Promise((resolve, reject) => {
      this.socket.on('open', resolve);
      this.socket.on('error', reject);
    });
  }

  send(message: unknown): void {
    this.socket.send(typeof message === 'string' ? message : JSON.stringify(message));
  }

  /** The first message for which the condition holds, now or later. */
  async heard(condition: (message: Json) => boolean, sentence: string): Promise<Json> {
    await until(() => this.messages.some(condition), sentence);
    return this.messages.find(condition) as Json;
  }

  /** The answer with this id. */
  answer(id: unknown): Promise<Json> {
    return this.heard((message) => message.id === id, `the answer ${id} came`);
  }

  async ask(message: Json): Promise<Json> {
    this.send(message);
    return this.answer(message.id);
  }

  close(): void {
    this.socket.close();
  }

  /** As a cable that is pulled. */
  cut(): void {
    this.socket.terminate();
  }
}

export function formOf(parameters: Json): string {
  return Object.entries(parameters)
    .map(([name, value]) => `${name}=${encodeURIComponent(String(value))}`)
    .join('&');
}
