import { type Problem, problem, shown } from '../commands/problem.js';
import { REQUESTS, type RequestShape } from '../protocol/requests.js';
import { readMsgpack } from './msgpack-reader.js';

/** A request with its fields by name; values are not checked yet. */
export interface ReadRequest {
  readonly shape: RequestShape;
  readonly id: number;
  readonly fields: Readonly<Record<string, unknown>>;
  /** Enumerations are numbers (msgpack) instead of names (JSON). */
  readonly binary: boolean;
}

/** A message that is no request; `id` is null when even that could not be read. */
export interface Unreadable {
  readonly id: number | null;
  readonly problem: Problem;
}

export const REQUEST_ID_MAX = 2 ** 31 - 1;

const BY_CODE = new Map<unknown, RequestShape>(
  Object.values(REQUESTS).map((shape) => [shape.code, shape]),
);
const BY_NAME = new Map<unknown, RequestShape>(
  Object.values(REQUESTS).map((shape) => [shape.name, shape]),
);

export function isUnreadable(result: ReadRequest | Unreadable): result is Unreadable {
  return 'problem' in result;
}

export function readJsonRequest(text: string): ReadRequest | Unreadable {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    const why = error instanceof Error ? error.message.slice(0, 80) : '';
    return unreadable(null, 'message_is_not_valid_json', `message must be JSON: ${why}`);
  }
  return requestOfObject(value);
}

export function readMsgpackRequest(bytes: Uint8Array): ReadRequest | Unreadable {
  let value: unknown;
  try {
    value = readMsgpack(bytes);
  } catch (error) {
    const why = error instanceof Error ? error.message : '';
    return unreadable(null, 'message_is_not_valid_msgpack', `message must be msgpack: ${why}`);
  }
  return requestOfArray(value);
}

/** A request in JSON form: the message itself, or an item of a batch. */
export function requestOfObject(value: unknown): ReadRequest | Unreadable {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    return unreadable(null, 'message_must_be_an_object', 'a JSON request must be an object');
  }
  const { op, id, ...fields } = value as Record<string, unknown>;
  if (!isRequestId(id)) return wrongId(id);
  const shape = BY_NAME.get(op);
  if (shape === undefined) {
    const known = [...BY_NAME.keys()].join(', ');
    return unreadable(id, 'op_is_unknown', `op must be one of ${known}, but is ${shown(op)}`);
  }
  for (const name in fields) {
    if (!shape.fields.includes(name)) {
      return unreadable(
        id,
        'field_is_unknown',
        `${shape.name} has no field ${shown(name)}; its fields are ${shape.fields.join(', ') || 'none'}`,
      );
    }
  }
  return { shape, id, fields, binary: false };
}

/** A request in msgpack form. */
export function requestOfArray(value: unknown): ReadRequest | Unreadable {
  if (!Array.isArray(value)) {
    return unreadable(null, 'message_must_be_an_array', 'a msgpack request must be an array');
  }
  const id: unknown = value[1];
  if (!isRequestId(id)) return wrongId(id);
  const shape = BY_CODE.get(value[0]);
  if (shape === undefined) {
    const known = [...BY_CODE.keys()].join(', ');
    return unreadable(
      id,
      'op_is_unknown',
      `code must be one of ${known}, but is ${shown(value[0])}`,
    );
  }
  if (value.length > shape.fields.length + 2) {
    return unreadable(
      id,
      'field_is_unknown',
      `${shape.name} has at most ${shape.fields.length} fields after the id, but ${value.length - 2} were sent`,
    );
  }
  const fields: Record<string, unknown> = {};
  for (let i = 2; i < value.length; i++) fields[shape.fields[i - 2] as string] = value[i];
  return { shape, id, fields, binary: true };
}

function isRequestId(id: unknown): id is number {
  return typeof id === 'number' && Number.isInteger(id) && id >= 1 && id <= REQUEST_ID_MAX;
}

function wrongId(id: unknown): Unreadable {
  return unreadable(
    null,
    'id_must_be_within_1_and_limit',
    `id must be an integer from 1 to ${REQUEST_ID_MAX}, but is ${shown(id)}`,
  );
}

function unreadable(id: number | null, code: string, message: string): Unreadable {
  return { id, problem: problem(code, message) };
}
