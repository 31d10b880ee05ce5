import type { PlimsollClient } from '../../sdk/client.js';
import { LiquidatorBot } from '../../sdk/examples/liquidator-bot.js';
import type { Config } from '../config/config.js';
import type { Exchange } from '../exchange/exchange.js';
import { connectBot } from './bot-client.js';
import { MarketMaker } from './market-maker.js';
import { Taker } from './taker.js';

/** A market maker for each market, one taker and one liquidator for all, so that a newcomer sees a living book. */
export class Bots {
  private readonly clients: PlimsollClient[] = [];
  private readonly running: { stop(): void | Promise<void> }[] = [];

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
      await bots.addLiquidator(exchange, url, config.venue, symbols);
      return bots;
    } catch (error) {
      await bots.stop();
      throw error;
    }
  }

  private async addLiquidator(
    exchange: Exchange,
    url: string,
    venue: string,
    markets: readonly string[],
  ): Promise<void> {
    const client = await connectBot(exchange, url, venue, 'liquidator');
    this.clients.push(client);
    await exchange.operator.setLiquidator(client.accountId, true);
    const say = (sentence: string) => exchange.log.info({ bot: 'liquidator' }, sentence);
    const liquidator = new LiquidatorBot(client, { markets, say });
    this.running.push(liquidator);
    await liquidator.start();
    say('the liquidator waits for auctions');
  }

  async stop(): Promise<void> {
    await Promise.all(this.running.map((bot) => bot.stop()));
    await Promise.all(this.clients.map((client) => client.close()));
  }
}
