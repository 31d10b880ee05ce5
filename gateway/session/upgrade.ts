import type { HttpRequest, HttpResponse, us_socket_context_t } from 'uWebSockets.js';
import { SUBPROTOCOL_JSON, SUBPROTOCOL_MSGPACK } from '../protocol/messages.js';
import { addressOf } from './client-address.js';
import type { ConnectionData } from './connection.js';

/** Makes a WebSocket of a request with one of our sub-protocols; msgpack, when it offers both. */
export function upgrade(res: HttpResponse, req: HttpRequest, context: us_socket_context_t): void {
  const offered = req
    .getHeader('sec-websocket-protocol')
    .split(',')
    .map((name) => name.trim());
  const binary = offered.includes(SUBPROTOCOL_MSGPACK);
  if (!binary && !offered.includes(SUBPROTOCOL_JSON)) {
    const body = `sub-protocol must be ${SUBPROTOCOL_JSON} or ${SUBPROTOCOL_MSGPACK}\n`;
    res.writeStatus('400 Bad Request').end(body);
    return;
  }
  res.upgrade<ConnectionData>(
    { binary, connection: null, address: addressOf(res) },
    req.getHeader('sec-websocket-key'),
    binary ? SUBPROTOCOL_MSGPACK : SUBPROTOCOL_JSON,
    req.getHeader('sec-websocket-extensions'),
    context,
  );
}

/** Answers with a status, and says which limit is reached. */
export function refuseUpgrade(res: HttpResponse, status: string, what: string, most: number): void {
  res.writeStatus(status).end(`${what} must be at most ${most}\n`);
}
