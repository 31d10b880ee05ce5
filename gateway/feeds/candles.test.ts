import { afterEach, describe, expect, it, vi } from 'vitest';
import { PlimsollClient } from '../../sdk/client.js';
import type { ServerMessage } from '../../sdk/codec.js';
import { INTERVALS_MS } from '../history/intervals.js';
import { removeScratch } from '../history/testing/scratch.js';
import { CANDLE_INTERVALS } from '../protocol/names.js';
import { RestExchange } from '../rest/testing/rest-exchange.js';
import { until } from '../testing/exchange.js';

vi.setConfig({ testTimeout: 240_000 });
let exchange: RestExchange;
const clients: PlimsollClient[] = [];
afterEach(async () => {
  await Promise.all(clients.splice(0).map((client) => client.close()));
  await exchange.close();
  removeScratch();
});

type Row = [number, string, string, string, string, string, string, number];

/** What a client makes of the channel: rows by their start, where the later one counts. */
class CandleView {
  readonly rows = new Map<number, Row>();
  sequence = 0;
  epoch = 0;
  snapshots = 0;
  broken: string[] = [];

  take(message: ServerMessage): void {
    const { type, epoch, sequence, previousSequence, candles } = message as ServerMessage & {
      candles: Row[];
    };
    if (type === 'candlesSnapshot') {
      this.snapshots++;
      this.rows.clear();
    } else if (previousSequence !== this.sequence || epoch !== this.epoch) {
      this.broken.push(`${previousSequence} does not follow ${this.sequence}`);
    }
    this.sequence = sequence as number;
    this.epoch = epoch as number;
    for (const row of candles) this.rows.set(row[0], row);
  }
}

async function connect(codec: 'json' | 'msgpack'): Promise<PlimsollClient> {
  const url = `${exchange.url.replace('http', 'ws')}/v1`;
  const client = await PlimsollClient.connect({ url, codec, reconnectDelayMinMs: 1 });
  clients.push(client);
  return client;
}

async function follow(client: PlimsollClient, channel: string): Promise<CandleView> {
  const view = new CandleView();
  client.setMaxListeners(100);
  const hear = (message: ServerMessage) => {
    if (`candles.${message.market}.${message.interval}` === channel) view.take(message);
  };
  client.on('candlesSnapshot', hear);
  client.on('candles', hear);
  await client.subscribe(channel);
  return view;
}

/** The candles of REST with a trade in them, as rows of the channel. */
async function restRows(market: string, interval: string): Promise<Row[]> {
  const query = `market=${market}&interval=${interval}&limit=1000`;
  const { body } = await exchange.get(`/v1/candles?${query}`);
  const rows = body.data.map((candle: object) => Object.values(candle)) as Row[];
  return rows.filter((row) => row[7] > 0).reverse();
}

describe('a candles channel', () => {
  it.each(['json', 'msgpack'] as const)(
    'in %s gives the candles of REST, live and from a snapshot',
    async (codec) => {
      exchange = await RestExchange.open(3);
      exchange.trade(200);
      const client = await connect(codec);
      const views = new Map<string, CandleView>();
      for (const market of exchange.markets) {
        for (const interval of CANDLE_INTERVALS) {
          const channel = `candles.${market}.${interval}`;
          views.set(channel, await follow(client, channel));
        }
      }
      for (let i = 0; i < 20; i++) {
        exchange.trade(15);
        if (i % 4 === 0) await new Promise((resolve) => setTimeout(resolve, 12));
      }
      const last = new Map<string, number>();
      for (const market of exchange.markets) {
        const { body } = await exchange.get(`/v1/trades?market=${market}&limit=1`);
        last.set(market, body.data[0]?.tradeId ?? 0);
      }
      let compared = 0;
      for (const [channel, view] of views) {
        const [, market = '', interval = ''] = channel.split('.');
        await until(() => view.sequence === last.get(market), `${channel} came to the last trade`);
        const expected = await restRows(market, interval);
        const latest = [...view.rows.values()].slice(-expected.length);
        expect(latest, channel).toEqual(expected.slice(-latest.length));
        expect(view.broken).toEqual([]);
        compared += latest.length;
        const fresh = await connect(codec);
        const again = await follow(fresh, channel);
        await until(() => again.snapshots === 1, 'a snapshot came');
        const shown = [...again.rows.values()];
        expect(shown).toEqual([...view.rows.values()].slice(-shown.length));
        await fresh.close();
      }
      expect(compared).toBeGreaterThan(100);
      const lengths = INTERVALS_MS.map((ms) => ms / 1_000);
      expect(lengths).toEqual([1, 60, 300, 900, 3_600, 14_400, 86_400]);
    },
  );

  it('goes on from where a client was, and says nothing twice', async () => {
    exchange = await RestExchange.open(4);
    exchange.trade(250);
    const [market = ''] = exchange.markets;
    const channel = `candles.${market}.1m`;
    const client = await connect('json');
    const view = await follow(client, channel);
    exchange.trade(60);
    await until(() => view.snapshots === 1 && view.sequence > 0, 'it has begun');
    // An open history is told again from its newest candles, as after the feeding thread was replaced.
    exchange.gateway.sawCandles(exchange.history?.store.newestCandles(200) ?? []);
    await new Promise((resolve) => setTimeout(resolve, 30));
    const seen = { epoch: view.epoch, sequence: view.sequence };
    await client.close();
    const lastTrade = async () => {
      const { body } = await exchange.get(`/v1/trades?market=${market}&limit=1`);
      return body.data[0].tradeId as number;
    };
    while ((await lastTrade()) < seen.sequence + 5) exchange.trade(50);
    const back = await connect('json');
    const missed: ServerMessage[] = [];
    back.on('candles', (message) => missed.push(message));
    await new Promise((resolve) => setTimeout(resolve, 30));
    const { data } = await back.request('subscribe', { channel, ...seen });
    expect(data).toMatchObject({ resumed: true });
    const last = await lastTrade();
    await until(() => missed.at(-1)?.sequence === last, 'all that was missed came');
    for (const message of missed) view.take(message);
    expect(view.broken).toEqual([]);
    expect([...view.rows.values()].slice(-5)).toEqual((await restRows(market, '1m')).slice(-5));
  });
});
