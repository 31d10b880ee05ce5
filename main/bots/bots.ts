import type { PlimsollClient } from '../../sdk/client.js';
import type { Config } from '../config/config.js';
import type { Exchange } from '../exchange/exchange.js';
import { connectBot } from './bot-client.js';
import { MarketMaker } from './market-maker.js';
import { Taker } from './taker.js';

/** A market maker for each market and one taker for all, so that a newcomer sees a living book. */
export class Bots {
  private readonly clients: PlimsollClient[] = [];
  private readonly running: { stop(): void }[] = [];

  /** They come in through the public door, like everybody. */
  static async start(exchange: Exchange, config: Config): Promise<Bots> {
    const bots = new Bots();
    const host = config.host === '0.0.0.0' ? '127.0.0.1' : config.host;
    const url = `ws://${host}:${exchange.port}/v1`;
    const symbols = config.markets.map(({ params }) => params.symbol);
    try {
      for (const symbol of symbols) {
        const client = await connectBot(exchange, url, config.venue, `maker:${symbol}`);
        bots.clients.push(client);
        const instrument = client.instruments.find(({ market }) => market === symbol);
        if (instrument === undefined) continue;
        const maker = new MarketMaker(client, instrument);
        bots.running.push(maker);
        await maker.start();
      }
      const client = await connectBot(exchange, url, config.venue, 'taker');
      bots.clients.push(client);
      const traded = client.instruments.filter(({ market }) => symbols.includes(market));
      const taker = new Taker(client, traded);
      bots.running.push(taker);
      await taker.start();
      return bots;
    } catch (error) {
      await bots.stop();
      throw error;
    }
  }

  async stop(): Promise<void> {
    for (const bot of this.running) bot.stop();
    await Promise.all(this.clients.map((client) => client.close()));
  }
}
