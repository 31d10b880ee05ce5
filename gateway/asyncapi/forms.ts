import type { Schema } from '../rest/schemas.js';

/** A value in both forms of the protocol. */
export interface Form {
  readonly json: Schema;
  readonly msgpack: Schema;
}

const DECIMAL = '^-?[0-9]+(\\.[0-9]+)?$';
const UNSIGNED = '^[0-9]*\\.?[0-9]*$';
const CLIENT_ORDER_ID = '^[A-Za-z0-9.:/_-]{1,36}$';

export function same(schema: Schema): Form {
  return { json: schema, msgpack: schema };
}

export const UINT = same({ type: 'integer', minimum: 0 });
export const ID = same({ type: 'integer', minimum: 1 });
export const DECIMAL_TEXT = same({ type: 'string', pattern: DECIMAL });
export const TEXT = same({ type: 'string' });
export const FLAG = same({ type: 'boolean' });
/** A symbol in JSON, the market's number in msgpack. */
export const MARKET: Form = { json: { type: 'string' }, msgpack: { type: 'integer', minimum: 1 } };
/** What a client may write for a quantity or a price: no sign. */
export const UNSIGNED_TEXT = same({ type: 'string', pattern: UNSIGNED });
/** In requests the symbol or the number, in both forms. */
export const NAMED_MARKET = same({ type: ['string', 'integer'], minimum: 1 });
export const CLIENT_ID = same({
  type: ['string', 'integer'],
  pattern: CLIENT_ORDER_ID,
  minimum: 1,
});

/** A name in JSON, its index in msgpack. */
export function choice(names: readonly string[]): Form {
  return {
    json: { type: 'string', enum: names },
    msgpack: { type: 'integer', minimum: 0, maximum: names.length - 1 },
  };
}

export function integer(minimum: number, maximum: number): Form {
  return same({ type: 'integer', minimum, maximum });
}

export function listOf(items: Schema): Schema {
  return { type: 'array', items };
}

/** An object whose fields are always there, but for those that `optional` names. */
export function record(
  fields: Readonly<Record<string, Schema>>,
  optional: readonly string[] = [],
): Schema {
  return {
    type: 'object',
    properties: fields,
    required: Object.keys(fields).filter((name) => !optional.includes(name)),
    additionalProperties: false,
  };
}

/** The same value, or null, which says that it is absent. */
export function orNull(schema: Schema): Schema {
  const { type, enum: names } = schema;
  if (type === undefined) return schema;
  const types = typeof type === 'string' ? [type] : type;
  const found = { ...schema, type: [...types, 'null'] };
  return names === undefined ? found : { ...found, enum: [...names, null] };
}
