import { createHash, timingSafeEqual } from 'node:crypto';
import http from 'node:http';
import type { AddressInfo } from 'node:net';
import { type AdminRequests, problemOfRefusal } from './admin-requests.js';
import { RequestProblem } from './field-reader.js';
import { OperatorError } from './operator.js';

const BODY_BYTES_MAX = 64 * 1024;
/** A program of the operator's that forgets to close its connections must not take the exchange's files. */
const CONNECTIONS_MAX = 128;
const HEADERS_WITHIN_MS = 10_000;

export interface AdminServerOptions {
  host: string;
  port: number;
  token: string;
  requests: AdminRequests;
  /** Status and body of GET /health; asked without the token, as monitors do. */
  health: () => { status: number; body: string };
  /** GET /metrics. */
  metrics: () => Promise<{ contentType: string; body: string }>;
  onError: (error: Error) => void;
}

/** The admin API over HTTP. It listens on loopback unless the operator says otherwise. */
export class AdminServer {
  private readonly options: AdminServerOptions;
  private readonly server: http.Server;
  private readonly tokenHash: Buffer;

  constructor(options: AdminServerOptions) {
    this.options = options;
    this.tokenHash = hashOf(`Bearer ${options.token}`);
    this.server = http.createServer((request, response) => {
      this.handle(request, response).catch((error: Error) => this.fail(response, error));
    });
    this.server.headersTimeout = HEADERS_WITHIN_MS;
    this.server.requestTimeout = HEADERS_WITHIN_MS;
    this.server.maxConnections = CONNECTIONS_MAX;
  }

  /** Gives the port. */
  listen(): Promise<number> {
    const { host, port } = this.options;
    return new Promise((resolve, reject) => {
      this.server.once('error', reject);
      this.server.listen(port, host, () => {
        this.server.off('error', reject);
        resolve((this.server.address() as AddressInfo).port);
      });
    });
  }

  close(): Promise<void> {
    return new Promise((resolve) => {
      this.server.close(() => resolve());
      this.server.closeAllConnections();
    });
  }

  private async handle(request: http.IncomingMessage, response: http.ServerResponse) {
    const [path = ''] = (request.url ?? '').split('?');
    const { method } = request;
    if (method === 'GET' && path === '/health') {
      const { status, body } = this.options.health();
      answer(response, status, body, 'application/json');
      return;
    }
    if (method === 'GET' && path === '/metrics') {
      const { contentType, body } = await this.options.metrics();
      answer(response, 200, body, contentType);
      return;
    }
    this.refuseStrangers(request);
    const result = await this.route(method ?? '', path, request);
    answer(response, 200, JSON.stringify(result), 'application/json');
  }

  private async route(method: string, path: string, request: http.IncomingMessage) {
    const { requests } = this.options;
    const state = /^\/admin\/v1\/markets\/([^/]+)\/state$/.exec(path);
    const drill = /^\/admin\/v1\/gateway-threads\/(\d{1,3})\/drill$/.exec(path);
    if (method === 'POST' && drill !== null) {
      return requests.drillGateway(Number(drill[1]), await readBody(request));
    }
    const route = `${method} ${state === null ? path : '/admin/v1/markets/SYMBOL/state'}`;
    switch (route) {
      case 'GET /admin/v1/invariants':
        return requests.invariants();
      case 'GET /admin/v1/oracle':
        return requests.oracle();
      case 'GET /admin/v1/stress':
        return requests.stress();
      case 'GET /admin/v1/gateway-threads':
        return requests.gatewayThreads();
      case 'POST /admin/v1/accounts':
        return requests.createAccount(await readBody(request));
      case 'POST /admin/v1/deposits':
        return requests.deposit(await readBody(request));
      case 'POST /admin/v1/withdrawals':
        return requests.withdraw(await readBody(request));
      case 'POST /admin/v1/fee-tiers':
        return requests.setFeeTier(await readBody(request));
      case 'GET /admin/v1/insurance':
        return requests.insuranceFunds();
      case 'POST /admin/v1/insurance':
        return requests.fundInsurance(await readBody(request));
      case 'POST /admin/v1/liquidators':
        return requests.setLiquidator(await readBody(request));
      case 'POST /admin/v1/prices':
        return requests.setPrice(await readBody(request));
      case 'POST /admin/v1/clock':
        return requests.advanceClock(await readBody(request));
      case 'POST /admin/v1/markets/SYMBOL/state':
        return requests.setMarketState(symbolOf(state?.[1] ?? ''), await readBody(request));
      default:
        throw new RequestProblem(404, 'unknown_route', `there is no ${method} ${path}`);
    }
  }

  /** Hashes have one length, so the comparison takes the same time whatever was sent. */
  private refuseStrangers(request: http.IncomingMessage): void {
    const given = hashOf(request.headers.authorization ?? '');
    if (timingSafeEqual(given, this.tokenHash)) return;
    const sentence =
      'the header Authorization must be "Bearer TOKEN" with the token of this exchange';
    throw new RequestProblem(401, 'token_is_wrong', sentence);
  }

  private fail(response: http.ServerResponse, error: Error): void {
    const problem = error instanceof OperatorError ? problemOfRefusal(error) : error;
    if (problem instanceof RequestProblem) {
      const { code, message, field, status } = problem;
      const body = field === null ? { code, message } : { code, field, message };
      answer(response, status, JSON.stringify({ error: body }), 'application/json');
      return;
    }
    this.options.onError(error);
    const body = { code: 'internal_error', message: 'the request failed; the log says why' };
    answer(response, 500, JSON.stringify({ error: body }), 'application/json');
  }
}

function answer(
  response: http.ServerResponse,
  status: number,
  body: string,
  contentType: string,
): void {
  if (response.headersSent || response.destroyed) return;
  const headers: http.OutgoingHttpHeaders = {
    'content-type': contentType,
    'content-length': Buffer.byteLength(body),
  };
  // The rest of a body that was too long is not waited for.
  if (status === 413) headers.connection = 'close';
  response.writeHead(status, headers).end(body);
}

async function readBody(request: http.IncomingMessage): Promise<unknown> {
  const parts: Buffer[] = [];
  let length = 0;
  for await (const part of request as AsyncIterable<Buffer>) {
    length += part.length;
    if (length > BODY_BYTES_MAX) {
      const sentence = `the body must be at most ${BODY_BYTES_MAX} bytes`;
      throw new RequestProblem(413, 'body_is_too_large', sentence);
    }
    parts.push(part);
  }
  if (length === 0) return {};
  try {
    return JSON.parse(Buffer.concat(parts).toString('utf8'));
  } catch (error) {
    const sentence = `the body must be JSON: ${(error as Error).message}`;
    throw new RequestProblem(400, 'body_is_not_json', sentence);
  }
}

function symbolOf(encoded: string): string {
  try {
    return decodeURIComponent(encoded);
  } catch {
    return encoded;
  }
}

function hashOf(text: string): Buffer {
  return createHash('sha256').update(text).digest();
}
