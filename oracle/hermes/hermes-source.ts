import { BackOff, type BackOffLimits } from '../back-off.js';
import { LatestObservations } from '../latest-observations.js';
import type { Observation, PriceSource, SourceHealth, SourceListener } from '../price-source.js';
import { UpdateError } from '../pyth/update-error.js';
import type { UpdateVerifier, VerifiedPrice } from '../pyth/update-verifier.js';
import { readHermesAnswer } from './hermes-answer.js';
import { HermesConnection } from './hermes-connection.js';

export interface HermesSourceOptions {
  name: string;
  /** Of the server; secrets in it are nowhere shown. */
  url: string;
  /** Feed ids in lower-case hexadecimal. */
  feeds: readonly string[];
  verifier: UpdateVerifier;
  connectWithinMs: number;
  /** So long without a newer price, and the connection is given up for another one. */
  silenceMaxMs: number;
  backOff: BackOffLimits;
  /** How far ahead of the clock a publish time may lie; 0: anywhere. */
  aheadMaxMs: number;
  nowMs: () => number;
  /** From 0 to below 1. */
  random: () => number;
}

/** Whoever keeps sending what cannot be believed is left alone for a while: checking signatures costs time. */
const REFUSED_IN_A_ROW_MAX = 5;
/** Hermes shuts out for a minute who has asked too often. */
const TOO_MANY_REQUESTS = 429;
const TOO_MANY_WAIT_MS = 60_000;

/** Prices of Pyth from one Hermes server, each update verified here. It reconnects by itself for as long as it runs. */
export class HermesSource implements PriceSource {
  readonly name: string;
  private readonly options: HermesSourceOptions;
  private readonly observations: LatestObservations;
  private readonly backOff: BackOff;
  private listener: SourceListener | null = null;
  private connection: HermesConnection | null = null;
  private reconnect: NodeJS.Timeout | null = null;
  private silence: NodeJS.Timeout | null = null;
  private refusedInARow = 0;
  private state: SourceHealth = { state: 'starting', problem: null };

  constructor(options: HermesSourceOptions) {
    this.options = options;
    this.name = options.name;
    this.observations = new LatestObservations(options.aheadMaxMs);
    this.backOff = new BackOff(options.backOff, options.random);
  }

  start(listener: SourceListener): void {
    this.listener = listener;
    this.connect();
  }

  async stop(): Promise<void> {
    this.disconnect();
    if (this.reconnect !== null) clearTimeout(this.reconnect);
    this.setHealth({ state: 'stopped', problem: null });
    this.listener = null;
  }

  latest(feed: string): Observation | null {
    return this.observations.get(feed);
  }

  health(): SourceHealth {
    return this.state;
  }

  private connect(): void {
    const { url, feeds, connectWithinMs } = this.options;
    this.refusedInARow = 0;
    this.watchSilence();
    this.connection = new HermesConnection({
      url,
      feeds,
      connectWithinMs,
      onText: (text) => this.take(text),
      onEnd: (problem, status) => this.lose('down', problem, status),
    });
  }

  private disconnect(): void {
    if (this.silence !== null) clearTimeout(this.silence);
    this.connection?.close();
    this.connection = null;
  }

  private lose(state: 'down' | 'silent', problem: string, httpStatus: number | null = null): void {
    this.disconnect();
    this.setHealth({ state, problem });
    const usual = this.backOff.next();
    const waitMs = httpStatus === TOO_MANY_REQUESTS ? Math.max(usual, TOO_MANY_WAIT_MS) : usual;
    this.reconnect = setTimeout(() => this.connect(), waitMs);
  }

  private watchSilence(): void {
    const { silenceMaxMs } = this.options;
    if (this.silence !== null) clearTimeout(this.silence);
    this.silence = setTimeout(() => {
      this.lose('silent', `no newer price has come for ${silenceMaxMs} ms`);
    }, silenceMaxMs);
  }

  private take(text: string): void {
    try {
      for (const update of readHermesAnswer(text)) this.takeUpdate(update);
      this.refusedInARow = 0;
    } catch (error) {
      if (!(error instanceof UpdateError)) throw error;
      this.listener?.onRefused(error.fault, error.message);
      this.refusedInARow++;
      if (this.refusedInARow < REFUSED_IN_A_ROW_MAX) return;
      this.lose('down', `${REFUSED_IN_A_ROW_MAX} updates in a row were refused: ${error.message}`);
    }
  }

  private takeUpdate(bytes: Uint8Array): void {
    const { verifier, feeds, nowMs } = this.options;
    const prices = verifier.verify(bytes, nowMs());
    const wanted = prices.filter(({ feedId }) => feeds.includes(feedId));
    if (wanted.length === 0) {
      const found = prices.map(({ feedId }) => feedId).join(', ');
      throw new UpdateError('feed_is_foreign', `none of its feeds was asked for: ${found}`);
    }
    for (const price of wanted) this.offer(observationOf(price));
  }

  private offer(observation: Observation): void {
    const kind = this.observations.offer(observation, this.options.nowMs());
    if (kind !== 'newer') {
      this.listener?.onNotNewer(observation.feed, kind);
      return;
    }
    this.backOff.reset();
    this.watchSilence();
    this.setHealth({ state: 'live', problem: null });
    this.listener?.onObservation(observation);
  }

  private setHealth(health: SourceHealth): void {
    if (this.state.state === health.state && this.state.problem === health.problem) return;
    this.state = health;
    this.listener?.onHealth(health);
  }
}

function observationOf(price: VerifiedPrice): Observation {
  return {
    feed: price.feedId,
    mantissa: price.price,
    confidenceMantissa: price.confidence,
    exponent: price.exponent,
    publishTimeMs: price.publishTimeMs,
    order: price.slot,
  };
}
