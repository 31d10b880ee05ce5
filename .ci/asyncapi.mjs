/**
 * Compares the native WebSocket with its AsyncAPI document: a running exchange is driven through everything that its clients can ask for
 * and be told, in JSON and in msgpack, and every frame of either side is judged by the document's own JSON schemas. The document itself
 * is judged by the schema that the AsyncAPI initiative publishes, which npm brings.
 *
 *   node .ci/asyncapi.mjs
 */
import { spawnSync } from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import Ajv from 'ajv';
import { unpack } from 'msgpackr';
import WebSocket from 'ws';
import { MESSAGES } from '../dist/gateway/protocol/messages.js';
import { REQUESTS } from '../dist/gateway/protocol/requests.js';
import { PlimsollClient } from '../dist/sdk/client.js';
import { apiKeyLogin } from '../dist/sdk/login.js';
import { check, eventually, finish, must, same, startExchange } from './exchange.mjs';

// The published schema has draft 07 of JSON Schema in it, and formats that are no concern here.
const LOOSE = { strict: false, validateFormats: false, logger: false };
const SPECS = '@asyncapi/specs@6.8.1';
const BTC = 'BTC-PERP';
const ETH = 'ETH-PERP';
const EIGHT_HOURS_MS = 8 * 3_600_000;
const BY_CODE = {
  said: new Map(Object.values(MESSAGES).map(({ code, name }) => [code, name])),
  asked: new Map(Object.values(REQUESTS).map(({ code, name }) => [code, name])),
};
const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'plimsoll-asyncapi-'));
/** Frames by form, side and name. */
const frames = new Map();

function record(socket, who, data) {
  const form = socket.protocol === 'plimsoll.json' ? 'json' : 'msgpack';
  const frame = form === 'json' ? JSON.parse(data.toString()) : unpack(data);
  const named = who === 'said' ? frame.type : frame.op;
  const name = form === 'json' ? named : BY_CODE[who].get(frame[0]);
  const key = `${form}.${who}.${name}`;
  frames.set(key, [...(frames.get(key) ?? []), frame]);
}

/** Whatever goes over any socket of this process is looked at. */
function listen() {
  const { emit, send } = WebSocket.prototype;
  WebSocket.prototype.send = function (data, ...rest) {
    record(this, 'asked', data);
    return send.call(this, data, ...rest);
  };
  WebSocket.prototype.emit = function (event, ...rest) {
    if (event === 'message') record(this, 'said', rest[0]);
    return emit.call(this, event, ...rest);
  };
}

class Drive {
  clients = [];

  constructor(exchange, form) {
    this.exchange = exchange;
    this.form = form;
  }

  admin(name, body) {
    return this.exchange.admin(name, body);
  }

  pass(advanceMs) {
    return this.admin('clock', { advanceMs });
  }

  price(market, index) {
    return this.admin('prices', { market, index });
  }

  async trader(amount) {
    const key = await this.admin('accounts', {});
    await this.admin('deposits', { accountId: key.accountId, amount });
    const client = await this.connect(key);
    await client.subscribe('private');
    return { ...key, client };
  }

  async connect({ apiKey, apiSecret }) {
    const login = apiKeyLogin(apiKey, apiSecret);
    const url = `ws://127.0.0.1:${this.exchange.port}/v1`;
    const client = await PlimsollClient.connect({ url, login, codec: this.form, reconnect: false });
    this.clients.push(client);
    return client;
  }
}

async function refused(promise) {
  await promise.then(
    () => must(false, 'a request must be refused'),
    () => {},
  );
}

/** What a gateway answers by itself. */
async function questions(drive, { accountId, client }) {
  await drive.admin('deposits', { accountId, amount: '1' });
  for (const op of ['ping', 'time', 'challenge', 'instruments', 'positions', 'keys']) {
    await client.request(op, {});
  }
  const { apiKey } = await client.createKey({ permissions: ['read'], addresses: ['127.0.0.1'] });
  await client.keys();
  await client.revokeKey(apiKey);
  await client.request('setCancelOnDisconnect', { enabled: false });
  await client.subscribe('marketState');
  await client.unsubscribe('marketState');
  await refused(client.place({ market: BTC, side: 'buy', qty: '0.0000001', price: '1' }));
  await drive.admin(`markets/SOL-PERP/state`, { state: 'cancel_only' });
}

const ORDER = { market: BTC, side: 'buy', price: '99000', qty: '0.010' };

/** Every request that becomes a command, and the events that they set off. */
async function orders(drive, trader, maker) {
  const { client } = trader;
  await client.place({
    ...ORDER,
    clientOrderId: 'a',
    postOnly: 'reject',
    selfTradePrevention: 'none',
  });
  await client.amend({ market: BTC, clientOrderId: 'a', qty: '0.02' });
  await client.replace({ ...ORDER, targetClientOrderId: 'a', clientOrderId: 'b', price: '99100' });
  await client.cancel({ market: BTC, clientOrderId: 'b' });
  await refused(client.place({ ...ORDER, qty: '900', clientOrderId: 'poor' }));
  for (const clientOrderId of ['b', 'poor', 'never']) {
    await client.orderStatus({ market: BTC, clientOrderId });
  }
  await client.batch([
    { op: 'place', ...ORDER, timeInForce: 'gtd', expiresAt: (await client.time()) + 500 },
    { op: 'cancelAll', market: BTC, side: 'sell' },
  ]);
  await drive.pass(1_000);
  await client.setLeverage({ market: BTC, leverage: 5 });
  const stop = { market: BTC, side: 'sell', qty: '0.010', reduceOnly: true };
  await client.place({
    ...stop,
    orderType: 'stop_market',
    triggerPrice: '90000',
    clientOrderId: 7,
  });
  await client.place({ ...stop, orderType: 'trailing_stop_market', trailingRate: '0.05' });
  await client.place({ ...ORDER, takeProfitPrice: '120000', stopLossPrice: '80000' });
  await client.placeScaled({ ...ORDER, lastPrice: '98000', qty: '0.050', count: 5 });
  await maker.client.place({ market: BTC, side: 'sell', price: '100010', qty: '1' });
  await client.placeTwap({ ...ORDER, price: '101000', qty: '0.020', duration: 60_000, slices: 4 });
  await client.setMarginMode({ market: ETH, marginMode: 'isolated' });
  await maker.client.place({ market: ETH, side: 'sell', price: '3500', qty: '1' });
  await client.place({ market: ETH, side: 'buy', price: '3500', qty: '1' });
  await client.moveMargin({ market: ETH, amount: '10' });
  const { accountId } = await client.createSubAccount(1);
  await client.createSubAccount(1);
  const moved = { to: accountId, amount: '10', idempotencyKey: 'ten' };
  await client.transfer(moved);
  await client.transfer(moved);
  await refused(client.transfer({ to: 999_999, amount: '10' }));
  await client.subAccounts();
  await drive.pass(30_000);
  // Somebody who comes now gets all of it in a snapshot.
  await (await drive.connect(trader)).subscribe('private');
  await drive.pass(40_000);
  await client.cancelAllAfter(1_000);
  await drive.pass(2_000);
  await client.cancelAll();
  await maker.client.cancelAll();
}

/** Down the ladder: slices, an auction that a liquidator takes from, and the fund for what is left. */
async function liquidation(drive, maker) {
  const debtor = await drive.trader('3000');
  const liquidator = await drive.trader('50000');
  await drive.admin('liquidators', { accountId: liquidator.accountId, enabled: true });
  await maker.client.place({ market: BTC, side: 'sell', price: '100000', qty: '1' });
  await debtor.client.place({ market: BTC, side: 'buy', price: '100000', qty: '1' });
  await liquidator.client.subscribe('positionsAtRisk');
  await drive.price(BTC, '98000');
  await drive.pass(1_200);
  const auctions = () => [...maker.client.liquidations(BTC).auctions.values()];
  const [auction] = await eventually(auctions, (all) => all.length === 1, 'an auction must open');
  const { auctionId } = auction;
  const wish = { market: BTC, auctionId, side: 'buy', qty: '0.2', price: '98000' };
  await liquidator.client.takeOver(wish);
  await maker.client.place({ market: BTC, side: 'buy', price: '96400', qty: '1' });
  await drive.price(BTC, '96500');
  await drive.pass(30_000);
  await drive.admin('liquidators', { accountId: liquidator.accountId, enabled: false });
}

const CHANNELS = [
  'marketState',
  ...['book', 'orders', 'bbo', 'trades', 'mark', 'liquidations'].map((name) => `${name}.${BTC}`),
  `book.${BTC}.10.100ms`,
  `candles.${BTC}.1m`,
];

/** `kinds`: of frames, that the document has. */
async function driveAll(form, kinds) {
  const exchange = await startExchange(path.join(folder, form), 'inline', 'manual');
  const drive = new Drive(exchange, form);
  try {
    await drive.price(BTC, '100000');
    await drive.price(ETH, '3500');
    const maker = await drive.trader('1000000');
    for (const channel of CHANNELS) await maker.client.subscribe(channel);
    const trader = await drive.trader('20000');
    await questions(drive, trader);
    await orders(drive, trader, maker);
    await drive.pass(EIGHT_HOURS_MS);
    await drive.price(BTC, '100000');
    await liquidation(drive, maker);
    // Public data is collected for a while, and candles come from the history.
    const isOfForm = (kind) => kind.startsWith(`${form}.`);
    const missing = () => kinds.filter((kind) => isOfForm(kind) && !frames.has(kind));
    await eventually(missing, ({ length }) => length === 0, 'every kind of frame must come');
    for (const client of drive.clients) await client.close();
  } finally {
    await exchange.stop();
  }
  return exchange;
}

async function fetchDocument() {
  const exchange = await startExchange(path.join(folder, 'document'), 'inline', 'manual');
  try {
    return await (await fetch(`http://127.0.0.1:${exchange.port}/v1/asyncapi.json`)).json();
  } finally {
    await exchange.stop();
  }
}

function publishedSchema() {
  const args = ['install', '--prefix', folder, '--no-save', '--ignore-scripts', SPECS];
  const done = spawnSync('npm', args, { encoding: 'utf8' });
  must(done.status === 0, `npm could not install ${SPECS}: ${done.stderr}`);
  const file = path.join(folder, 'node_modules/@asyncapi/specs/schemas/3.0.0.json');
  return JSON.parse(fs.readFileSync(file, 'utf8'));
}

/** A copy that is wrong: without its first required field, or, of an array, with another code. */
function damaged(frame) {
  if (Array.isArray(frame)) return [999, ...frame.slice(1)];
  const { type, op, ...rest } = frame;
  return { ...rest, ...(type === undefined ? { op: `${op}!` } : { type: `${type}!` }) };
}

listen();
try {
  const document = await fetchDocument();
  await check('the document is the one in the repository', () => {
    const file = fs.readFileSync('gateway/asyncapi/asyncapi.json', 'utf8');
    same(JSON.parse(file), document, 'the document of the server');
  });
  await check('the document is valid AsyncAPI 3.0', () => {
    const judge = new Ajv({ ...LOOSE, meta: false, validateSchema: false });
    const validate = judge.compile(publishedSchema());
    must(validate(document), JSON.stringify(validate.errors?.slice(0, 5)));
    must(!validate({ ...document, channels: 1 }), 'a wrong document must be found to be one');
  });
  for (const form of ['json', 'msgpack']) {
    const drive = () => driveAll(form, Object.keys(document.components.messages));
    await check(`an exchange was driven through everything in ${form}`, drive);
  }
  const ajv = new Ajv({ strict: false });
  ajv.addSchema(document, 'document');
  for (const key of Object.keys(document.components.messages)) {
    await check(`${key}: ${frames.get(key)?.length ?? 0} frames`, () => {
      const validate = ajv.compile({ $ref: `document#/components/messages/${key}/payload` });
      const seen = frames.get(key) ?? [];
      must(seen.length > 0, 'there must be such a frame');
      for (const frame of seen) {
        const isValid = validate(frame);
        must(isValid, `${JSON.stringify(frame)} ${JSON.stringify(validate.errors)}`);
        must(!validate(damaged(frame)), `a damaged ${JSON.stringify(frame)} must be refused`);
      }
    });
  }
  await check('no frame is of a kind that the document does not have', () => {
    const unknown = [...frames.keys()].filter((key) => !(key in document.components.messages));
    same(unknown, [], 'unknown kinds');
  });
} finally {
  fs.rmSync(folder, { recursive: true, force: true });
}
finish();
