import { setTimeout as sleep } from 'node:timers/promises';
import type { Xorshift } from '../../../engine/testing/xorshift.js';
import { PlimsollClient } from '../../../sdk/client.js';
import { keyPairLogin } from '../../../sdk/login.js';
import type { NewOrder } from '../../../sdk/requests.js';
import { ChainWallet, type WithdrawalBody } from './chain-wallet.js';
import { eventually } from './eventually.js';
import type { Facts, SettlingExchange } from './settling-exchange.js';

/** What everything is at the moment: the exchange is another one after each of its kills. */
export interface DrillPlace {
  exchange: SettlingExchange;
  /** As they were last heard of. */
  facts: Facts;
  isPaused: boolean;
}

/** Markets that are traded, with the ticks around which. */
const MARKETS = [
  { market: 'BTC-PERP', middleTicks: 1_000_000, decimals: 1, lotSize: 0.001, lotDecimals: 3 },
  { market: 'ETH-PERP', middleTicks: 350_000, decimals: 2, lotSize: 0.01, lotDecimals: 3 },
  { market: 'SOL-PERP', middleTicks: 180_000, decimals: 3, lotSize: 0.1, lotDecimals: 1 },
];
const ENDED = ['completed', 'refused', 'givenBack'];
const WITHIN_MS = 300_000;
const LANES = 4;
const BETWEEN_ORDERS_MS = 5;
const BETWEEN_PAYMENTS_MS = 200;
/** A micro-dollar more or less each time, so that no sum is round by chance. */
const PAYMENT_MICRO_USD_MAX = 50_000_000;

/** An account with a key of Solana that trades, pays in and takes out, and knows to the micro-dollar what must have come of it. */
export class DrillTrader {
  readonly wallet = new ChainWallet();
  accountId = 0;
  /** Of transactions that the chain has executed. */
  depositedMicroUsd = 0n;
  deposits = 0;
  /** Of withdrawals that the door calls completed. */
  withdrawnMicroUsd = 0n;
  withdrawals = 0;
  refusals = 0;
  orders = 0;
  private readonly place: DrillPlace;
  private readonly random: Xorshift;
  private nonce = 0;

  constructor(place: DrillPlace, random: Xorshift) {
    this.place = place;
    this.random = random;
  }

  /** Until the place is paused; then with the end of what is under way. */
  async run(): Promise<void> {
    await Promise.all([this.trade(), this.payIn(), this.takeOut()]);
  }

  async deposit(amountMicroUsd: bigint): Promise<void> {
    const { accountId } = this;
    const signature = await this.wallet.deposit(() => this.facts(), accountId, amountMicroUsd);
    if (signature === null) return;
    this.depositedMicroUsd += amountMicroUsd;
    this.deposits++;
  }

  private async payIn(): Promise<void> {
    while (!this.place.isPaused) {
      await this.deposit(this.amount());
      await sleep(this.random.below(BETWEEN_PAYMENTS_MS));
    }
  }

  private async takeOut(): Promise<void> {
    while (!this.place.isPaused) {
      await this.withdraw(this.amount());
      await sleep(this.random.below(BETWEEN_PAYMENTS_MS));
    }
  }

  private async withdraw(amountMicroUsd: bigint): Promise<void> {
    const { accountId } = this;
    const nonce = ++this.nonce;
    const body = this.wallet.withdrawal(this.place.facts, { accountId, nonce, amountMicroUsd });
    const id = await eventually(`an answer to nonce ${nonce}`, () => this.ask(body), WITHIN_MS);
    const state = await eventually(`the end of ${id}`, () => this.endOf(id), WITHIN_MS);
    if (state === 'completed') {
      this.withdrawnMicroUsd += amountMicroUsd;
      this.withdrawals++;
    } else this.refusals++;
  }

  /** The same request again and again, until it is answered. */
  private async ask(body: WithdrawalBody): Promise<number> {
    const answer = await this.place.exchange.custody('POST', '/v1/withdrawals', body);
    if (answer.status === 200) return answer.body.id as number;
    throw new Error(JSON.stringify(answer));
  }

  private async endOf(id: number): Promise<string | null> {
    const { body } = await this.place.exchange.custody('GET', `/v1/withdrawals/${id}`);
    if (ENDED.includes(body.state as string)) return body.state as string;
    throw new Error(JSON.stringify(body));
  }

  private async trade(): Promise<void> {
    while (!this.place.isPaused) {
      const client = await this.connect();
      if (client !== null)
        await Promise.all(Array.from({ length: LANES }, () => this.lane(client)));
      await client?.close();
      await sleep(50);
    }
  }

  private async lane(client: PlimsollClient): Promise<void> {
    while (client.connected && !this.place.isPaused) await this.order(client);
  }

  private async connect(): Promise<PlimsollClient | null> {
    const login = keyPairLogin(this.wallet.key.secretKey);
    const { url } = this.place.exchange.process;
    try {
      return await PlimsollClient.connect({ url, login, codec: 'msgpack', reconnect: false });
    } catch {
      return null;
    }
  }

  private async order(client: PlimsollClient): Promise<void> {
    const order = this.nextOrder();
    try {
      const { orderId = 0 } = await client.place(order);
      this.orders++;
      if (this.random.below(3) === 0) await client.cancel({ market: order.market, orderId });
    } catch {
      // A refusal, or the kill itself.
    }
    await sleep(BETWEEN_ORDERS_MS);
  }

  /** In any market around one price, so that some trade and some rest. */
  private nextOrder(): NewOrder {
    const traded = this.random.pick(MARKETS);
    const ticks = traded.middleTicks + this.random.below(200) - 100;
    return {
      market: traded.market,
      side: this.random.below(2) === 0 ? 'buy' : 'sell',
      price: (ticks / 10 ** traded.decimals).toFixed(traded.decimals),
      qty: (traded.lotSize * (1 + this.random.below(9))).toFixed(traded.lotDecimals),
    };
  }

  private amount(): bigint {
    return BigInt(1 + this.random.below(PAYMENT_MICRO_USD_MAX));
  }

  /** Who has heard of the chain once knows it while the door is away. */
  private async facts(): Promise<Facts> {
    try {
      this.place.facts = await this.place.exchange.factsNow();
    } catch {
      // As before.
    }
    return this.place.facts;
  }
}
