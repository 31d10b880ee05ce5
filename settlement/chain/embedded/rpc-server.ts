import http from 'node:http';
import type { AddressInfo } from 'node:net';
import type { RpcFront } from './rpc-front.js';

/** A program is the largest thing that anybody sends; in base64 it grows by a third. */
const BODY_BYTES_MAX = 16 * 1024 * 1024;
const REQUEST_MS_MAX = 30_000;

/** Serves a chain over HTTP on the loopback device, for other processes of this machine only. */
export class RpcServer {
  readonly port: number;
  private readonly server: http.Server;

  /** Port 0 takes a free one. Rejects when the port is taken. */
  static async listen(front: RpcFront, port = 0): Promise<RpcServer> {
    const server = http.createServer((request, response) => {
      void serve(front, request, response).catch(() => response.destroy());
    });
    server.requestTimeout = REQUEST_MS_MAX;
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject);
      server.listen(port, '127.0.0.1', resolve);
    });
    return new RpcServer(server);
  }

  private constructor(server: http.Server) {
    this.server = server;
    this.port = (server.address() as AddressInfo).port;
  }

  get url(): string {
    return `http://127.0.0.1:${this.port}`;
  }

  close(): Promise<void> {
    return new Promise((resolve) => {
      this.server.close(() => resolve());
      this.server.closeAllConnections();
    });
  }
}

async function serve(
  front: RpcFront,
  request: http.IncomingMessage,
  response: http.ServerResponse,
): Promise<void> {
  if (!isLoopbackName(request.headers.host)) return refuse(response, 403, 'unknown host name');
  if (request.method !== 'POST') return refuse(response, 405, 'only POST is served');
  // A page in a browser can only send this type after asking, and is never told yes.
  if (!(request.headers['content-type'] ?? '').startsWith('application/json')) {
    return refuse(response, 415, 'the content type must be application/json');
  }
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    bytes += chunk.length;
    if (bytes > BODY_BYTES_MAX) return refuse(response, 413, `at most ${BODY_BYTES_MAX} bytes`);
    chunks.push(chunk);
  }
  const body = Buffer.concat(chunks).toString();
  const text = await front.answer(body, request.headers.authorization ?? null);
  response.writeHead(200, { 'content-type': 'application/json' }).end(text);
}

/** Another name that leads here was made up to let a web page in. */
function isLoopbackName(host: string | undefined): boolean {
  return /^(127\.0\.0\.1|localhost)(:\d+)?$/.test(host ?? '');
}

function refuse(response: http.ServerResponse, status: number, sentence: string): void {
  response.writeHead(status, { 'content-type': 'text/plain', connection: 'close' }).end(sentence);
}
