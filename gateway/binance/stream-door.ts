import type { MarketStreams } from './market-streams.js';
import type { StreamSocket } from './stream-socket.js';
import type { UserStreams } from './user-streams.js';

/** As at Binance. */
export const STREAMS_MAX = 1_024;
const NAMES_MAX = 200;
const METHODS = ['SUBSCRIBE', 'UNSUBSCRIBE', 'LIST_SUBSCRIPTIONS', 'SET_PROPERTY', 'GET_PROPERTY'];

/** Requests and subscriptions of connections that read streams. */
export class StreamDoor {
  private readonly market: MarketStreams;
  private readonly user: UserStreams;
  private readonly nowMs: () => number;

  constructor(market: MarketStreams, user: UserStreams, nowMs: () => number) {
    this.market = market;
    this.user = user;
    this.nowMs = nowMs;
  }

  /** What the address names; numbers of connections, which some clients put there, name nothing. */
  open(socket: StreamSocket, names: readonly string[]): void {
    for (const name of names.slice(0, NAMES_MAX)) this.subscribe(socket, name);
  }

  close(socket: StreamSocket): void {
    for (const name of socket.streams) this.leave(socket, name);
    socket.streams.clear();
  }

  receive(socket: StreamSocket, message: string): void {
    if (!socket.bucket.take(1, performance.now())) {
      socket.end(1008, 'Too many requests');
      return;
    }
    let request: unknown;
    try {
      request = JSON.parse(message);
    } catch {
      this.fail(socket, null, 3, 'Invalid JSON: the message cannot be read');
      return;
    }
    if (typeof request !== 'object' || request === null || Array.isArray(request)) {
      this.fail(socket, null, 2, 'Invalid request: request must be an object');
      return;
    }
    const { id, method, params } = request as Record<string, unknown>;
    const known = isId(id) ? id : null;
    if (known === null) {
      this.fail(socket, null, 2, 'Invalid request: id must be an integer or a string');
    } else if (typeof method !== 'string' || !METHODS.includes(method)) {
      this.fail(socket, known, 2, `Invalid request: method must be one of ${METHODS.join(', ')}`);
    } else this.handle(socket, known, method, params);
  }

  private handle(socket: StreamSocket, id: string | number, method: string, params: unknown): void {
    if (method === 'LIST_SUBSCRIPTIONS') {
      answer(socket, id, [...socket.streams]);
      return;
    }
    if (!Array.isArray(params)) {
      this.fail(socket, id, 2, 'Invalid request: params must be an array');
      return;
    }
    if (method === 'GET_PROPERTY') answer(socket, id, socket.isCombined);
    else if (method === 'SET_PROPERTY') {
      if (params[0] !== 'combined' || typeof params[1] !== 'boolean') {
        this.fail(socket, id, 2, 'Invalid request: only property combined may be set');
        return;
      }
      socket.isCombined = params[1];
      answer(socket, id, null);
    } else this.change(socket, id, method === 'SUBSCRIBE', params);
  }

  /** All names or none: a wrong one changes nothing. */
  private change(
    socket: StreamSocket,
    id: string | number,
    isNew: boolean,
    names: readonly unknown[],
  ): void {
    if (names.length > NAMES_MAX || names.some((name) => typeof name !== 'string')) {
      this.fail(socket, id, 2, `Invalid request: params must be at most ${NAMES_MAX} strings`);
      return;
    }
    const wanted = names as string[];
    if (!isNew) {
      for (const name of wanted) {
        if (socket.streams.delete(name)) this.leave(socket, name);
      }
      answer(socket, id, null);
      return;
    }
    if (socket.streams.size + wanted.length > STREAMS_MAX) {
      this.fail(socket, id, 2, `Invalid request: streams must be at most ${STREAMS_MAX}`);
      return;
    }
    const added: string[] = [];
    for (const name of wanted) {
      if (socket.streams.has(name)) continue;
      if (this.subscribe(socket, name)) {
        added.push(name);
        continue;
      }
      for (const other of added) {
        socket.streams.delete(other);
        this.leave(socket, other);
      }
      this.fail(socket, id, 2, `Invalid request: stream ${shortened(name)} does not exist`);
      return;
    }
    answer(socket, id, null);
  }

  private subscribe(socket: StreamSocket, name: string): boolean {
    const found =
      this.market.subscribe(name, socket) || this.user.subscribe(name, socket, this.nowMs());
    if (found) socket.streams.add(name);
    return found;
  }

  private leave(socket: StreamSocket, name: string): void {
    this.market.unsubscribe(name, socket);
    this.user.unsubscribe(name, socket);
  }

  private fail(socket: StreamSocket, id: unknown, code: number, msg: string): void {
    socket.queue(JSON.stringify({ error: { code, msg }, ...(id === null ? {} : { id }) }));
  }
}

function answer(socket: StreamSocket, id: string | number, result: unknown): void {
  socket.queue(JSON.stringify({ result, id }));
}

function isId(id: unknown): id is string | number {
  if (typeof id === 'string') return id.length <= 64;
  return typeof id === 'number' && Number.isSafeInteger(id);
}

function shortened(name: string): string {
  return JSON.stringify(name.length <= 40 ? name : `${name.slice(0, 37)}...`);
}
