import { Packr, Unpackr } from 'msgpackr';
import { MESSAGES, SUBPROTOCOL_JSON, SUBPROTOCOL_MSGPACK } from '../gateway/protocol/messages.js';
import {
  ACK_RESULTS,
  CANDLE_INTERVALS,
  ENUM_FIELDS,
  INSURANCE_REASONS,
  LIQUIDATION_STAGES,
  ORDER_EVENTS,
  PARENT_KINDS,
  REASONS,
  TRANSFER_REASONS,
} from '../gateway/protocol/names.js';
import { REQUESTS, type RequestName } from '../gateway/protocol/requests.js';

export type Fields = Readonly<Record<string, unknown>>;

/** A message of the server with its fields by name, the same for both codecs. */
export interface ServerMessage {
  readonly type: string;
  readonly [field: string]: unknown;
}

export interface Codec {
  readonly subprotocol: string;
  encode(op: RequestName, id: number, fields: Fields): string | Uint8Array;
  /** A batch: each request has its own id. */
  encodeBatch(id: number, requests: readonly BatchItem[]): string | Uint8Array;
  decode(data: Uint8Array): ServerMessage;
}

export interface BatchItem {
  readonly op: RequestName;
  readonly id: number;
  readonly fields: Fields;
}

export class JsonCodec implements Codec {
  readonly subprotocol = SUBPROTOCOL_JSON;

  encode(op: RequestName, id: number, fields: Fields): string {
    return JSON.stringify({ op, id, ...fields });
  }

  encodeBatch(id: number, requests: readonly BatchItem[]): string {
    const items = requests.map(({ op, id, fields }) => ({ op, id, ...fields }));
    return JSON.stringify({ op: 'batch', id, requests: items });
  }

  decode(data: Uint8Array): ServerMessage {
    return JSON.parse(Buffer.from(data.buffer, data.byteOffset, data.length).toString('utf8'));
  }
}

const SHAPES = new Map(Object.values(MESSAGES).map((shape) => [shape.code, shape]));

/** Fields of messages whose values are names: numbers in msgpack. */
const MESSAGE_ENUMS: Readonly<Record<string, readonly string[]>> = {
  ...ENUM_FIELDS,
  result: ACK_RESULTS,
  event: ORDER_EVENTS,
  reason: REASONS,
  kind: PARENT_KINDS,
  stage: LIQUIDATION_STAGES,
  interval: CANDLE_INTERVALS,
};
/** Where a field of one message has names of its own. */
const OWN_ENUMS: Readonly<Record<string, Readonly<Record<string, readonly string[]>>>> = {
  liquidation: { stage: LIQUIDATION_STAGES },
  transfer: { reason: TRANSFER_REASONS },
  insurance: { reason: INSURANCE_REASONS },
};

/** Positional arrays; markets travel as numbers, whose symbols `instruments` tells. */
export class MsgpackCodec implements Codec {
  readonly subprotocol = SUBPROTOCOL_MSGPACK;
  private readonly packr = new Packr({ useRecords: false });
  private readonly unpackr = new Unpackr({ useRecords: false, int64AsType: 'number' });
  private readonly symbolOf: (marketId: number) => string;

  constructor(symbolOf: (marketId: number) => string) {
    this.symbolOf = symbolOf;
  }

  encode(op: RequestName, id: number, fields: Fields): Uint8Array {
    return this.packr.pack(this.positional(op, id, fields));
  }

  encodeBatch(id: number, requests: readonly BatchItem[]): Uint8Array {
    const items = requests.map((item) => this.positional(item.op, item.id, item.fields));
    return this.packr.pack([REQUESTS.batch.code, id, items]);
  }

  decode(data: Uint8Array): ServerMessage {
    const values: unknown[] = this.unpackr.unpack(data);
    const shape = SHAPES.get(values[0] as number);
    if (shape === undefined) return { type: 'unknown', values };
    const message: Record<string, unknown> = { type: shape.name };
    for (let i = 0; i < shape.fields.length; i++) {
      const name = shape.fields[i] as string;
      const value = values[i + 1];
      if (value === null || value === undefined) continue;
      if (name === 'market') message[name] = this.symbolOf(value as number);
      else if (typeof value === 'number') {
        const names = OWN_ENUMS[shape.name]?.[name] ?? MESSAGE_ENUMS[name];
        message[name] = names?.[value] ?? value;
      } else message[name] = value;
    }
    return message as ServerMessage;
  }

  private positional(op: RequestName, id: number, fields: Fields): unknown[] {
    const shape = REQUESTS[op];
    const values: unknown[] = [shape.code, id];
    for (const name of shape.fields) {
      const value = fields[name];
      const names = ENUM_FIELDS[name];
      if (names !== undefined && typeof value === 'string') {
        const index = names.indexOf(value);
        // A name that does not exist goes out as it is, for the server to name it in its error.
        values.push(index < 0 ? value : index);
      } else values.push(value ?? null);
    }
    while (values.length > 2 && values[values.length - 1] === null) values.pop();
    return values;
  }
}
