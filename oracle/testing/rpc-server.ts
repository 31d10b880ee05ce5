import http from 'node:http';
import type { AddressInfo, Socket } from 'node:net';

/** An account as the endpoint has it. */
export interface ServedAccount {
  owner: string;
  data: Buffer;
}

/** A local JSON-RPC endpoint of Solana, as far as accounts are asked for, and what a bad one would answer. */
export class RpcServer {
  /** By address. */
  readonly accounts = new Map<string, ServedAccount>();
  mode: 'serve' | 'hang' | 'too many' | 'error' | 'garbage' | 'endless' = 'serve';
  requests = 0;
  private readonly server: http.Server;
  private readonly sockets = new Set<Socket>();

  static async start(): Promise<RpcServer> {
    const server = new RpcServer();
    await new Promise<void>((resolve) => server.server.listen(0, '127.0.0.1', resolve));
    return server;
  }

  private constructor() {
    this.server = http.createServer((request, response) => void this.answer(request, response));
    this.server.on('connection', (socket) => {
      this.sockets.add(socket);
      socket.once('close', () => this.sockets.delete(socket));
    });
  }

  get url(): string {
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}`;
  }

  async stop(): Promise<void> {
    for (const socket of this.sockets) socket.destroy();
    await new Promise((resolve) => this.server.close(resolve));
  }

  private async answer(request: http.IncomingMessage, response: http.ServerResponse) {
    const parts: Buffer[] = [];
    for await (const part of request as AsyncIterable<Buffer>) parts.push(part);
    this.requests++;
    if (this.mode === 'hang') return;
    if (this.mode === 'too many') {
      response.writeHead(429).end('slow down');
      return;
    }
    if (this.mode === 'endless') {
      response.writeHead(200).end(`["${'x'.repeat(2 * 1024 * 1024)}"]`);
      return;
    }
    if (this.mode === 'garbage') {
      response.writeHead(200).end('{"jsonrpc":"2.0","result":{"value":[{"data":5}]}}');
      return;
    }
    const { id, params } = JSON.parse(Buffer.concat(parts).toString('utf8'));
    const outcome =
      this.mode === 'error'
        ? { error: { code: -32005, message: 'Node is behind by 42 slots' } }
        : { result: { context: { slot: 5 }, value: (params[0] as string[]).map(this.show) } };
    response.writeHead(200, { 'content-type': 'application/json' });
    response.end(JSON.stringify({ jsonrpc: '2.0', id, ...outcome }));
  }

  private readonly show = (address: string) => {
    const account = this.accounts.get(address);
    if (account === undefined) return null;
    const { owner, data } = account;
    const rest = { executable: false, lamports: 1, rentEpoch: 0, space: data.length };
    return { data: [data.toString('base64'), 'base64'], owner, ...rest };
  };
}
