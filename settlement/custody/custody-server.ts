import http from 'node:http';
import type { AddressInfo } from 'node:net';
import { CustodyProblem } from './custody-problem.js';

/** What a route is given. */
export interface Asked {
  /** Values of the parts `:name` of the route's path, then of the query string. */
  readonly values: Readonly<Record<string, string>>;
  /** Parsed JSON of a POST; null of a GET. */
  readonly body: unknown;
}

export interface Route {
  readonly method: 'GET' | 'POST';
  /** With parts such as `:id`. */
  readonly path: string;
  readonly answer: (asked: Asked) => object | Promise<object>;
}

export interface CustodyServerOptions {
  host: string;
  port: number;
  routes: readonly Route[];
  onError: (error: Error) => void;
}

const BODY_BYTES_MAX = 16 * 1024;
const WITHIN_MS = 10_000;
/** Of one address: each withdrawal costs a signature check and a synced write. */
const REQUESTS_PER_SECOND = 50;
const CONNECTIONS_MAX = 256;

/** HTTP door of deposits and withdrawals. It is the settlement's own, so that trading is not touched by what happens here. */
export class CustodyServer {
  private readonly options: CustodyServerOptions;
  private readonly server: http.Server;
  private second = 0;
  private readonly askedThisSecond = new Map<string, number>();

  constructor(options: CustodyServerOptions) {
    this.options = options;
    this.server = http.createServer((request, response) => {
      this.handle(request).then(
        (body) => answer(response, 200, body),
        (error: Error) => this.fail(response, error),
      );
    });
    this.server.headersTimeout = WITHIN_MS;
    this.server.requestTimeout = WITHIN_MS;
    this.server.maxConnections = CONNECTIONS_MAX;
  }

  /** Gives the port. A port that is taken is an error with code EADDRINUSE. */
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

  private async handle(request: http.IncomingMessage): Promise<object> {
    this.charge(request.socket.remoteAddress ?? '');
    const url = urlOf(request);
    const matches = this.options.routes.flatMap((route) => {
      const values = valuesIn(route.path, url.pathname);
      return values === null ? [] : [{ route, values }];
    });
    const found = matches.find(({ route }) => route.method === request.method);
    if (found === undefined) throw unknownRoute(request.method ?? '', url.pathname, matches);
    const { route, values } = found;
    for (const [name, value] of url.searchParams) values[name] ??= value;
    const body = route.method === 'POST' ? await bodyOf(request) : null;
    return route.answer({ values, body });
  }

  private charge(address: string): void {
    const second = Math.floor(performance.now() / 1000);
    if (second !== this.second) {
      this.second = second;
      this.askedThisSecond.clear();
    }
    const asked = (this.askedThisSecond.get(address) ?? 0) + 1;
    this.askedThisSecond.set(address, asked);
    if (asked <= REQUESTS_PER_SECOND) return;
    const sentence = `an address may ask ${REQUESTS_PER_SECOND} times a second, and this is request ${asked} of this one`;
    throw new CustodyProblem(429, 'rate_limit_exceeded', sentence);
  }

  private fail(response: http.ServerResponse, error: Error): void {
    if (error instanceof CustodyProblem) {
      const { code, message, field } = error;
      const body = field === null ? { code, message } : { code, message, field };
      answer(response, error.status, { error: body });
      return;
    }
    this.options.onError(error);
    const body = { code: 'internal_error', message: 'the request failed; the log says why' };
    answer(response, 500, { error: body });
  }
}

function urlOf({ url = '/' }: http.IncomingMessage): URL {
  const base = 'http://custody';
  if (URL.canParse(`${base}${url}`)) return new URL(`${base}${url}`);
  throw new CustodyProblem(404, 'unknown_route', `there is no ${url}`);
}

/** Null: the path is not the route's. */
function valuesIn(pattern: string, path: string): Record<string, string> | null {
  const wanted = pattern.split('/');
  const given = path.split('/');
  if (wanted.length !== given.length) return null;
  const values: Record<string, string> = {};
  for (const [i, part] of wanted.entries()) {
    const value = given[i] as string;
    if (part.startsWith(':')) values[part.slice(1)] = value;
    else if (part !== value) return null;
  }
  return values;
}

function unknownRoute(method: string, path: string, others: readonly { route: Route }[]) {
  if (others.length === 0) {
    return new CustodyProblem(404, 'unknown_route', `there is no ${path}`);
  }
  const known = others.map(({ route }) => route.method).join(', ');
  const sentence = `${path} knows ${known} and not ${method}`;
  return new CustodyProblem(405, 'method_is_not_allowed', sentence);
}

async function bodyOf(request: http.IncomingMessage): Promise<unknown> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    bytes += chunk.length;
    if (bytes > BODY_BYTES_MAX) {
      const sentence = `the body must not exceed ${BODY_BYTES_MAX} bytes`;
      throw new CustodyProblem(413, 'body_is_too_large', sentence);
    }
    chunks.push(chunk);
  }
  try {
    return JSON.parse(Buffer.concat(chunks).toString('utf8'));
  } catch (error) {
    const sentence = `the body must be JSON: ${(error as Error).message}`;
    throw new CustodyProblem(400, 'body_is_not_json', sentence);
  }
}

function answer(response: http.ServerResponse, status: number, body: object): void {
  if (response.writableEnded || response.destroyed) return;
  response.writeHead(status, { 'content-type': 'application/json' });
  response.end(JSON.stringify(body));
}
