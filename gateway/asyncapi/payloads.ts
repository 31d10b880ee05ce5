import { MESSAGES, type MessageName } from '../protocol/messages.js';
import { ORDER_REQUESTS, REQUESTS, type RequestName } from '../protocol/requests.js';
import type { Schema } from '../rest/schemas.js';
import { type Form, orNull } from './forms.js';
import { formOf, isOptional } from './message-fields.js';
import { isRequired, requestFormOf } from './request-fields.js';
import { DONE_DATA } from './values.js';

export type FormName = keyof Form;

const REQUEST_ID: Schema = { type: 'integer', minimum: 1, maximum: 2 ** 31 - 1 };
const BATCH_MAX = 50;

/** Where a message lies among the components: a request and a message may have one name. */
export function messageKey(form: FormName, who: 'said' | 'asked', name: string): string {
  return `${form}.${who}.${name}`;
}

/** What the server says, as one frame. */
export function messageSchema(name: MessageName, form: FormName): Schema {
  const { code, fields } = MESSAGES[name];
  const schemas = fields.map((field) => formOf(name, field)[form]);
  const optional = fields.filter((field) => isOptional(name, field));
  if (form === 'json') {
    const properties = Object.fromEntries(fields.map((field, i) => [field, schemas[i] as Schema]));
    const schema = objectSchema({ type: { const: name } }, properties, optional);
    return name === 'done'
      ? { ...schema, allOf: dataByOp((op) => ({ properties: { op } })) }
      : schema;
  }
  const items = schemas.map((schema, i) => {
    return optional.includes(fields[i] as string) ? orNull(schema) : schema;
  });
  const least = 1 + fields.findLastIndex((field) => !optional.includes(field));
  const schema = arraySchema([{ const: code }, ...items], 1 + least);
  if (name !== 'done') return schema;
  return { ...schema, allOf: dataByOp((op) => ({ items: [{}, {}, op] })) };
}

/** What a client says, as one frame. */
export function requestSchema(name: RequestName, form: FormName): Schema {
  if (name === 'batch') return batchSchema(form);
  const { code, fields } = REQUESTS[name];
  const optional = fields.filter((field) => !isRequired(name, field));
  const schemas = fields.map((field) => {
    const schema = requestFormOf(field)[form];
    return optional.includes(field) ? orNull(schema) : schema;
  });
  if (form === 'json') {
    const properties = Object.fromEntries(fields.map((field, i) => [field, schemas[i] as Schema]));
    return objectSchema({ op: { const: name }, id: REQUEST_ID }, properties, optional);
  }
  const least = 1 + fields.findLastIndex((field) => !optional.includes(field));
  const items = [{ const: code }, REQUEST_ID, ...schemas];
  // An array that is longer than its table is refused.
  return { ...arraySchema(items, 2 + least), additionalItems: false };
}

function batchSchema(form: FormName): Schema {
  const anyOf = [...ORDER_REQUESTS].map((name) => {
    return { $ref: `#/components/messages/${messageKey(form, 'asked', name)}/payload` };
  });
  const requests: Schema = {
    type: 'array',
    minItems: 1,
    maxItems: BATCH_MAX,
    items: { anyOf },
  };
  const { code } = REQUESTS.batch;
  if (form === 'msgpack') return arraySchema([{ const: code }, REQUEST_ID, requests], 3);
  return objectSchema({ op: { const: 'batch' }, id: REQUEST_ID }, { requests }, []);
}

function objectSchema(
  head: Readonly<Record<string, Schema>>,
  fields: Readonly<Record<string, Schema>>,
  optional: readonly string[],
): Schema {
  const properties = { ...head, ...fields };
  const required = Object.keys(properties).filter((name) => !optional.includes(name));
  return { type: 'object', properties, required, additionalProperties: false };
}

/** New fields may be appended, so a message may be longer than its table. */
function arraySchema(items: readonly Schema[], minItems: number): Schema {
  return { type: 'array', items, minItems };
}

/** `data` of `done` by its `op`. */
function dataByOp(isOp: (op: Schema) => Schema): Schema[] {
  return Object.keys(DONE_DATA).map((name) => {
    const data = { $ref: `#/components/schemas/data.${name}` };
    const condition = isOp({ const: name });
    const isObject = condition.properties !== undefined;
    return {
      if: condition,
      // biome-ignore lint/suspicious/noThenProperty: the word is JSON Schema's
      then: isObject ? { properties: { data } } : { items: [{}, {}, {}, data] },
    };
  });
}
