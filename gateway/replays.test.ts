import net from 'node:net';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import WebSocket from 'ws';
import { stateHash } from '../engine/runtime/journal/state-hash.js';
import { keyPairLogin, loginText } from '../sdk/login.js';
import { formOf, type Json } from './binance/binance.fixture.js';
import { MSG, TAG } from './fix/codec/tags.js';
import * as sbe from './fixp/generated/index.js';
import { place } from './fixp/testing/place-order.js';
import { AllDoors, NO_RATES } from './testing/all-doors.js';
import { FixClient } from './testing/fix-client.js';

/** Whatever somebody has recorded of a client is worth nothing to him, to the doors that took it and to those that begin after them. */

let doors: AllDoors;

beforeEach(async () => {
  doors = new AllDoors({ limits: NO_RATES });
  await doors.start();
});
afterEach(async () => {
  await doors.close();
  expect(doors.errors).toEqual([]);
});

/** Says the same at once, and again after a restart. */
async function whenever(check: () => Promise<void>): Promise<void> {
  const hash = stateHash(doors.core);
  await check();
  await doors.restart();
  await check();
  expect(stateHash(doors.core)).toBe(hash);
}

/** A native connection without anything but its messages. */
async function native() {
  const socket = new WebSocket(`ws://${doors.origin}/v1`, 'plimsoll.json');
  const messages: Json[] = [];
  const waiting: (() => void)[] = [];
  socket.on('message', (data) => {
    messages.push(JSON.parse(String(data)));
    for (const wake of waiting.splice(0)) wake();
  });
  const next = async (count: number) => {
    while (messages.length < count) await new Promise<void>((resolve) => waiting.push(resolve));
    return messages[count - 1] as Json;
  };
  return { socket, next };
}

/** All bytes that a client of one of the binary sockets sends. */
function recorded(client: { raw(bytes: Uint8Array): void }): Buffer[] {
  const bytes: Buffer[] = [];
  const { raw } = client;
  client.raw = (frame) => {
    bytes.push(Buffer.from(frame));
    raw.call(client, frame);
  };
  return bytes;
}

/** Sends the bytes on a connection of its own; gives what was answered until the door ends it. */
async function replay(port: number, bytes: readonly Buffer[]): Promise<Buffer> {
  const socket = net.connect({ port, host: '127.0.0.1', noDelay: true });
  const answers: Buffer[] = [];
  socket.on('data', (chunk: Buffer) => answers.push(chunk));
  socket.on('error', () => {});
  const ended = new Promise((resolve) => socket.once('close', resolve));
  for (const frame of bytes) socket.write(frame);
  await ended;
  return Buffer.concat(answers);
}

describe('what was recorded is refused', () => {
  it('a login of the native door', async () => {
    const { socket, next } = await native();
    const { venue, challenge, time } = (await next(1)) as Record<string, never>;
    const { identity, sign } = keyPairLogin(doors.trader(1).secretKey);
    const signature = sign(loginText(venue, challenge, time));
    const login = JSON.stringify({ op: 'login', id: 1, ...identity, challenge, time, signature });
    socket.send(login);
    expect(await next(2)).toMatchObject({ type: 'done' });
    socket.close();
    await whenever(async () => {
      const thief = await native();
      await thief.next(1);
      thief.socket.send(login);
      expect(await thief.next(2)).toMatchObject({ code: 'challenge_is_unknown_or_used' });
      thief.socket.send('{"op":"positions","id":2}');
      expect(await thief.next(3)).toMatchObject({ code: 'login_required' });
      thief.socket.close();
    });
  });

  it('an order, a change of leverage and a logon of the Binance door', async () => {
    const client = doors.binance(1);
    const signed = (path: string, fields: Json) => {
      const form = formOf({ ...fields, timestamp: ++doors.shard.timeMs });
      return `${path}?${form}&signature=${client.sign(form)}`;
    };
    const order = { symbol: 'BTCUSDT', side: 'BUY', type: 'LIMIT', timeInForce: 'GTC' };
    const requests = [
      signed('/fapi/v1/order', { ...order, quantity: '0.010', price: '49000' }),
      signed('/fapi/v1/leverage', { symbol: 'BTCUSDT', leverage: 7 }),
      signed('/fapi/v1/countdownCancelAll', { symbol: 'BTCUSDT', countdownTime: 0 }),
    ];
    const headers = { 'X-MBX-APIKEY': client.apiKey };
    for (const request of requests) {
      expect((await client.send('POST', request, headers)).status).toBe(200);
    }
    const timestamp = ++doors.shard.timeMs;
    const signature = client.sign(`apiKey=${client.apiKey}&timestamp=${timestamp}`);
    const params = { apiKey: client.apiKey, timestamp, signature };
    const logon = { id: 1, method: 'session.logon', params };
    expect(await (await doors.socket('/ws-fapi/v1')).ask(logon)).toMatchObject({ status: 200 });
    // Signed times are milliseconds: what was signed in the very one of a start is let in once.
    doors.shard.timeMs++;
    await whenever(async () => {
      for (const request of requests) {
        const { body } = await doors.binance(1).send('POST', request, headers);
        expect([-2010, -1021]).toContain(body.code);
      }
      const answer = await (await doors.socket('/ws-fapi/v1')).ask(logon);
      expect([-2010, -1021]).toContain((answer.error as Json).code);
    });
  });

  it('a session of the binary door with its orders', async () => {
    const client = doors.fixpClient(1);
    const bytes = recorded(client);
    await client.begin();
    place(client, { price: 490_000 });
    await client.next(sbe.ExecutionReportNewDecoder);
    await client.cut();
    const [negotiate, establish, ...orders] = bytes as [Buffer, Buffer, ...Buffer[]];
    await whenever(async () => {
      // All of it, and the second half of the handshake alone.
      for (const parts of [
        [negotiate, establish, ...orders],
        [establish, ...orders],
      ]) {
        const answer = await replay(doors.fixpPort, parts);
        const { TEMPLATE_ID: ack } = sbe.EstablishmentAckDecoder;
        const { TEMPLATE_ID: negotiated } = sbe.NegotiationResponseDecoder;
        expect([ack, negotiated]).not.toContain(answer.readUInt16LE(8));
      }
    });
  });

  it('a session of the FIX door with its orders', async () => {
    const { apiKey, apiSecret } = doors.key(1);
    const client = await FixClient.connect(doors.fixPort, apiKey);
    const bytes = recorded(client);
    await client.logon(apiSecret);
    client.send(MSG.NewOrderSingle, {
      [TAG.ClOrdID]: 'once',
      [TAG.Symbol]: 'BTC-PERP',
      [TAG.Side]: 1,
      [TAG.OrdType]: 2,
      [TAG.OrderQty]: '0.010',
      [TAG.Price]: '49000',
    });
    await client.until((message) => message.type === MSG.ExecutionReport);
    client.cut();
    await client.closed();
    await whenever(async () => {
      const answer = String(await replay(doors.fixPort, bytes));
      expect(answer).toContain('35=5\u0001');
      expect(answer).toMatch(/58=MsgSeqNum/);
    });
  });
});
