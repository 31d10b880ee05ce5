import { JsonSink } from '../codec/json-sink.js';
import type { MessageSink } from '../codec/message-sink.js';
import { MsgpackSink } from '../codec/msgpack-sink.js';
import type { Problem } from '../commands/problem.js';
import type { Frame } from '../feeds/frame.js';
import { MESSAGES, PROTOCOL_VERSION } from '../protocol/messages.js';
import { ACK_RESULTS } from '../protocol/names.js';
import type { Connection } from './connection.js';

const json = new JsonSink();
const msgpack = new MsgpackSink();

/** Sends a message that only this connection gets, now. */
export function reply(connection: Connection, write: (sink: MessageSink) => void): void {
  if (connection.closed) return;
  write(connection.binary ? msgpack : json);
  connection.send(connection.binary ? msgpack.end() : json.end());
}

/** The greeting of a new connection, with a challenge for its login. */
export function replyHello(
  connection: Connection,
  venue: string,
  epoch: number,
  nowMs: number,
): void {
  const { challenge, expiresAt } = connection.challenge.issue(nowMs);
  reply(connection, (sink) => {
    sink.begin(MESSAGES.hello);
    sink.uint('version', PROTOCOL_VERSION);
    sink.text('venue', venue);
    sink.uint('epoch', epoch);
    sink.uint('time', nowMs);
    sink.text('challenge', challenge);
    sink.uint('challengeExpiresAt', expiresAt);
  });
}

export function replyFrame(connection: Connection, frame: Frame): void {
  if (connection.closed) return;
  connection.send(connection.binary ? frame.asMsgpack() : frame.asJson());
}

const FIELDS_OF_EXCHANGE = MESSAGES.error.fields.slice(3);

/** The one answer to a request that failed; without an id when that could not be read. */
export function replyError(connection: Connection, id: number | null, problem: Problem): void {
  reply(connection, (sink) => {
    sink.begin(MESSAGES.error);
    if (id === null) sink.none('id');
    else sink.uint('id', id);
    sink.text('code', problem.code);
    sink.text('message', problem.message);
    // What only the exchange's own refusals have.
    for (const name of FIELDS_OF_EXCHANGE) sink.none(name);
  });
}

/** The answer to an order request that had nothing to do, in the form of all others. */
export function replyAck(connection: Connection, id: number, result: string, count: number): void {
  reply(connection, (sink) => {
    sink.begin(MESSAGES.ack);
    sink.uint('id', id);
    sink.choice('result', ACK_RESULTS.indexOf(result as 'done'), ACK_RESULTS);
    for (const name of MESSAGES.ack.fields.slice(2)) {
      if (name === 'count') sink.uint(name, count);
      else sink.none(name);
    }
  });
}

/** The one answer to a request that the gateway itself has done. */
export function replyDone(connection: Connection, id: number, op: string, data: unknown): void {
  reply(connection, (sink) => {
    sink.begin(MESSAGES.done);
    sink.uint('id', id);
    sink.text('op', op);
    sink.value('data', data);
  });
}

export function replyNotice(
  connection: Connection,
  code: string,
  channel: string,
  message: string,
): void {
  reply(connection, (sink) => {
    sink.begin(MESSAGES.notice);
    sink.text('code', code);
    sink.text('channel', channel);
    sink.text('message', message);
  });
}
