import type { PlimsollClient } from '../../sdk/client.js';
import { LiquidatorBot } from '../../sdk/examples/liquidator-bot.js';
import type { Config } from '../config/config.js';
import { ownHostInUrl } from '../config/hosts.js';
import type { Exchange } from '../exchange/exchange.js';
import { connectBot } from './bot-client.js';
import { MarketMaker } from './market-maker.js';
import { Taker } from './taker.js';

const AGAIN_MS = 5_000;

/**
 * A market maker for each market, one taker and one liquidator for all, so that a newcomer sees a living book. They come in through the
 * public door, like everybody; when that has no room for them, or the exchange takes no orders, they try again: an exchange never ends
 * because of them.
 */
export class Bots {
  private readonly exchange: Exchange;
  private readonly config: Config;
  private readonly url: string;
  private clients: PlimsollClient[] = [];
  private running: { stop(): void | Promise<void> }[] = [];
  private stopped = false;
  private attempt: Promise<void> = Promise.resolve();
  private again: NodeJS.Timeout | null = null;

  constructor(exchange: Exchange, config: Config) {
    this.exchange = exchange;
    this.config = config;
    this.url = `ws://${ownHostInUrl(config.host)}:${exchange.port}/v1`;
  }

  /** Resolves when they trade, or have found that they cannot yet. */
  start(): Promise<void> {
    this.attempt = this.begin();
    return this.attempt;
  }

  async stop(): Promise<void> {
    this.stopped = true;
    if (this.again !== null) clearTimeout(this.again);
    await this.attempt;
    await this.end();
  }

  private async begin(): Promise<void> {
    try {
      await this.comeIn();
    } catch (error) {
      await this.end();
      if (this.stopped) return;
      const { message } = error as Error;
      const sentence = `the bots cannot begin: ${message}; they try again in ${AGAIN_MS / 1_000} s`;
      this.exchange.log.warn({ err: error }, sentence);
      this.again = setTimeout(() => void this.start(), AGAIN_MS);
    }
  }

  private async comeIn(): Promise<void> {
    const symbols = this.config.markets.map(({ params }) => params.symbol);
    for (const symbol of symbols) {
      const client = await this.connect(`maker:${symbol}`);
      const instrument = client.instruments.find(({ market }) => market === symbol);
      if (instrument === undefined) continue;
      await this.run(new MarketMaker(client, instrument));
    }
    const client = await this.connect('taker');
    const traded = client.instruments.filter(({ market }) => symbols.includes(market));
    await this.run(new Taker(client, traded));
    await this.addLiquidator(symbols);
  }

  private async addLiquidator(markets: readonly string[]): Promise<void> {
    const client = await this.connect('liquidator');
    await this.exchange.operator.setLiquidator(client.accountId, true);
    const say = (sentence: string) => this.exchange.log.info({ bot: 'liquidator' }, sentence);
    await this.run(new LiquidatorBot(client, { markets, say }));
    say('the liquidator waits for auctions');
  }

  private async connect(name: string): Promise<PlimsollClient> {
    const client = await connectBot(this.exchange, this.url, this.config.venue, name);
    this.clients.push(client);
    return client;
  }

  private async run(bot: { start(): Promise<void>; stop(): void | Promise<void> }): Promise<void> {
    this.running.push(bot);
    await bot.start();
  }

  private async end(): Promise<void> {
    const { clients, running } = this;
    this.clients = [];
    this.running = [];
    await Promise.all(running.map((bot) => bot.stop()));
    await Promise.all(clients.map((client) => client.close()));
  }
}
