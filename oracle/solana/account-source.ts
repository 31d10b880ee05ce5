import { Connection, type PublicKey } from '@solana/web3.js';
import { BackOff, type BackOffLimits } from '../back-off.js';
import { LatestObservations } from '../latest-observations.js';
import { limitBody, upTo } from '../limited-body.js';
import type { Observation, PriceSource, SourceHealth, SourceListener } from '../price-source.js';
import { UpdateError } from '../pyth/update-error.js';
import type { AccountKind } from './account-kind.js';

export interface AccountSourceOptions {
  name: string;
  /** JSON-RPC endpoint; secrets in it are nowhere shown. */
  url: string;
  kind: AccountKind;
  /** Feed ids in lower-case hexadecimal. */
  feeds: readonly string[];
  pollMs: number;
  answerWithinMs: number;
  /** So long without a newer price, and the source calls itself silent. */
  silenceMaxMs: number;
  backOff: BackOffLimits;
  aheadMaxMs: number;
  nowMs: () => number;
  random: () => number;
}

/** Sixteen feeds of Pythnet have less than 100 kB. */
const ANSWER_BYTES_MAX = 1024 * 1024;
const TOO_MANY_REQUESTS = /\b429\b/;

/**
 * Prices of Pyth out of accounts, asked for again and again through one endpoint. Unlike an update of Hermes an account cannot be verified here: the
 * endpoint is believed. That is why it should never be an exchange's only source.
 */
export class AccountSource implements PriceSource {
  readonly name: string;
  private readonly options: AccountSourceOptions;
  private readonly observations: LatestObservations;
  private readonly connection: Connection;
  private readonly addresses: PublicKey[];
  private readonly backOff: BackOff;
  private readonly abort = new AbortController();
  private listener: SourceListener | null = null;
  private timer: NodeJS.Timeout | null = null;
  private underWay: Promise<void> = Promise.resolve();
  private lastNewMs = 0;
  private state: SourceHealth = { state: 'starting', problem: null };

  constructor(options: AccountSourceOptions) {
    this.options = options;
    this.name = options.name;
    this.observations = new LatestObservations(options.aheadMaxMs);
    this.backOff = new BackOff(options.backOff, options.random);
    this.addresses = options.feeds.map((feed) => options.kind.addressOf(feed));
    this.connection = new Connection(options.url, {
      commitment: 'confirmed',
      // Its own retries would not hear of a stop.
      disableRetryOnRateLimit: true,
      fetch: (address, init) => this.fetchInTime(address, init),
    });
  }

  start(listener: SourceListener): void {
    this.listener = listener;
    this.lastNewMs = this.options.nowMs();
    this.ask();
  }

  async stop(): Promise<void> {
    if (this.timer !== null) clearTimeout(this.timer);
    this.setHealth({ state: 'stopped', problem: null });
    this.listener = null;
    this.abort.abort();
    await this.underWay;
  }

  latest(feed: string): Observation | null {
    return this.observations.get(feed);
  }

  health(): SourceHealth {
    return this.state;
  }

  private ask(): void {
    this.underWay = this.poll().then((waitMs) => {
      if (this.listener !== null) this.timer = setTimeout(() => this.ask(), waitMs);
    });
  }

  /** One question; gives how long to wait before the next. */
  private async poll(): Promise<number> {
    try {
      const accounts = await this.connection.getMultipleAccountsInfo(this.addresses);
      for (const [i, feed] of this.options.feeds.entries()) this.take(feed, accounts[i] ?? null);
    } catch (error) {
      const problem = problemOf(error as Error);
      this.setHealth({ state: 'down', problem });
      return this.backOff.next();
    }
    this.backOff.reset();
    this.watchSilence();
    return this.options.pollMs;
  }

  private take(feed: string, account: { owner: PublicKey; data: Buffer } | null): void {
    try {
      if (account === null) {
        throw new UpdateError('account_is_missing', `there is no account for feed ${feed}`);
      }
      const { price, confidence, exponent, publishTimeMs, slot } = this.options.kind.read(
        account,
        feed,
      );
      const scale = { mantissa: price, confidenceMantissa: confidence, exponent };
      this.offer({ feed, ...scale, publishTimeMs, order: slot });
    } catch (error) {
      if (!(error instanceof UpdateError)) throw error;
      this.listener?.onRefused(error.fault, error.message);
    }
  }

  private offer(observation: Observation): void {
    const nowMs = this.options.nowMs();
    const kind = this.observations.offer(observation, nowMs);
    if (kind !== 'newer') {
      this.listener?.onNotNewer(observation.feed, kind);
      return;
    }
    this.lastNewMs = nowMs;
    this.setHealth({ state: 'live', problem: null });
    this.listener?.onObservation(observation);
  }

  private watchSilence(): void {
    const { silenceMaxMs, nowMs } = this.options;
    if (nowMs() - this.lastNewMs <= silenceMaxMs) return;
    this.setHealth({ state: 'silent', problem: `no newer price has come for ${silenceMaxMs} ms` });
  }

  private async fetchInTime(
    address: Parameters<typeof fetch>[0],
    init?: RequestInit,
  ): Promise<Response> {
    const within = AbortSignal.timeout(this.options.answerWithinMs);
    const signal = AbortSignal.any([this.abort.signal, within]);
    const response = await fetch(address, { ...init, signal, redirect: 'error' });
    return limitBody(response, upTo(ANSWER_BYTES_MAX));
  }

  private setHealth(health: SourceHealth): void {
    if (this.state.state === 'stopped') return;
    if (this.state.state === health.state && this.state.problem === health.problem) return;
    this.state = health;
    this.listener?.onHealth(health);
  }
}

/** Without the address, which may hold a key, and without the whole answer of a server. */
function problemOf({ message }: Error): string {
  if (TOO_MANY_REQUESTS.test(message)) return 'the endpoint answers 429: too many requests';
  return message.replaceAll(/https?:\/\/\S+/g, 'the endpoint').slice(0, 200);
}
