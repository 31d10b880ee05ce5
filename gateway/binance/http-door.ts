import type { HttpRequest, HttpResponse, TemplatedApp } from 'uWebSockets.js';
import type { GatewayLog } from '../gateway.js';
import type { Admission } from '../session/admission.js';
import type { ClientOrigin } from '../session/client-address.js';
import { BinanceError, ERRORS, unsupported } from './errors.js';
import type { Gatekeeper } from './gatekeeper.js';
import { Parameters, withoutSignature } from './parameters.js';
import { answerOf, NOT_HERE, type Route } from './routes.js';

/** Five orders with everything that they can have are far below. */
const BODY_BYTES_MAX = 64 * 1024;
const STATUS_LINES: Readonly<Record<number, string>> = {
  200: '200 OK',
  400: '400 Bad Request',
  401: '401 Unauthorized',
  404: '404 Not Found',
  408: '408 Request Timeout',
  413: '413 Payload Too Large',
  429: '429 Too Many Requests',
  500: '500 Internal Server Error',
  503: '503 Service Unavailable',
};

/** A request as it was read before its body came: uWS takes the request away when the handler returns. */
interface HttpCall {
  readonly method: string;
  readonly path: string;
  readonly query: string;
  readonly apiKey: string | undefined;
  readonly origin: ClientOrigin;
}

export interface HttpDoorContext {
  readonly routes: Readonly<Record<string, Route>>;
  readonly gatekeeper: Gatekeeper;
  readonly log: GatewayLog | undefined;
  readonly admission: Admission;
}

/** REST below `/fapi`: each request gets one answer, when the exchange has given its own. */
export class HttpDoor {
  private readonly context: HttpDoorContext;

  constructor(context: HttpDoorContext) {
    this.context = context;
  }

  register(app: TemplatedApp): void {
    app.any('/fapi/*', (response, request) => this.receive(response, request));
  }

  private receive(response: HttpResponse, request: HttpRequest): void {
    const call: HttpCall = {
      method: request.getCaseSensitiveMethod().toUpperCase(),
      path: request.getUrl().slice('/fapi'.length),
      query: request.getQuery() ?? '',
      apiKey: request.getHeader('x-mbx-apikey'),
      origin: this.context.admission.originOf(response, request),
    };
    const answer = new HttpAnswer(response);
    if (call.method === 'GET' || call.method === 'HEAD') {
      this.handle(call, '', answer);
      return;
    }
    readBody(response, (body) => {
      if (body === null) answer.fail(new BinanceError(-1013, 'Body is too large.', 413));
      else this.handle(call, body, answer);
    });
  }

  private handle(call: HttpCall, body: string, answer: HttpAnswer): void {
    let accountId = 0;
    const { origin } = call;
    const usage = () => this.context.gatekeeper.usage(origin, accountId);
    const fail = (error: unknown) => {
      if (!(error instanceof BinanceError)) {
        this.context.log?.error({ err: error }, 'a request of the Binance dialect failed');
      }
      answer.fail(error, usage());
    };
    try {
      const route = this.context.routes[`${call.method} ${call.path}`];
      if (route === undefined) {
        throw NOT_HERE.has(call.path) ? unsupported(call.path) : ERRORS.noSuchPath();
      }
      const parameters = Parameters.ofForms(call.query, body);
      const admitted = this.context.gatekeeper.admit(route, parameters, {
        apiKey: call.apiKey,
        sessionKey: '',
        payloads: () => [withoutSignature(call.query) + withoutSignature(body)],
        origin,
      });
      accountId = admitted.accountId;
      const result = answerOf(route, admitted);
      if (result instanceof Promise) result.then((value) => answer.send(value, usage()), fail);
      else answer.send(result, usage());
    } catch (error) {
      fail(error);
    }
  }
}

/** The one answer to a request, whose sender may have gone in the meantime. */
class HttpAnswer {
  private readonly response: HttpResponse;
  private gone = false;

  constructor(response: HttpResponse) {
    this.response = response;
    response.onAborted(() => {
      this.gone = true;
    });
  }

  send(value: unknown, usage: { weight: number; orders: number | null }): void {
    this.write(200, JSON.stringify(value), usage);
  }

  fail(error: unknown, usage: { weight: number; orders: number | null } | null = null): void {
    const known = error instanceof BinanceError ? error : new BinanceError(-1000, UNKNOWN, 500);
    this.write(known.status, JSON.stringify(known.body), usage);
  }

  private write(
    status: number,
    body: string,
    usage: { weight: number; orders: number | null } | null,
  ): void {
    if (this.gone) return;
    this.gone = true;
    const { response } = this;
    response.cork(() => {
      response.writeStatus(STATUS_LINES[status] ?? String(status));
      response.writeHeader('content-type', 'application/json;charset=UTF-8');
      if (usage !== null) {
        response.writeHeader('x-mbx-used-weight-1m', String(usage.weight));
        if (usage.orders !== null) {
          response.writeHeader('x-mbx-order-count-1m', String(usage.orders));
        }
      }
      if (status === 429) response.writeHeader('retry-after', '1');
      response.end(body);
    });
  }
}

const UNKNOWN = 'An unknown error occurred while processing the request.';

/** Null: it is too large, and the rest of it is not kept. */
function readBody(response: HttpResponse, done: (body: string | null) => void): void {
  const chunks: Buffer[] = [];
  let bytes = 0;
  response.onData((chunk, isLast) => {
    bytes += chunk.byteLength;
    // The chunk is only valid during the call.
    if (bytes <= BODY_BYTES_MAX) chunks.push(Buffer.from(new Uint8Array(chunk)));
    if (!isLast) return;
    done(bytes > BODY_BYTES_MAX ? null : Buffer.concat(chunks).toString('utf8'));
  });
}
