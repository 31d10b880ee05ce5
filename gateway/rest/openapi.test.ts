import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { removeScratch } from '../history/testing/scratch.js';
import { openApiDocument } from './openapi.js';
import { type Answer, RestExchange } from './testing/rest-exchange.js';
import { schemaProblems } from './testing/schema-check.js';

interface Operation {
  operationId: string;
  parameters?: { name: string; required: boolean; schema: { type: string; enum?: string[] } }[];
  security?: object[];
  responses: Record<string, { content: { 'application/json': { schema: object } } }>;
}

interface Page {
  properties?: { data?: { items?: { properties?: object } } };
}

interface Document {
  openapi: string;
  paths: Record<string, Record<string, Operation>>;
}

let exchange: RestExchange;
let document: Document;
/** Thousands of requests. */
vi.setConfig({ testTimeout: 240_000 });
beforeAll(async () => {
  exchange = await RestExchange.open(10);
  exchange.trade(700);
  document = (await exchange.get('/v1/openapi.json')).body;
});
afterAll(async () => {
  await exchange.close();
  removeScratch();
});

/** All but the one that asks the shard, which is tested where one answers (main/order-status.test.ts). */
function operations(): [string, Operation][] {
  const paths = Object.entries(document.paths).filter(([path]) => path !== '/v1/orders/status');
  return paths.map(([path, methods]) => {
    expect(Object.keys(methods)).toEqual(['get']);
    return [path, methods.get as Operation];
  });
}

function problemsOf(operation: Operation, { status, body }: Answer): string[] {
  const response = operation.responses[status];
  if (response === undefined) return [`status ${status} is not in the document`];
  return schemaProblems(document, response.content['application/json'].schema, body);
}

/** Asks for everything that there is, and notes which fields of which rows had a value. */
async function checkRows(asked: RestExchange, filled: Set<string>): Promise<void> {
  for (const [path, operation] of operations()) {
    const required = (operation.parameters ?? []).filter((parameter) => parameter.required);
    const isOfMarkets = required.some(({ name }) => name === 'market');
    for (const account of operation.security === undefined ? [0] : asked.accounts) {
      const signing = account === 0 ? null : { key: asked.keyOf(account) };
      for (const market of isOfMarkets ? asked.markets : ['']) {
        const values = required.map(({ name, schema }) => {
          const value = name === 'market' ? market : sampleOf(name, schema.enum);
          return [name, value] as [string, string];
        });
        if (operation.parameters !== undefined) values.push(['limit', '1000']);
        const query = values.length === 0 ? '' : `?${new URLSearchParams(values)}`;
        const answer = await asked.get(path + query, signing);
        expect([path, answer.status, problemsOf(operation, answer)]).toEqual([path, 200, []]);
        for (const row of answer.body.data ?? []) {
          for (const [name, value] of Object.entries(row)) {
            if (value !== null) filled.add(`${path} ${name}`);
          }
        }
      }
    }
  }
}

function unseenOf(filled: ReadonlySet<string>): string[] {
  const pages = operations().filter(([, { parameters }]) => parameters !== undefined);
  return pages.flatMap(([path, { responses }]) => {
    const schema = responses[200]?.content['application/json'].schema as Page;
    const names = Object.keys(schema.properties?.data?.items?.properties ?? {});
    expect(names.length).toBeGreaterThan(5);
    return names.map((name) => `${path} ${name}`).filter((name) => !filled.has(name));
  });
}

/** A value that is right for a parameter. */
function sampleOf(name: string, choices: string[] | undefined): string {
  const [market = ''] = exchange.markets;
  const samples: Record<string, string> = {
    market,
    orderId: '1',
    accountId: '1',
    from: '0',
    to: '9999999999999',
  };
  return samples[name] ?? choices?.at(-1) ?? '3';
}

describe('the OpenAPI document', () => {
  it('is what the server is made of, with one id for each operation', () => {
    expect(document).toEqual(openApiDocument(true, exchange.markets));
    expect(document.openapi).toBe('3.1.0');
    const ids = operations().map(([, { operationId }]) => operationId);
    expect(new Set(ids).size).toBe(ids.length);
    expect(ids.length).toBe(13);
    expect(Object.keys(document.paths).length).toBe(14);
  });

  it('says what the running server answers, field by field', async () => {
    const filled = new Set<string>();
    // A field that was null in every row was not checked: then another exchange has to show it.
    for (let seed = 11; unseenOf(filled).length > 0 && seed < 20; seed++) {
      await checkRows(exchange, filled);
      const other = await RestExchange.open(seed);
      other.trade(500);
      await checkRows(other, filled);
      await other.close();
    }
    expect(unseenOf(filled)).toEqual([]);
  });

  it('names every parameter that the server takes, and what it says to a wrong one', async () => {
    for (const [path, operation] of operations()) {
      const signing = operation.security === undefined ? null : { key: exchange.keyOf(1) };
      const values = (operation.parameters ?? []).filter(({ name }) => name !== 'cursor');
      const query = values
        .map(({ name, schema }) => `${name}=${sampleOf(name, schema.enum)}`)
        .join('&');
      const all = await exchange.get(query === '' ? path : `${path}?${query}`, signing);
      expect([path, all.status, problemsOf(operation, all)]).toEqual([path, 200, []]);
      const wrong = await exchange.get(`${path}?${query}&unheard=1`, signing);
      expect([path, wrong.status, problemsOf(operation, wrong)]).toEqual([path, 400, []]);
      if (signing === null) continue;
      const unsigned = await exchange.get(path);
      expect([path, unsigned.status, problemsOf(operation, unsigned)]).toEqual([path, 401, []]);
    }
  });
});
