import http from 'node:http';
import type { AddressInfo, Socket } from 'node:net';

/** What the server does with the next request for a stream. */
export type StreamMode = 'serve' | 'hang' | 'refuse' | 'wrong type' | 'too many';

/** A local server that speaks Hermes: newest update and stream of updates, and whatever a bad one would do. */
export class HermesServer {
  /** For requests that come from now on. */
  mode: StreamMode = 'serve';
  /** Answer of `latest`; null: 404. */
  latest: Buffer | null = null;
  /** Queries of the streams so far. */
  readonly streamQueries: URLSearchParams[] = [];
  private readonly server: http.Server;
  private readonly streams = new Set<http.ServerResponse>();
  private readonly sockets = new Set<Socket>();

  static async start(): Promise<HermesServer> {
    const server = new HermesServer();
    await new Promise<void>((resolve) => server.server.listen(0, '127.0.0.1', resolve));
    return server;
  }

  private constructor() {
    this.server = http.createServer((request, response) => this.answer(request, response));
    this.server.on('connection', (socket) => {
      this.sockets.add(socket);
      socket.once('close', () => this.sockets.delete(socket));
    });
  }

  get url(): string {
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}`;
  }

  get openStreams(): number {
    return this.streams.size;
  }

  /** An update to all who listen. */
  send(update: Buffer, parsed?: unknown): void {
    this.sendText(`data:${answerOf(update, parsed)}\n\n`);
  }

  /** Whatever it is, as it stands. */
  sendText(text: string): void {
    for (const stream of this.streams) stream.write(text);
  }

  /** Ends all streams in an orderly way. */
  endStreams(): void {
    for (const stream of this.streams) stream.end();
  }

  /** Ends all connections as a crash would. */
  cut(): void {
    for (const socket of this.sockets) socket.destroy();
  }

  async stop(): Promise<void> {
    this.cut();
    await new Promise((resolve) => this.server.close(resolve));
  }

  private answer(request: http.IncomingMessage, response: http.ServerResponse): void {
    const url = new URL(request.url ?? '/', this.url);
    if (url.pathname === '/v2/updates/price/latest') {
      if (this.latest === null) response.writeHead(404).end();
      else
        response.writeHead(200, { 'content-type': 'application/json' }).end(answerOf(this.latest));
      return;
    }
    if (url.pathname !== '/v2/updates/price/stream') {
      response.writeHead(404).end();
      return;
    }
    this.streamQueries.push(url.searchParams);
    if (this.mode === 'hang') return;
    if (this.mode === 'refuse') response.writeHead(500).end('out of order');
    else if (this.mode === 'too many') response.writeHead(429).end();
    else if (this.mode === 'wrong type')
      response.writeHead(200, { 'content-type': 'text/html' }).end('<html>');
    else this.openStream(response);
  }

  private openStream(response: http.ServerResponse): void {
    response.writeHead(200, { 'content-type': 'text/event-stream' });
    response.write(':connected\n\n');
    this.streams.add(response);
    response.once('close', () => this.streams.delete(response));
  }
}

/** What Hermes wraps an update in. */
export function answerOf(update: Buffer, parsed: unknown = null): string {
  const binary = { encoding: 'base64', data: [update.toString('base64')] };
  return JSON.stringify({ binary, parsed });
}
