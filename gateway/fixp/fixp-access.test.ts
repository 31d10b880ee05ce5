import { base58 } from '@scure/base';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { MAY_READ, MAY_TRADE } from '../identity/permissions.js';
import { newTrader } from '../testing/exchange.js';
import * as sbe from './generated/index.js';
import { FixpClient, KEEPALIVE_MS, read } from './testing/fixp-client.js';
import { FixpExchange, signingKey } from './testing/fixp-exchange.js';
import { place } from './testing/place-order.js';

let exchange: FixpExchange;

beforeEach(async () => {
  exchange = new FixpExchange({ strikesMax: 20 });
  await exchange.start();
});
afterEach(() => exchange.close());

async function begun(account: number): Promise<FixpClient> {
  const client = exchange.client(account);
  await client.begin();
  return client;
}

describe('who is let in', () => {
  it('nobody with a wrong signature, a wrong time, or the key of nobody', async () => {
    const client = exchange.client(1);
    await client.connect();
    const codeOf = async (change: (message: sbe.NegotiateEncoder) => void) => {
      return read(await client.negotiate(change), sbe.NegotiationRejectDecoder).code();
    };
    const { Credentials, FlowTypeNotSupported } = sbe.NegotiationRejectCode;
    expect(await codeOf((message) => message.signatureAt(3, 7))).toBe(Credentials);
    expect(await codeOf((message) => message.timestamp(Date.now() - 100_000))).toBe(Credentials);
    expect(await codeOf((message) => message.putPublicKey(new Uint8Array(32).fill(1), 0))).toBe(
      Credentials,
    );
    expect(await codeOf((message) => message.clientFlow(sbe.FlowType.Recoverable))).toBe(
      FlowTypeNotSupported,
    );
    await client.negotiate((message) => message.signatureAt(3, 7)).catch(() => {});
    expect((await client.next(sbe.TerminateDecoder)).code()).toBe(
      sbe.TerminationCode.TooManyViolations,
    );
  });

  it('no session id twice, and no Establish that was seen before', async () => {
    const client = await begun(1);
    const again = exchange.client(1, client.id);
    await again.connect();
    const refused = read(await again.negotiate(), sbe.NegotiationRejectDecoder);
    expect(refused.code()).toBe(sbe.NegotiationRejectCode.DuplicateId);
    again.nonce = client.nonce;
    const taken = read(await again.establish(), sbe.EstablishmentRejectDecoder);
    expect(taken.code()).toBe(sbe.EstablishmentRejectCode.AlreadyEstablished);
    await client.cut();
    const timestamp = Date.now() + 1_000;
    await client.connect();
    await client.establish(KEEPALIVE_MS, 1, timestamp);
    await client.cut();
    await client.connect();
    const replayed = read(
      await client.establish(KEEPALIVE_MS, 1, timestamp),
      sbe.EstablishmentRejectDecoder,
    );
    expect([replayed.code(), replayed.reason()]).toEqual([
      sbe.EstablishmentRejectCode.Credentials,
      expect.stringMatching(/must be later/),
    ]);
  });

  it('no one into the session of somebody else', async () => {
    const client = await begun(1);
    await client.cut();
    const thief = exchange.client(2, client.id);
    thief.nonce = client.nonce;
    await thief.connect();
    expect(read(await thief.establish(), sbe.EstablishmentRejectDecoder).code()).toBe(
      sbe.EstablishmentRejectCode.Credentials,
    );
  });

  it('nobody whose key was revoked: connections end, and no session is established again', async () => {
    const pair = newTrader(1);
    const publicKey = base58.encode(pair.publicKey);
    const wish = { accountId: 1, label: '', addresses: [], expiresAtMs: 0, publicKey };
    const { keys } = exchange.gateway;
    const { apiKey } = await keys.create({ ...wish, permissions: MAY_READ | MAY_TRADE }, 0);
    const key = signingKey(pair.secretKey);
    const [live, away] = [1, 2].map(
      () => new FixpClient(exchange.fixpPort, key, pair.publicKey),
    ) as [FixpClient, FixpClient];
    await live.begin();
    await away.begin();
    await away.cut();
    await keys.revoke(apiKey);
    await live.until(() => live.ended, 'the connection has ended');
    const { InvalidSession } = sbe.TerminationCode;
    expect(live.all(sbe.TerminateDecoder).map((message) => message.code())).toEqual([
      InvalidSession,
    ]);
    for (const client of [live, away]) {
      await client.connect();
      const reject = read(await client.establish(), sbe.EstablishmentRejectDecoder);
      expect(reject.code()).toBe(sbe.EstablishmentRejectCode.Credentials);
      await client.cut();
    }
  });

  it('the owner of a key pair into his own account, whoever has named it as his agent’s before', async () => {
    const owner = exchange.traders[2] as (typeof exchange.traders)[number];
    const publicKey = base58.encode(owner.publicKey);
    const wish = { accountId: 1, label: '', addresses: [], expiresAtMs: 0, publicKey };
    // With this it could do no more than read.
    await exchange.gateway.keys.create({ ...wish, permissions: MAY_READ }, 0);
    await begun(3);
  });

  it('nobody with a Negotiate that was seen before, also when its session is gone or the server began anew', async () => {
    const client = exchange.client(1);
    await client.connect();
    let seen = new Uint8Array();
    const { raw } = client;
    client.raw = (bytes) => {
      seen = new Uint8Array(bytes);
      raw.call(client, bytes);
    };
    await client.negotiate();
    // It was never established, so the session goes with the connection.
    await client.cut();
    const replayed = async () => {
      const thief = exchange.client(2);
      await thief.connect();
      thief.raw(seen);
      const reject = await thief.next(sbe.NegotiationRejectDecoder);
      return [reject.code(), reject.reason()];
    };
    const { Credentials, DuplicateId } = sbe.NegotiationRejectCode;
    expect(await replayed()).toEqual([DuplicateId, expect.any(String)]);
    const { traders } = exchange;
    await exchange.close();
    exchange = new FixpExchange();
    exchange.traders.splice(0, 3, ...traders);
    await exchange.start();
    expect(await replayed()).toEqual([Credentials, expect.stringMatching(/before the start/)]);
  });

  it('no session that is not known, and no wild keepalive', async () => {
    const client = exchange.client(1);
    await client.connect();
    expect(read(await client.establish(), sbe.EstablishmentRejectDecoder).code()).toBe(
      sbe.EstablishmentRejectCode.Unnegotiated,
    );
    await client.negotiate();
    expect(read(await client.establish(1), sbe.EstablishmentRejectDecoder).code()).toBe(
      sbe.EstablishmentRejectCode.KeepaliveInterval,
    );
    await client.establish();
  });

  it('nobody who says nothing', async () => {
    await exchange.close();
    exchange = new FixpExchange({ loginTimeoutMs: 100 });
    await exchange.start();
    const client = exchange.client(1);
    await client.connect();
    expect((await client.next(sbe.TerminateDecoder)).code()).toBe(sbe.TerminationCode.Timeout);
  });

  it('without orders when it is cut off, if it wants that', async () => {
    const client = exchange.client(1);
    await client.connect();
    await client.negotiate();
    const { AllOrders } = sbe.CancelOnDisconnect;
    await client.establish(KEEPALIVE_MS, 1, Date.now(), AllOrders);
    const other = await begun(2);
    place(other, { price: 480_000 });
    for (let i = 0; i < 3; i++) place(client, { price: 490_000 + i });
    await client.until(() => exchange.gateway.stats().openOrders === 4, 'all rest');
    const send = exchange.port.trySendAll.bind(exchange.port);
    let refused = 0;
    let isFull = true;
    // At first there is no room: it is tried again, but not in the same turn.
    exchange.port.trySendAll = (words, at, slots) => {
      if (isFull && ++refused > 100) throw new Error('tried again and again in one turn');
      return !isFull && send(words, at, slots);
    };
    await client.cut();
    await other.until(() => refused > 2, 'it is tried again');
    isFull = false;
    await other.until(() => exchange.gateway.stats().openOrders === 1, 'its orders are gone');
    expect(refused).toBeLessThan(20);
    await client.comeBack();
    const { MassCancel } = sbe.CancelReason;
    await client.next(
      sbe.ExecutionReportCancelDecoder,
      0,
      (report) => report.reason() === MassCancel,
    );
    // Without the wish they stay.
    place(client, { price: 490_000 });
    await client.next(sbe.ExecutionReportNewDecoder, 0, (report) => report.requestSeqNo() === 4);
    await client.cut();
    await new Promise((resolve) => setTimeout(resolve, 100));
    expect(exchange.gateway.stats().openOrders).toBe(2);
  });

  it('nobody who does not read; what it has missed is there when it comes back', async () => {
    await exchange.close();
    const limits = { requestsBurst: 1_000_000, privateBufferBytesMax: 256 * 1024 };
    exchange = new FixpExchange(limits);
    await exchange.start();
    const [client, other] = [await begun(1), await begun(2)];
    for (let i = 0; i < 1_000; i++) place(client, { price: 480_000 + i });
    await client.next(sbe.ExecutionReportNewDecoder, 0, (report) => report.price() === 480_999);
    client.pause();
    for (let i = 0; i < 200; i++) {
      client.send(new sbe.RetransmitRequestEncoder(), (message) => {
        message.putSessionId(Buffer.from(client.id, 'hex'), 0).fromSeqNo(1).count(1_000);
      });
    }
    await other.until(() => exchange.door.stats().connections === 1, 'the slow one is cut');
    // Nobody else has noticed.
    place(other, { side: sbe.Side.Sell, price: 480_999, qty: 10 });
    await other.next(sbe.ExecutionReportTradeDecoder);
    await client.cut();
    const missedFrom = client.incomingSeqNo;
    await client.comeBack();
    expect(missedFrom).toBeGreaterThan(0);
    await client.next(sbe.ExecutionReportTradeDecoder, 0, (fill) => fill.lastPrice() === 480_999);
  });

  it('nobody who asks for the same again and again', async () => {
    await exchange.close();
    exchange = new FixpExchange({ requestsPerSecond: 0.001, requestsBurst: 300, strikesMax: 20 });
    await exchange.start();
    const client = await begun(1);
    for (let i = 0; i < 100; i++) place(client, { price: 490_000 + i });
    await client.next(sbe.ExecutionReportNewDecoder, 0, (report) => report.price() === 490_099);
    const ask = () => {
      client.send(new sbe.RetransmitRequestEncoder(), (message) => {
        message.putSessionId(Buffer.from(client.id, 'hex'), 0).fromSeqNo(1).count(100);
      });
    };
    for (let i = 0; i < 200; i++) ask();
    expect((await client.next(sbe.RetransmitRejectDecoder)).code()).toBe(
      sbe.RetransmitRejectCode.RequestLimitExceeded,
    );
    expect((await client.next(sbe.TerminateDecoder)).code()).toBe(
      sbe.TerminationCode.FloodingConsumer,
    );
  });

  it('a second session on one connection', async () => {
    const client = exchange.client(1);
    await client.connect();
    await client.negotiate();
    expect(read(await client.negotiate(), sbe.NegotiationRejectDecoder).reason()).toMatch(
      /negotiated on this connection already/,
    );
  });

  it('nobody for ever: a session that nobody binds is forgotten', async () => {
    await exchange.close();
    exchange = new FixpExchange({}, { unboundMsMax: 100 });
    await exchange.start();
    const { door } = exchange;
    const client = exchange.client(1);
    // After a pause of the machine it may be forgotten before it is established.
    for (let isBound = false; !isBound; ) {
      await client.connect();
      await client.negotiate();
      const { templateId } = await client.establish();
      isBound = templateId === sbe.EstablishmentAckDecoder.TEMPLATE_ID;
      await client.cut();
      await client.until(() => door.stats().sessions === 0, 'the session is forgotten');
    }
    await client.connect();
    expect(read(await client.establish(), sbe.EstablishmentRejectDecoder).code()).toBe(
      sbe.EstablishmentRejectCode.Unnegotiated,
    );
  });

  it('an account that negotiates again and again: its oldest session goes', async () => {
    const first = exchange.client(1);
    await first.begin();
    await first.cut();
    for (let i = 0; i < 8; i++) {
      const client = exchange.client(1);
      await client.begin();
    }
    await first.connect();
    expect(read(await first.establish(), sbe.EstablishmentRejectDecoder).code()).toBe(
      sbe.EstablishmentRejectCode.Unnegotiated,
    );
  });
});
