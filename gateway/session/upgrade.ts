import type { HttpRequest, HttpResponse, us_socket_context_t } from 'uWebSockets.js';
import { SUBPROTOCOL_JSON, SUBPROTOCOL_MSGPACK } from '../protocol/messages.js';
import type { Admission } from './admission.js';
import type { ConnectionData } from './connection.js';

/** Why a request may not become a WebSocket. */
export interface Refusal {
  status: string;
  reason: string;
}

/** Makes a WebSocket of a request with one of our sub-protocols; msgpack, when it offers both. */
export function upgrade(
  res: HttpResponse,
  req: HttpRequest,
  context: us_socket_context_t,
  admission: Admission,
): void {
  const offered = req
    .getHeader('sec-websocket-protocol')
    .split(',')
    .map((name) => name.trim());
  const binary = offered.includes(SUBPROTOCOL_MSGPACK);
  const origin = admission.originOf(res, req);
  const isKnown = binary || offered.includes(SUBPROTOCOL_JSON);
  const refusal = isKnown ? admission.refusal(origin) : UNKNOWN_SUBPROTOCOL;
  if (refusal !== null) {
    refuseUpgrade(res, refusal);
    return;
  }
  res.upgrade<ConnectionData>(
    { binary, origin },
    req.getHeader('sec-websocket-key'),
    binary ? SUBPROTOCOL_MSGPACK : SUBPROTOCOL_JSON,
    req.getHeader('sec-websocket-extensions'),
    context,
  );
}

const UNKNOWN_SUBPROTOCOL = {
  status: '400 Bad Request',
  reason: `sub-protocol must be ${SUBPROTOCOL_JSON} or ${SUBPROTOCOL_MSGPACK}`,
};

export function refuseUpgrade(res: HttpResponse, { status, reason }: Refusal): void {
  res.writeStatus(status).end(`${reason}\n`);
}

/** Says which limit is reached. */
export function limitRefusal(status: string, what: string, most: number): Refusal {
  return { status, reason: `${what} must be at most ${most}` };
}
