import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ENCODING_TYPE, FRAMING_BYTES, writeFraming } from './framing.js';
import * as sbe from './generated/index.js';
import type { FixpClient } from './testing/fixp-client.js';
import { FixpExchange } from './testing/fixp-exchange.js';

let exchange: FixpExchange;

beforeAll(async () => {
  exchange = new FixpExchange({ requestsBurst: 1_000_000 });
  await exchange.start();
});
afterAll(() => exchange.close());

/** Bytes of a good order, framed. */
function orderFrame(): Buffer {
  const bytes = Buffer.alloc(128);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  const order = new sbe.NewOrderSingleEncoder().wrapAndApplyHeader(view, FRAMING_BYTES).clear();
  order.orderQty(10).marketId(1).side(sbe.Side.Buy).price(499_000).ordType(sbe.OrdType.Limit);
  order.timeInForce(sbe.TimeInForce.GoodTillCancel);
  return bytes.subarray(0, writeFraming(view, 0, 8 + order.sbeEncodedLength()));
}

/** The code with which the door has ended the connection; null when it has not. */
async function ending(client: FixpClient, established: boolean): Promise<number | null> {
  // What it does not take for an end, it answers: nothing stays open.
  const from = client.received.length;
  client.send(new sbe.TerminateEncoder(), (message) => {
    message.code(sbe.TerminationCode.Finished).putReason(new Uint8Array(), 0, 0);
  });
  await client.until(() => client.ended, 'the connection has ended');
  const codes = client.all(sbe.TerminateDecoder).map((message) => message.code());
  expect(codes.length, `established: ${established}, received ${from}`).toBeLessThanOrEqual(1);
  return codes[0] ?? null;
}

async function connected(established: boolean): Promise<FixpClient> {
  const client = exchange.client(1);
  if (established) await client.begin();
  else await client.connect();
  return client;
}

const stateNow = () => [exchange.port.commands, exchange.gateway.stats().openOrders];

describe('wild bytes', () => {
  it('that are no frames end the connection with a code, and change nothing', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.uint8Array({ minLength: 6, maxLength: 300 }),
        fc.boolean(),
        async (bytes, established) => {
          fc.pre((bytes[4] as number) !== ENCODING_TYPE >> 8);
          const state = stateNow();
          const client = await connected(established);
          client.raw(bytes);
          expect(await ending(client, established)).toBe(sbe.TerminationCode.DecodingError);
          expect(stateNow()).toEqual(state);
        },
      ),
      { numRuns: 60 },
    );
  });

  it('in a good frame, with wild header and content, never change anything before Establish', async () => {
    const templates = fc.oneof(
      fc.integer({ min: 0, max: 400 }),
      fc.integer({ min: 0, max: 65_535 }),
    );
    await fc.assert(
      fc.asyncProperty(
        templates,
        fc.integer({ min: 0, max: 65_535 }),
        fc.integer({ min: 0, max: 3 }),
        fc.uint8Array({ maxLength: 400 }),
        async (templateId, blockLength, version, body) => {
          const state = stateNow();
          const client = await connected(false);
          client.raw(frame(templateId, blockLength, version, body));
          const code = await ending(client, false);
          expect(code).not.toBeNull();
          expect(stateNow()).toEqual(state);
        },
      ),
      { numRuns: 80 },
    );
  });

  it('in a message that does not fit change nothing in a session either', async () => {
    const applications = [101, 102, 103, 104, 105, 106, 107, 108, 109, 110];
    await fc.assert(
      fc.asyncProperty(
        fc.constantFrom(...applications),
        fc.uint8Array({ maxLength: 3 }),
        fc.integer({ min: 0, max: 65_535 }),
        async (templateId, body, blockLength) => {
          fc.pre(blockLength > body.length || blockLength < 2);
          // The smallest message of a client has two bytes.
          const state = stateNow();
          const client = await connected(true);
          client.raw(frame(templateId, blockLength, 0, body));
          expect(await ending(client, true)).toBe(sbe.TerminationCode.DecodingError);
          expect(stateNow()).toEqual(state);
        },
      ),
      { numRuns: 60 },
    );
  });

  it('of a length that is too large are refused before they are waited for', async () => {
    for (const length of [16_385, 1_000_000, 0xffffffff]) {
      const client = await connected(true);
      const bytes = orderFrame();
      bytes.writeUInt32BE(length, 0);
      client.raw(bytes);
      expect(await ending(client, true)).toBe(sbe.TerminationCode.MessageTooLarge);
    }
    for (const length of [0, 5, 13]) {
      const client = await connected(true);
      const bytes = orderFrame();
      bytes.writeUInt32BE(length, 0);
      client.raw(bytes);
      expect(await ending(client, true)).toBe(sbe.TerminationCode.DecodingError);
    }
  });

  it('cut anywhere are a message only when all of it has come', async () => {
    const whole = orderFrame();
    const client = await connected(true);
    let sent = 0;
    for (let cut = 1; cut < whole.length; cut++) {
      client.raw(whole.subarray(0, cut));
      await new Promise((resolve) => setImmediate(resolve));
      expect(exchange.port.commands).toBe(sent);
      client.raw(whole.subarray(cut));
      await client.until(() => exchange.port.commands === sent + 1, 'the order has come');
      sent++;
    }
    await client.until(() => {
      return client.all(sbe.ExecutionReportNewDecoder).length === sent;
    }, 'each is answered');
  });

  it('of good messages with flipped bits are answered, or end the connection; the door goes on', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.tuple(fc.integer({ min: 4, max: 56 }), fc.nat(7)), {
          minLength: 1,
          maxLength: 8,
        }),
        async (flips) => {
          const client = await connected(true);
          const bytes = orderFrame();
          for (const [at, bit] of flips) {
            bytes[at % bytes.length] = (bytes[at % bytes.length] as number) ^ (1 << bit);
          }
          client.raw(bytes);
          const code = await ending(client, true);
          const answers = client.received.filter(({ templateId }) => {
            return templateId > 200 && templateId < 300;
          });
          // A longer length would only be waited for; all else is taken and answered, or ends the connection.
          if (code === sbe.TerminationCode.Finished) expect(answers.length).toBeGreaterThan(0);
        },
      ),
      { numRuns: 100 },
    );
    const client = await connected(true);
    client.raw(orderFrame());
    await client.next(sbe.ExecutionReportNewDecoder);
  });

  it('of a kind of a later version are refused, and the session goes on', async () => {
    const client = await connected(true);
    client.raw(frame(150, 0, 0, new Uint8Array(10)));
    const reject = await client.next(sbe.BusinessMessageRejectDecoder);
    expect(reject.text()).toMatch(/^template_is_unknown: /);
    client.raw(orderFrame());
    await client.next(sbe.ExecutionReportNewDecoder);
  });
});

function frame(templateId: number, blockLength: number, version: number, body: Uint8Array): Buffer {
  const bytes = Buffer.alloc(FRAMING_BYTES + 8 + body.length);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  writeFraming(view, 0, 8 + body.length);
  [blockLength, templateId, sbe.SBE_SCHEMA_ID, version].forEach((value, i) => {
    view.setUint16(FRAMING_BYTES + 2 * i, value, true);
  });
  bytes.set(body, FRAMING_BYTES + 8);
  return bytes;
}
