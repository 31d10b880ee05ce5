import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { stateHash } from '../engine/runtime/journal/state-hash.js';
import { PlimsollClient } from '../sdk/client.js';
import { apiKeyLogin, keyPairLogin, type Login } from '../sdk/login.js';
import { isKnownType } from './fix/codec/message-rules.js';
import { MSG, TAG } from './fix/codec/tags.js';
import { OrdStatus } from './fixp/door-answers.js';
import * as sbe from './fixp/generated/index.js';
import {
  MAY_EVERYTHING,
  MAY_MANAGE,
  MAY_READ,
  MAY_TRADE,
  MAY_WITHDRAW,
} from './identity/permissions.js';
import { REQUESTS, type RequestName } from './protocol/requests.js';
import { issueApiKey } from './session/api-keys.js';
import { AllDoors, NO_RATES } from './testing/all-doors.js';
import { FixClient, shown } from './testing/fix-client.js';

/**
 * Every private call, taken from the tables by which the doors find their handlers, with every wrong identity. A call that is added
 * has to be added here, or the test fails. The Binance door and REST have the same in `binance/identity.test.ts` and `rest/rest.test.ts`.
 */

const SECRET_NAME = 'name-of-the-owner';
const SECRET_NUMBER = 777_001;
const ORDER = { market: 'BTC-PERP', side: 'buy', price: '49000', qty: '0.010' } as const;

let doors: AllDoors;
let owner: PlimsollClient;
let orderId = 0;
const clients: PlimsollClient[] = [];

beforeAll(async () => {
  doors = new AllDoors({ limits: NO_RATES });
  await doors.start();
  owner = await doors.native(1);
  const placed = await owner.place({ ...ORDER, clientOrderId: SECRET_NAME });
  orderId = placed.orderId as number;
  await owner.place({ ...ORDER, clientOrderId: SECRET_NUMBER });
});
afterAll(async () => {
  for (const client of clients) await client.close();
  await doors.close();
  expect(doors.errors).toEqual([]);
});

/** All that a wrong identity could have changed of the owner's: any change at all is a private event, but for keys. */
function ownersState() {
  const { openOrders, views } = doors.gateway.folds;
  return {
    events: views.sequenceOf(1),
    orders: openOrders.ofAccount(1).map(({ orderId: id, remainingLots }) => [id, remainingLots]),
    keys: doors.gateway.keys.ofAccount(1).map(({ apiKey }) => apiKey),
  };
}

/** Whether something of the owner's can be seen. */
function expectNothingOfTheOwner(seen: unknown): void {
  const text = typeof seen === 'string' ? seen : JSON.stringify(seen);
  expect(text).not.toContain(SECRET_NAME);
  expect(text).not.toContain(String(SECRET_NUMBER));
  for (const { apiKey } of doors.gateway.keys.ofAccount(1)) expect(text).not.toContain(apiKey);
}

/** Needs no login, and tells and does nothing of an account. */
const PUBLIC: readonly RequestName[] = [
  'challenge',
  'login',
  'subscribe',
  'unsubscribe',
  'ping',
  'time',
  'instruments',
];

/** Requests that are right but for who sends them; where they name an order or key, it is the owner's. */
function privateRequests(isBinary = false): Record<string, { needs: number; fields: object }> {
  const named = { market: 'BTC-PERP', orderId };
  const terms = { market: 'BTC-PERP', side: 'buy', qty: '0.010' };
  const order = { ...terms, price: '48000' };
  const trade = (fields: object) => ({ needs: MAY_TRADE, fields });
  const read = (fields: object) => ({ needs: MAY_READ, fields });
  const manage = (fields: object) => ({ needs: MAY_MANAGE, fields });
  const ownKey = doors.gateway.keys.ofAccount(1)[0]?.apiKey ?? doors.key(1).apiKey;
  return {
    place: trade(order),
    cancel: trade(named),
    amend: trade({ ...named, price: '48500' }),
    replace: trade({ ...order, targetOrderId: orderId }),
    cancelAll: trade({ market: 'BTC-PERP' }),
    cancelAllAfter: trade({ timeout: 60_000 }),
    setLeverage: trade({ market: 'BTC-PERP', leverage: 5 }),
    takeOver: trade({ ...order, auctionId: 1 }),
    setMarginMode: trade({ market: 'BTC-PERP', marginMode: 'isolated' }),
    moveMargin: trade({ market: 'BTC-PERP', amount: '1' }),
    placeScaled: trade({ ...order, lastPrice: '47000', count: 2, distribution: 'equal' }),
    placeTwap: trade({ ...terms, duration: 60_000, slices: 2 }),
    batch: trade({ requests: [isBinary ? cancelArray() : { op: 'cancel', id: 1e6, ...named }] }),
    setCancelOnDisconnect: trade({ enabled: false }),
    positions: read({}),
    orderStatus: read(named),
    createKey: manage({ permissions: ['read'] }),
    keys: manage({}),
    revokeKey: manage({ apiKey: ownKey }),
    transfer: { needs: MAY_WITHDRAW, fields: { from: 1, to: 2, amount: '1', idempotencyKey: 'k' } },
    createSubAccount: manage({ number: 1 }),
    subAccounts: read({}),
  };
}

/** A cancel in a batch of the msgpack form. */
function cancelArray(): unknown[] {
  return [REQUESTS.cancel.code, 1e6, 'BTC-PERP', orderId];
}

async function enter(login?: Login): Promise<PlimsollClient> {
  const url = `ws://${doors.origin}/v1`;
  const options = { url, reconnect: false, ...(login === undefined ? {} : { login }) };
  const client = await PlimsollClient.connect(options);
  clients.push(client);
  return client;
}

/** The code of a refusal, or what came in place of one. */
async function refusal(client: PlimsollClient, name: string, fields: object): Promise<unknown> {
  try {
    return await client.request(name as RequestName, fields);
  } catch (error) {
    return (error as { code: string }).code;
  }
}

async function keyWith(accountId: number, permissions: number, change: object = {}) {
  const wish = { accountId, label: '', permissions, addresses: [], expiresAtMs: 0, publicKey: '' };
  const { apiKey, apiSecret } = await doors.gateway.keys.create({ ...wish, ...change }, 0);
  return { apiKey, login: apiKeyLogin(apiKey, apiSecret ?? '') };
}

describe('each request of the native door', () => {
  it('is known to this test', () => {
    const known = [...PUBLIC, ...Object.keys(privateRequests())];
    expect(known.sort()).toEqual(Object.keys(REQUESTS).sort());
  });

  it('is refused without a login, and changes nothing', async () => {
    const [before, hash] = [ownersState(), stateHash(doors.core)];
    for (const codec of ['json', 'msgpack'] as const) {
      const url = `ws://${doors.origin}/v1`;
      const nobody = await PlimsollClient.connect({ url, codec, reconnect: false });
      clients.push(nobody);
      for (const [name, { fields }] of Object.entries(privateRequests(codec === 'msgpack'))) {
        expect([name, await refusal(nobody, name, fields)]).toEqual([name, 'login_required']);
      }
      for (const channel of ['private', 'positionsAtRisk']) {
        expect(await refusal(nobody, 'subscribe', { channel })).toMatch(
          /^(login_required|account_is_not_a_liquidator)$/,
        );
      }
    }
    expect([ownersState(), stateHash(doors.core)]).toEqual([before, hash]);
  });

  it('is refused to each key of the owner that has all permissions but the one that it needs', async () => {
    for (const needed of [MAY_READ, MAY_TRADE, MAY_WITHDRAW, MAY_MANAGE]) {
      const { login } = await keyWith(1, MAY_EVERYTHING & ~needed);
      const client = await enter(login);
      const [before, hash] = [ownersState(), stateHash(doors.core)];
      for (const [name, { needs, fields }] of Object.entries(privateRequests())) {
        if (needs !== needed) continue;
        expect([name, await refusal(client, name, fields)]).toEqual([
          name,
          'permission_is_missing',
        ]);
      }
      if (needed === MAY_READ) {
        expect(await refusal(client, 'subscribe', { channel: 'private' })).toBe(
          'permission_is_missing',
        );
      }
      expect([ownersState(), stateHash(doors.core)]).toEqual([before, hash]);
    }
  });

  it('shows and changes nothing of the owner to somebody else who is logged in', async () => {
    const before = ownersState();
    const stranger = await doors.native(2);
    const seen: unknown[] = [];
    stranger.on('message', (message) => seen.push(message));
    await stranger.subscribe('private');
    for (const [name, { fields }] of Object.entries(privateRequests())) {
      seen.push(await refusal(stranger, name, fields));
    }
    for (const name of [SECRET_NAME, SECRET_NUMBER]) {
      const of = { market: 'BTC-PERP', clientOrderId: name };
      expect(await refusal(stranger, 'cancel', of)).toBe('order_is_not_open');
      expect(await refusal(stranger, 'amend', { ...of, price: '1' })).toBe('order_is_not_open');
    }
    await stranger.cancelAll();
    expectNothingOfTheOwner(seen);
    expect(seen.length).toBeGreaterThan(Object.keys(privateRequests()).length);
    expect(ownersState()).toEqual(before);
  });

  it('is right but for who sends it: its owner is not refused', async () => {
    const other = await doors.native(3);
    const refused = ['login_required', 'permission_is_missing', 'field_is_missing'];
    for (const [name, { fields }] of Object.entries(privateRequests())) {
      const answer = await refusal(other, name, fields);
      for (const code of [
        ...refused,
        'field_has_wrong_type',
        'field_is_unknown',
        'op_is_unknown',
      ]) {
        expect([name, answer]).not.toEqual([name, code]);
      }
    }
  });
});

describe('a login', () => {
  const cases = async (): Promise<[string, Login][]> => {
    const [mine, other] = [doors.key(1), doors.key(2)];
    const foreign = issueApiKey(new Uint8Array(32).fill(9), 1);
    const forged = keyPairLogin(doors.trader(2).secretKey);
    const agent = keyPairLogin(doors.trader(3).secretKey);
    const revoked = await keyWith(1, MAY_EVERYTHING);
    await doors.gateway.keys.revoke(revoked.apiKey);
    const expired = await keyWith(1, MAY_EVERYTHING, { expiresAtMs: 1 });
    const elsewhere = await keyWith(1, MAY_EVERYTHING, { addresses: ['10.0.0.0/8'] });
    const pair = await keyWith(1, MAY_EVERYTHING, { publicKey: 'agent' });
    return [
      ['the key without the secret', apiKeyLogin(mine.apiKey, 'guess')],
      ['the key with the empty secret', apiKeyLogin(mine.apiKey, '')],
      ["the key with somebody else's secret", apiKeyLogin(mine.apiKey, other.apiSecret)],
      ["another operator's key and secret", apiKeyLogin(foreign.apiKey, foreign.apiSecret)],
      ['a key of nobody', apiKeyLogin(issueApiKey(doors.operatorKey, 99).apiKey, 'x')],
      ["the owner's public key, signed by another", { ...forged, identity: ofOwner() }],
      ['a public key of nobody', keyPairLogin(new Uint8Array(32).fill(3))],
      ['a key that was revoked', revoked.login],
      ['a key that has expired', expired.login],
      ['a key for another address', elsewhere.login],
      ['a key pair opened with the empty secret', pair.login],
      ['both at once', { ...agent, identity: { ...agent.identity, apiKey: mine.apiKey } }],
    ];
  };
  const ofOwner = () => ({ publicKey: doors.publicKeyOf(1) });

  it('with anything that is not the owner’s opens nothing', async () => {
    for (const [who, login] of await cases()) {
      const entered = enter(login).then((client) => client.accountId);
      await expect(entered, who).rejects.toMatchObject({ code: expect.any(String) });
    }
  });
});

/** Messages of the binary door by number, each naming the owner's order where it can. */
const BINARY: Record<number, (client: Awaited<ReturnType<typeof binary>>) => void> = {
  [sbe.NewOrderSingleDecoder.TEMPLATE_ID]: (client) => {
    client.send(new sbe.NewOrderSingleEncoder(), (message) => {
      message.orderQty(10).marketId(1).side(sbe.Side.Buy).price(480_000);
      message.ordType(sbe.OrdType.Limit).timeInForce(sbe.TimeInForce.GoodTillCancel);
    });
  },
  [sbe.OrderCancelReplaceRequestDecoder.TEMPLATE_ID]: (client) => {
    client.send(new sbe.OrderCancelReplaceRequestEncoder(), (message) => {
      message.marketId(1).orderId(orderId).price(480_000);
    });
  },
  [sbe.OrderCancelRequestDecoder.TEMPLATE_ID]: (client) => {
    client.send(new sbe.OrderCancelRequestEncoder(), (message) => {
      message.marketId(1).orderId(orderId);
    });
    client.send(new sbe.OrderCancelRequestEncoder(), (message) => {
      message.marketId(1).clOrdId(SECRET_NUMBER);
    });
  },
  [sbe.OrderMassActionRequestDecoder.TEMPLATE_ID]: (client) => {
    client.send(new sbe.OrderMassActionRequestEncoder(), (message) => message.marketId(1));
  },
  [sbe.MassQuoteDecoder.TEMPLATE_ID]: (client) => {
    client.send(new sbe.MassQuoteEncoder(), (message) => {
      message.quoteId(1).marketId(1);
      const entries = message.quoteEntriesCount(1);
      entries.next();
      entries.quoteEntryId(1).bidPrice(480_000).bidSize(10);
    });
  },
  [sbe.MarketMakerProtectionRequestDecoder.TEMPLATE_ID]: (client) => {
    client.send(new sbe.MarketMakerProtectionRequestEncoder(), (message) => {
      message.marketId(1).action(sbe.ProtectionAction.Set).window(1_000).countLimit(5);
    });
  },
  [sbe.OrderStatusRequestDecoder.TEMPLATE_ID]: (client) => {
    client.send(new sbe.OrderStatusRequestEncoder(), (message) => {
      message.marketId(1).clOrdId(SECRET_NUMBER);
    });
  },
  [sbe.PositionRequestDecoder.TEMPLATE_ID]: (client) => {
    client.send(new sbe.PositionRequestEncoder(), (message) => message.requestId(1));
  },
  [sbe.SecurityDefinitionRequestDecoder.TEMPLATE_ID]: (client) => {
    client.send(new sbe.SecurityDefinitionRequestEncoder(), (message) => message.marketId(1));
  },
  [sbe.MarketDataRequestDecoder.TEMPLATE_ID]: (client) => {
    client.send(new sbe.MarketDataRequestEncoder(), (message) => {
      message.marketId(1).action(sbe.SubscriptionAction.Subscribe);
    });
  },
};

async function binary(account: number) {
  const client = doors.fixpClient(account);
  await client.connect();
  return client;
}

describe('each message of the binary door', () => {
  it('is known to this test', () => {
    const fromClients = Object.values(sbe)
      .map((one) => (one as { TEMPLATE_ID?: number }).TEMPLATE_ID ?? 0)
      .filter((id) => id > 100 && id < 200);
    expect(Object.keys(BINARY).map(Number).sort()).toEqual([...new Set(fromClients)].sort());
  });

  it('ends a connection that has no session, and changes nothing', async () => {
    const [before, hash] = [ownersState(), stateHash(doors.core)];
    for (const send of Object.values(BINARY)) {
      for (const isNegotiated of [false, true]) {
        const client = await binary(2);
        if (isNegotiated) await client.negotiate();
        send(client);
        await client.until(() => client.ended, 'the connection has ended');
        expect(client.all(sbe.TerminateDecoder).map((message) => message.code())).toEqual([
          sbe.TerminationCode.UnexpectedMessage,
        ]);
      }
    }
    expect([ownersState(), stateHash(doors.core)]).toEqual([before, hash]);
  });

  it('shows and changes nothing of the owner to somebody else', async () => {
    const before = ownersState();
    const stranger = doors.fixpClient(2);
    await stranger.begin();
    for (const send of Object.values(BINARY)) send(stranger);
    stranger.send(new sbe.PositionRequestEncoder(), (message) => message.requestId(99));
    const isLast = (one: sbe.PositionReportDecoder) => one.requestId() === 99;
    await stranger.next(sbe.PositionReportDecoder, 0, isLast);
    const events = stranger.all(sbe.ExecutionReportCancelDecoder).map((one) => one.orderId());
    expect(events).not.toContain(orderId);
    const status = await stranger.next(sbe.ExecutionReportStatusDecoder);
    expect([status.hasOrderId(), status.status()]).toEqual([false, OrdStatus.Unknown]);
    expect(ownersState()).toEqual(before);
  });
});

/** Messages of the FIX door by type, each naming the owner's order where it can. */
const FIX: Record<string, () => Record<number, string | number>> = {
  [MSG.NewOrderSingle]: () => ({ ...fixOrder(), [TAG.ClOrdID]: 'x1' }),
  [MSG.OrderCancelRequest]: () => ({ ...fixTarget(), [TAG.ClOrdID]: 'x2' }),
  [MSG.OrderCancelReplaceRequest]: () => {
    return { ...fixTarget(), [TAG.ClOrdID]: 'x3', [TAG.OrderQty]: '0.020' };
  },
  [MSG.OrderStatusRequest]: () => ({
    [TAG.ClOrdID]: SECRET_NAME,
    [TAG.OrderID]: `1-${orderId}`,
    [TAG.Symbol]: 'BTC-PERP',
  }),
  [MSG.OrderMassStatusRequest]: () => ({ [TAG.MassStatusReqID]: 'm', [TAG.MassStatusReqType]: 7 }),
  [MSG.OrderMassCancelRequest]: () => ({ [TAG.ClOrdID]: 'x4', [TAG.MassCancelRequestType]: 7 }),
};
/** Of the session itself; and market data, which is anybody's who has a session. */
const OF_SESSION: readonly string[] = [
  MSG.Heartbeat,
  MSG.TestRequest,
  MSG.ResendRequest,
  MSG.Reject,
  MSG.SequenceReset,
  MSG.Logout,
  MSG.Logon,
  MSG.MarketDataRequest,
];
const fixOrder = () => ({
  [TAG.Symbol]: 'BTC-PERP',
  [TAG.Side]: 1,
  [TAG.OrdType]: 2,
  [TAG.OrderQty]: '0.010',
  [TAG.Price]: '48000',
});
const fixTarget = () => ({
  [TAG.OrigClOrdID]: SECRET_NAME,
  [TAG.OrderID]: `1-${orderId}`,
  [TAG.Symbol]: 'BTC-PERP',
});

describe('each message of the FIX door', () => {
  it('is known to this test', () => {
    const known = Object.values(MSG).filter(isKnownType).sort();
    expect([...Object.keys(FIX), ...OF_SESSION].sort()).toEqual(known);
  });

  it('opens nothing before a Logon, and changes nothing', async () => {
    const [before, hash] = [ownersState(), stateHash(doors.core)];
    for (const [type, fields] of Object.entries(FIX)) {
      const client = await FixClient.connect(doors.fixPort, doors.key(1).apiKey);
      client.send(type, fields());
      await client.closed();
      expectNothingOfTheOwner(client.received.map(shown).join('\n'));
    }
    expect([ownersState(), stateHash(doors.core)]).toEqual([before, hash]);
  });

  it('shows and changes nothing of the owner to somebody else, whatever account it names', async () => {
    const before = ownersState();
    const stranger = await doors.fixClient(2);
    for (const [type, fields] of Object.entries(FIX)) {
      stranger.send(type, fields());
      stranger.send(type, { ...fields(), [TAG.Account]: 1 });
    }
    stranger.send(MSG.TestRequest, { [TAG.TestReqID]: 'end' });
    await stranger.until((message) => message.get(TAG.TestReqID) === 'end');
    // What was asked for comes back with the words of the question, and no more.
    const told = stranger.received.filter((message) => {
      return message.get(TAG.ExecType) !== undefined && message.get(TAG.OrdStatus) !== '8';
    });
    expectNothingOfTheOwner(told.map(shown).join('\n'));
    expect(told.map((message) => message.get(TAG.OrderID))).not.toContain(`1-${orderId}`);
    expect(ownersState()).toEqual(before);
  });
});
