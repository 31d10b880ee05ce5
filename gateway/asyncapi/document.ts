import {
  MESSAGES,
  type MessageName,
  PROTOCOL_VERSION,
  SUBPROTOCOL_JSON,
  SUBPROTOCOL_MSGPACK,
} from '../protocol/messages.js';
import { ORDER_REQUESTS, REQUESTS, type RequestName } from '../protocol/requests.js';
import { type FormName, messageKey, messageSchema, requestSchema } from './payloads.js';
import { DONE_DATA } from './values.js';

const FORMS: readonly FormName[] = ['json', 'msgpack'];
const ANSWERS: readonly MessageName[] = ['ack', 'done', 'error'];
const SUBPROTOCOLS = { json: SUBPROTOCOL_JSON, msgpack: SUBPROTOCOL_MSGPACK };
const CONTENT_TYPES = { json: 'application/json', msgpack: 'application/msgpack' };

/** Where the document lies, from the root of the repository. */
export const ASYNCAPI_FILE = 'gateway/asyncapi/asyncapi.json';

/** The document as it lies there. */
export function asyncApiText(): string {
  return `${JSON.stringify(asyncApiDocument(), null, 1)}\n`;
}

/** The native WebSocket as an AsyncAPI 3 document, made of the tables that the server itself works by. */
export function asyncApiDocument(): object {
  const both = (make: (form: FormName) => object) => {
    return Object.fromEntries(FORMS.map((form) => [form, make(form)]));
  };
  return {
    asyncapi: '3.0.0',
    info: {
      title: 'Plimsoll native WebSocket',
      version: String(PROTOCOL_VERSION),
      description:
        'Orders, and public and private feeds. gateway/PROTOCOL.md says what each field means. Decimals are strings, times are milliseconds since 1970 unless the name ends in Us.',
    },
    defaultContentType: CONTENT_TYPES.json,
    servers: { local: { host: '127.0.0.1:8080', protocol: 'ws' } },
    channels: both(channel),
    operations: Object.assign({}, ...FORMS.map(operations)),
    components: {
      messages: Object.assign({}, ...FORMS.map(messages)),
      schemas: Object.fromEntries(
        Object.entries(DONE_DATA).map(([name, schema]) => [`data.${name}`, schema]),
      ),
    },
  };
}

function names(): { said: MessageName[]; asked: RequestName[] } {
  return {
    said: Object.keys(MESSAGES) as MessageName[],
    asked: Object.keys(REQUESTS) as RequestName[],
  };
}

function channel(form: FormName): object {
  const { said, asked } = names();
  const keys = [
    ...said.map((name) => messageKey(form, 'said', name)),
    ...asked.map((name) => messageKey(form, 'asked', name)),
  ];
  return {
    address: '/v1',
    title: `Frames of the sub-protocol ${SUBPROTOCOLS[form]}`,
    messages: Object.fromEntries(
      keys.map((key) => [key, { $ref: `#/components/messages/${key}` }]),
    ),
    bindings: {
      ws: {
        method: 'GET',
        headers: {
          type: 'object',
          properties: { 'Sec-WebSocket-Protocol': { const: SUBPROTOCOLS[form] } },
          required: ['Sec-WebSocket-Protocol'],
        },
      },
    },
  };
}

function messages(form: FormName): object {
  const { said, asked } = names();
  const message = (name: string, payload: object) => {
    return { name, contentType: CONTENT_TYPES[form], payload };
  };
  return Object.fromEntries([
    ...said.map((name) => {
      return [messageKey(form, 'said', name), message(name, messageSchema(name, form))];
    }),
    ...asked.map((name) => {
      return [messageKey(form, 'asked', name), message(name, requestSchema(name, form))];
    }),
  ]);
}

/** From the side of the server: it receives requests, and sends answers and feeds. */
function operations(form: FormName): object {
  const { said, asked } = names();
  const here = { $ref: `#/channels/${form}` };
  const refTo = (who: 'said' | 'asked', name: string) => {
    return { $ref: `#/channels/${form}/messages/${messageKey(form, who, name)}` };
  };
  const requests = asked.map((name) => {
    const answer: MessageName = ORDER_REQUESTS.has(name) ? 'ack' : 'done';
    const reply = { channel: here, messages: [refTo('said', answer), refTo('said', 'error')] };
    const messages = [refTo('asked', name)];
    return [`${form}.${name}`, { action: 'receive', channel: here, messages, reply }];
  });
  const feeds = said.filter((name) => !ANSWERS.includes(name)).map((name) => refTo('said', name));
  const tell = { action: 'send', channel: here, messages: feeds };
  return Object.fromEntries([...requests, [`${form}.feeds`, tell]]);
}
