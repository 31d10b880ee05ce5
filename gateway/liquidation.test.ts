import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { candidatesMessage } from '../engine/messages/candidates.js';
import * as type from '../engine/messages/types.js';
import { createShardCore } from '../main/compose.js';
import { applyMarkets, applySeed, collectSeed } from '../main/exchange/shard-seed.js';
import { PlimsollClient } from '../sdk/client.js';
import type { ServerMessage } from '../sdk/codec.js';
import { auctionPrice } from '../sdk/liquidations.js';
import { keyPairLogin } from '../sdk/login.js';
import type { Gateway } from './gateway.js';
import { newCoreGateway } from './testing/core-gateway.js';
import { CorePort, ROOMY } from './testing/core-port.js';
import { newTrader, type Trader, until } from './testing/exchange.js';

const BTC = 'BTC-PERP';
const CHANNEL = 'liquidations.BTC-PERP';
const USD = 1_000_000;
const FIVE = { market: BTC, price: '50000', qty: '5' } as const;

describe.each(['json', 'msgpack'] as const)('liquidations over %s', (codec) => {
  let shard: ReturnType<typeof createShardCore>;
  let port: CorePort;
  let traders: Trader[];
  let gateways: Gateway[];
  let clients: PlimsollClient[];

  beforeEach(() => {
    shard = createShardCore();
    port = new CorePort(shard);
    gateways = [];
    clients = [];
    traders = [1, 2, 3].map(newTrader);
  });
  afterEach(async () => {
    await Promise.all(clients.map((client) => client.close()));
    await Promise.all(gateways.map((gateway) => gateway.close()));
  });

  async function listen(seeded: boolean, tickMs = 5): Promise<string> {
    const gateway = newCoreGateway(port, { tickMs });
    gateways.push(gateway);
    if (seeded) {
      const seed = collectSeed(shard, shard.epoch);
      gateway.seed.shard(0, seed.epochNow, seed.timeMs);
      applyMarkets(seed, 0, gateway.seed);
      applySeed(seed, 0, gateway.seed, () => undefined);
    }
    return `ws://127.0.0.1:${await gateway.listen()}/v1`;
  }

  async function client(url: string, account: number): Promise<PlimsollClient> {
    const { secretKey } = traders[account - 1] as Trader;
    const login = keyPairLogin(secretKey);
    const connected = await PlimsollClient.connect({ url, login, codec });
    clients.push(connected);
    await connected.subscribe('private');
    return connected;
  }

  function heard(from: PlimsollClient, ...types: string[]): ServerMessage[] {
    const messages: ServerMessage[] = [];
    for (const one of types) from.on(one, (message) => messages.push(message));
    return messages;
  }

  function mark(price: number): void {
    port.command(type.CMD_ORACLE_PRICE, 1, 1, { W_PRICE: price * 10, F_QTY: port.timeMs });
    port.flush();
  }

  /** The mark falls, and a sweep reports account 1. */
  function fall(price: number): void {
    mark(price);
    port.trySend(candidatesMessage([1]), 0, 2);
    port.flush();
  }

  function timer(afterMs: number): void {
    port.timeMs += afterMs;
    port.command(type.CMD_TIMER, 1, 0, {});
    port.flush();
  }

  function fund(microUsd: number): void {
    port.command(type.CMD_FUND_INSURANCE, 1, 1, { F_QTY: microUsd });
    port.flush();
  }

  /** Account 1 is long 5 BTC with 10,000 USD, from account 2: below 48,484.9 it is liquidated, at 48,000 nothing is left. */
  async function begin() {
    const url = await listen(false);
    port.open(1, ROOMY, 500_000);
    for (const { account, publicKey } of traders) port.fund(account, publicKey, 10_000 * USD);
    port.command(type.CMD_SET_LIQUIDATOR, 1, 0, { W_ACCOUNT: 3, W_FLAGS: 1 });
    port.flush();
    const [fallen, winner, bidder] = (await Promise.all(
      [1, 2, 3].map((account) => client(url, account)),
    )) as [PlimsollClient, PlimsollClient, PlimsollClient];
    await winner.place({ ...FIVE, side: 'sell' });
    await fallen.place({ ...FIVE, side: 'buy' });
    await bidder.subscribe(CHANNEL);
    return { url, fallen, winner, bidder };
  }

  it('are told by stage, and auctioned to whoever is registered, at the price of the moment', async () => {
    const { url, fallen, winner, bidder } = await begin();
    const stages = heard(fallen, 'liquidation', 'transfer');
    const bought = heard(bidder, 'transfer');
    const seen = heard(bidder, 'liquidations');
    fall(48_450);
    timer(0);
    timer(1_000);
    const { auctions } = bidder.liquidations(BTC);
    await until(() => auctions.size === 1, 'the auction is open');
    const startTime = port.timeMs;
    expect(auctions.get(1)).toEqual({
      auctionId: 1,
      side: 'buy',
      qty: '5.000',
      startTime,
      endTime: startTime + 10_000,
      maxDiscount: '0.050000',
      bankruptcyPrice: '48000.0',
    });
    port.timeMs += 1_000;
    expect(auctionPrice(auctions.get(1) as never, 48_450, port.timeMs)).toBeCloseTo(48_207.75);
    const wish = { market: BTC, auctionId: 1, qty: '2', price: '48200' } as const;
    await expect(bidder.takeOver(wish)).rejects.toMatchObject({
      code: 'auction_price_is_beyond_limit',
      message: 'the auction is at 48207.8, which is beyond the price 48200.0 of the take-over',
    });
    const ack = await bidder.takeOver({ ...wish, price: '48300' });
    expect(ack).toMatchObject({ result: 'takenOver', side: 'buy', price: '48207.8', qty: '2.000' });
    expect(ack).not.toHaveProperty('orderId');
    await until(() => bought.length === 1 && stages.length === 4, 'both sides know');
    expect(stages).toMatchObject([
      { type: 'liquidation', stage: 'begun', equity: '2250.000000' },
      { type: 'liquidation', stage: 'slices' },
      { type: 'liquidation', stage: 'auction', maintenanceMargin: '2422.500000' },
      { reason: 'take_over', side: 'sell', realizedPnl: '-3584.400000', position: '3.000' },
    ]);
    expect(stages[0]).not.toHaveProperty('market');
    expect(bought[0]).toMatchObject({
      market: BTC,
      reason: 'take_over',
      auctionId: 1,
      side: 'buy',
      qty: '2.000',
      price: '48207.8',
      position: '2.000',
      entryValue: '96415.6000',
      collateral: '10000.000000',
      accountSequence: ack.accountSequence,
    });
    expect(bidder.account.positions.get(BTC)?.position).toBe('2.000');
    expect(fallen.account.positions.get(BTC)?.position).toBe('3.000');
    expect(fallen.account.collateral).toBe('6415.600000');
    // A snapshot has what the events have told, and what is left of the auction.
    const again = await client(url, 1);
    const [told, shown] = [fallen, again].map(({ account }) => account.positions.get(BTC));
    expect(shown).toMatchObject(told as object);
    expect(again.account.collateral).toBe(fallen.account.collateral);
    await winner.subscribe(CHANNEL);
    // A snapshot is of the last tick, which may have ended before the take-over; what followed then comes with the next.
    const left = () => winner.liquidations(BTC).auctions.get(1)?.qty;
    await until(() => left() === '3.000', 'what is left of the auction is shown');
    expect([...winner.liquidations(BTC).auctions.values()]).toMatchObject([{ qty: '3.000' }]);
    await bidder.takeOver({ ...wish, side: 'buy', qty: '5', price: '48300' });
    await until(() => auctions.size === 0, 'nothing is left of it');
    expect(seen.flatMap((message) => message.auctions as unknown[])).toMatchObject([
      { event: 'opened', qty: '5.000' },
      { event: 'taken', qty: '3.000', takenQty: '2.000', price: '48207.8' },
      { event: 'taken', qty: '0.000', takenQty: '3.000', price: '48207.8' },
    ]);
  });

  it('are taken over by nobody else, and refused in words that name field, value and limit', async () => {
    const { fallen, winner, bidder } = await begin();
    const wish = { market: BTC, auctionId: 1, side: 'buy', qty: '1', price: '48300' } as const;
    const refused = (who: PlimsollClient, change: object) =>
      who.takeOver({ ...wish, ...change }).then(
        (ack) => ack.result,
        ({ code, message }) => `${code}: ${message}`,
      );
    expect(await refused(bidder, { side: undefined })).toBe(
      'auction_is_not_open: auction 1 is not open in BTC-PERP',
    );
    expect(await refused(bidder, {})).toBe(
      'auction_is_not_open: auction 1 with this side is not open in BTC-PERP',
    );
    fall(48_450);
    timer(0);
    timer(1_000);
    expect(await refused(winner, {})).toMatch(/^account_is_not_a_liquidator: account 2 is not/);
    expect(await refused(fallen, {})).toMatch(/^account_is_being_liquidated: the account is/);
    expect(await refused(bidder, { side: 'sell' })).toMatch(/^auction_is_not_open: auction 1 with/);
    expect(await refused(bidder, { qty: undefined })).toBe(
      'field_is_missing: qty must be present in takeOver',
    );
    expect(await refused(bidder, { auctionId: 0.5 })).toMatch(
      /^integer_must_be_within_limits: auc/,
    );
    expect(await refused(bidder, { price: '48300.05' })).toMatch(/^price_must_be_multiple_of_tick/);
    expect(await refused(bidder, { deadline: 1 })).toMatch(/^receive_window_has_passed/);
    const batch = await bidder.batch([{ op: 'takeOver', ...wish, price: '48500', qty: '0.1' }]);
    expect(batch).toMatchObject([{ status: 'fulfilled', value: { result: 'takenOver' } }]);
  });

  it('show fills of liquidation orders, what the fund pays, and deleveraging', async () => {
    const { url, fallen, winner, bidder } = await begin();
    const seen = heard(bidder, 'liquidations');
    const told = heard(fallen, 'liquidation', 'insurance', 'transfer');
    const closed = heard(winner, 'transfer');
    fund(400 * USD);
    await until(() => bidder.liquidations(BTC).insuranceFund === '400.000000', 'the fund is known');
    await bidder.place({ market: BTC, side: 'buy', price: '47900', qty: '1.25' });
    fall(47_900);
    // A slice has been bought, and three more find nobody.
    for (const afterMs of [0, 1_000, 1_000, 1_000, 1_000]) timer(afterMs);
    await until(() => closed.length === 1 && told.length === 5, 'the winner was deleveraged');
    const insurance = { type: 'insurance', market: BTC, reason: 'shortfall' };
    expect(told).toMatchObject([
      { stage: 'begun', equity: '-500.000000' },
      { stage: 'fund' },
      { ...insurance, payment: '-125.000000', collateral: '7500.000000' },
      { stage: 'deleveraging' },
      { type: 'transfer', reason: 'deleveraging', side: 'sell', qty: '3.750', position: '0.000' },
    ]);
    expect(closed[0]).toMatchObject({ reason: 'deleveraging', side: 'buy', price: '48000.0' });
    expect(closed[0]).not.toHaveProperty('auctionId');
    expect(winner.account.positions.get(BTC)?.position).toBe('-1.250');
    expect(fallen.account.collateral).toBe('0.000000');
    expect(shard.moneyDifferenceMicroUsd()).toBe(0n);
    await until(() => seen.some(({ deleveragings }) => (deleveragings as []).length > 0), 'public');
    await until(() => bidder.liquidations(BTC).insuranceFund === '275.000000', 'the fund has paid');
    expect(seen.flatMap((message) => message.fills as unknown[])).toEqual([
      { tradeId: 2, side: 'sell', price: '47900.0', qty: '1.250' },
    ]);
    expect(seen.flatMap((message) => message.deleveragings as unknown[])).toEqual([
      { side: 'sell', qty: '3.750', price: '48000.0' },
    ]);
    expect(bidder.liquidations(BTC).insuranceFund).toBe('275.000000');
    expect(gateways[0]?.insurance()).toEqual([
      { market: BTC, fundMicroUsd: 275 * USD, auctions: 0 },
    ]);
    expect(gateways[0]?.stats().liquidations).toBe(1);
    timer(1_000);
    expect(gateways[0]?.stats().liquidations).toBe(0);
    // What a resume tells is what was told live.
    const later = await PlimsollClient.connect({
      url,
      login: keyPairLogin((traders[0] as Trader).secretKey),
      codec,
    });
    clients.push(later);
    const resumed = heard(later, 'liquidation', 'insurance', 'transfer');
    await later.request('subscribe', { channel: 'private', epoch: 1, sequence: 0 });
    await until(() => resumed.length === told.length, 'all came again');
    expect(resumed).toEqual(told);
  });

  it('tell registered liquidators what may be auctioned, and nobody else', async () => {
    const { winner, bidder } = await begin();
    const channel = 'positionsAtRisk';
    await expect(winner.subscribe(channel)).rejects.toMatchObject({
      code: 'account_is_not_a_liquidator',
      message: 'channel positionsAtRisk needs a login as a registered liquidator',
    });
    const seen = heard(bidder, 'positionsAtRiskSnapshot', 'positionsAtRisk');
    const rows = () => seen.map(({ positions }) => positions);
    await bidder.subscribe(channel);
    await until(() => seen.length === 1, 'a snapshot has come');
    fall(48_450);
    await until(() => seen.length === 2, 'the account is being liquidated');
    const late = await client(await listen(true), 3);
    const lateRows: unknown[] = [];
    for (const one of ['positionsAtRiskSnapshot', 'positionsAtRisk']) {
      late.on(one, ({ positions }) => lateRows.push(...positions));
    }
    await late.subscribe(channel);
    await until(() => lateRows.length > 0, 'a gateway that starts later knows it too');
    expect(lateRows).toEqual([{ id: 1, market: BTC, side: 'buy', qty: '5.000' }]);
    expect(rows()).toEqual([[], [{ id: 1, market: BTC, side: 'buy', qty: '5.000' }]]);
  });

  it('are in the snapshot of whoever subscribes before a new gateway has ticked once by its clock', async () => {
    await begin();
    fall(48_450);
    const early = await client(await listen(true, 60_000), 3);
    const snapshots = heard(early, 'positionsAtRiskSnapshot');
    await early.subscribe('positionsAtRisk');
    await until(() => snapshots.length === 1, 'a snapshot has come');
    expect(snapshots[0]).toMatchObject({
      epoch: 1,
      positions: [{ id: 1, market: BTC, side: 'buy', qty: '5.000' }],
    });
  });

  it('end what a liquidator is told when it is none any more', async () => {
    const { bidder } = await begin();
    const seen = heard(bidder, 'positionsAtRiskSnapshot', 'positionsAtRisk', 'notice');
    await bidder.subscribe('positionsAtRisk');
    fall(48_450);
    timer(0);
    timer(1_000);
    port.timeMs += 1_000;
    await until(() => seen.length >= 2, 'it was told');
    await bidder.takeOver({ market: BTC, auctionId: 1, qty: '2', price: '48300' });
    await until(() => seen.length >= 3, 'it was told');
    await bidder.takeOver({ market: BTC, auctionId: 1, qty: '3', price: '48300' });
    await until(() => seen.length >= 4, 'it was told');
    expect(seen.map(({ positions }) => positions)).toEqual([
      [],
      [{ id: 1, market: BTC, side: 'buy', qty: '5.000' }],
      [{ id: 1, market: BTC, side: 'buy', qty: '3.000' }],
      [{ id: 1, market: BTC, side: 'buy', qty: '0.000' }],
    ]);
    port.command(type.CMD_SET_LIQUIDATOR, 1, 0, { W_ACCOUNT: 3, W_FLAGS: 0 });
    port.flush();
    await until(() => seen.length === 5, 'it was dismissed');
    expect(seen[4]).toMatchObject({ code: 'account_is_not_a_liquidator' });
    await expect(bidder.unsubscribe('positionsAtRisk')).rejects.toMatchObject({
      code: 'not_subscribed',
    });
  });

  it('keep a liquidator from nothing else when it is none any more as it comes back', async () => {
    const { bidder } = await begin();
    const resumed: unknown[] = [];
    bidder.on('resumed', (channel) => resumed.push(channel));
    await bidder.subscribe('positionsAtRisk');
    bidder.drop();
    port.command(type.CMD_SET_LIQUIDATOR, 1, 0, { W_ACCOUNT: 3, W_FLAGS: 0 });
    port.flush();
    await until(() => resumed.length === 2, 'the other channels are back');
    expect(resumed).toEqual(expect.arrayContaining(['private', CHANNEL]));
    expect(bidder.connected).toBe(true);
    await bidder.place({ market: BTC, side: 'buy', price: '47000', qty: '0.01' });
  });

  it('resume on the public channel, and are known to a gateway that starts later', async () => {
    const { bidder } = await begin();
    const resumes: unknown[] = [];
    bidder.on('resumed', (channel, complete) => resumes.push([channel, complete]));
    fund(7 * USD);
    await until(() => bidder.liquidations(BTC).insuranceFund === '7.000000', 'the fund is known');
    bidder.drop();
    fall(48_450);
    timer(0);
    timer(1_000);
    await until(() => bidder.liquidations(BTC).auctions.size === 1, 'nothing was missed');
    await until(() => resumes.length === 2, 'both channels are back');
    expect(resumes).toContainEqual([CHANNEL, true]);
    const late = await client(await listen(true), 3);
    await late.subscribe(CHANNEL);
    await until(() => late.liquidations(BTC).auctions.size === 1, 'the auction is still open');
    expect(late.liquidations(BTC)).toEqual(bidder.liquidations(BTC));
    expect(gateways[1]?.stats().liquidations).toBe(1);
    const wish = { market: BTC, auctionId: 1, qty: '1', price: '48450' };
    expect(await late.takeOver(wish)).toMatchObject({ result: 'takenOver', side: 'buy' });
  });
});
