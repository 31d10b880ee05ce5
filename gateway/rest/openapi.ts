import { CURSOR_PATTERN } from '../history/cursor.js';
import { PROTOCOL_VERSION } from '../protocol/messages.js';
import { ORDER_STATUS_ROUTE, PAGE_ROUTES, type PageRoute, type Parameter } from './routes.js';
import { INSTRUMENT, ORDER_STATUS, objectOf, type Schema, TIME } from './schemas.js';
import { KEY_HEADER, SIGNATURE_HEADER, TIMESTAMP_HEADER } from './signed-requests.js';

const OPENAPI_VERSION = '3.1.0';
const CLIENT_ID_PATTERN = '^[A-Za-z0-9.:/_-]{1,36}$';
const ERRORS = {
  400: 'A parameter is wrong; the message names it, its value and its limit.',
  401: 'The request is not signed as it should be.',
  429: 'Too many requests; the header retry-after says when to come back.',
  503: 'The history is not there yet, or too many requests wait; try again.',
} as const;

/**
 * The REST interface as an OpenAPI document, made of the tables that the server itself works by. `symbols`: of the markets that there
 * are, which are all that a parameter may name.
 */
export function openApiDocument(hasHistory: boolean, symbols: readonly string[]): object {
  const pages = hasHistory ? PAGE_ROUTES : [];
  const paths: Record<string, object> = {
    '/v1/time': plain('time', "The exchange's time.", objectOf(TIME)),
    '/v1/instruments': plain('instruments', 'All markets.', listOf(objectOf(INSTRUMENT))),
    '/v1/openapi.json': plain('openapi', 'This document.', { type: 'object' }),
    '/v1/asyncapi.json': plain('asyncapi', 'The native WebSocket, as AsyncAPI 3.', {
      type: 'object',
    }),
  };
  if (hasHistory) paths[ORDER_STATUS_ROUTE.path] = { get: statusOperation(symbols) };
  for (const route of pages) paths[route.path] = { get: pageOperation(route, symbols) };
  return {
    openapi: OPENAPI_VERSION,
    info: {
      title: 'Plimsoll',
      version: String(PROTOCOL_VERSION),
      description:
        'Reads what is there now and what has been; orders go through the WebSocket. Decimals are strings, times are milliseconds since 1970.',
    },
    paths,
    components: {
      schemas: {
        Error: objectOf({ code: { type: 'string' }, message: { type: 'string' } }),
      },
      headers: {
        'ratelimit-limit': headerOf('Requests that are let through at once.'),
        'ratelimit-remaining': headerOf('How many of them are left.'),
        'ratelimit-reset': headerOf('Seconds until all are there again.'),
      },
      securitySchemes: {
        key: { type: 'apiKey', in: 'header', name: KEY_HEADER },
        timestamp: {
          type: 'apiKey',
          in: 'header',
          name: TIMESTAMP_HEADER,
          description: 'Milliseconds since 1970, near the time of the server.',
        },
        signature: {
          type: 'apiKey',
          in: 'header',
          name: SIGNATURE_HEADER,
          description:
            'HMAC-SHA256 over plimsoll-rest:v1:VENUE:TIMESTAMP:GET:PATH?QUERY, keyed with the secret as text, in base64url without padding.',
        },
      },
    },
  };
}

function plain(operationId: string, summary: string, schema: Schema): object {
  return { get: { operationId, summary, responses: responses(schema, [400, 429]) } };
}

function pageOperation(route: PageRoute, symbols: readonly string[]): object {
  const { operationId, summary, parameters, isPrivate, row } = route;
  const errors = isPrivate ? [400, 401, 429, 503] : [400, 429, 503];
  return {
    operationId,
    summary,
    parameters: parameters.map((parameter) => parameterOf(parameter, symbols)),
    ...(isPrivate ? { security: [{ key: [], timestamp: [], signature: [] }] } : {}),
    responses: responses(pageOf(objectOf(row)), errors),
  };
}

function statusOperation(symbols: readonly string[]): object {
  const { operationId, summary, parameters } = ORDER_STATUS_ROUTE;
  return {
    operationId,
    summary,
    parameters: parameters.map((parameter) => parameterOf(parameter, symbols)),
    security: [{ key: [], timestamp: [], signature: [] }],
    responses: responses(objectOf(ORDER_STATUS), [400, 401, 429, 503]),
  };
}

function parameterOf(parameter: Parameter, symbols: readonly string[]): object {
  const { name, isRequired, description } = parameter;
  const schema = schemaOf(parameter, symbols);
  return { name, in: 'query', required: isRequired, description, schema };
}

function schemaOf(parameter: Parameter, symbols: readonly string[]): Schema {
  const { kind, minimum = 0, maximum = 0, choices, fallback } = parameter;
  const byDefault = fallback === undefined ? {} : { default: fallback };
  if (kind === 'integer') return { type: 'integer', minimum, maximum, ...byDefault };
  if (kind === 'cursor') return { type: 'string', pattern: CURSOR_PATTERN };
  if (kind === 'name') return { type: 'string', pattern: CLIENT_ID_PATTERN };
  const names = kind === 'market' ? symbols : choices;
  return { type: 'string', ...(names === undefined ? {} : { enum: names }), ...byDefault };
}

function pageOf(row: Schema): Schema {
  const { properties = {} } = listOf(row);
  return objectOf({
    ...properties,
    next: { type: ['string', 'null'], description: 'cursor of the page behind this one.' },
    more: { type: 'boolean', description: 'Whether that page has something by now.' },
    asOf: {
      ...objectOf({
        sequence: { type: 'integer', minimum: 0 },
        time: { type: 'integer', minimum: 0 },
      }),
      description: 'How far the history had come: all that happened up to here is in it.',
    },
  });
}

function listOf(row: Schema): Schema {
  return objectOf({ data: { type: 'array', items: row } });
}

function headerOf(description: string): object {
  return { description, schema: { type: 'integer', minimum: 0 } };
}

function responses(schema: Schema, errors: readonly number[]): object {
  const headers = Object.fromEntries(
    ['ratelimit-limit', 'ratelimit-remaining', 'ratelimit-reset'].map((name) => {
      return [name, { $ref: `#/components/headers/${name}` }];
    }),
  );
  const found: Record<string, object> = {
    200: { description: 'The answer.', headers, content: { 'application/json': { schema } } },
  };
  const error = { 'application/json': { schema: { $ref: '#/components/schemas/Error' } } };
  for (const status of errors) {
    const description = ERRORS[status as keyof typeof ERRORS];
    found[status] = { description, content: error };
  }
  return found;
}
