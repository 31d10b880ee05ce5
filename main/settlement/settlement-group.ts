import path from 'node:path';
import type { PublicKey } from '@solana/web3.js';
import type { ChainReady } from '../../settlement/chain/embedded/process-client.js';
import type { Config } from '../config/config.js';
import { hostInUrl } from '../config/hosts.js';
import type { Exchange } from '../exchange/exchange.js';
import type { Outbox, OutboxStatus } from '../outbox/outbox.js';
import type { BusReady } from './bus-child.js';
import { makeKey } from './chain-keys.js';
import type {
  ChainPlace,
  SettlementFigures,
  SettlementReady,
  SettlementStart,
} from './settlement-start.js';
import { SupervisedChild } from './supervised-child.js';

/** The key of the account that newcomers try things out with, and its account. */
export interface DemoAccount {
  file: string;
  owner: string;
  accountId: number;
}

/** How everything behind the exchange does. */
export interface SettlementStatus {
  /** Null: the bus is not there yet. */
  outbox: OutboxStatus | null;
  figures: SettlementFigures | null;
  /** How often a process had to be started again, by its name. */
  restarts: Readonly<Record<string, number>>;
  /** Why processes have ended that have not run steadily since. */
  troubles: readonly string[];
  /** When the settlement last said how it does; null: it has not yet. */
  heardAgoMs: number | null;
}

/**
 * Everything behind the exchange: the outbox in a thread, and bus, chain and settlement in processes of their own. Trading neither waits
 * for any of them nor ends with one: what they have missed is in the journal.
 */
export class SettlementGroup {
  private readonly exchange: Exchange;
  private readonly config: Config;
  private readonly bus: SupervisedChild<BusReady>;
  private readonly chain: SupervisedChild<ChainReady> | null;
  private readonly settlement: SupervisedChild<SettlementReady>;
  private readonly demo: DemoAccount | null;
  private outbox: Outbox | null = null;
  private isSettlementStarted = false;
  /** The newest that the settlement has said; null: nothing yet. */
  private figures: SettlementFigures | null = null;
  private heardMs: number | null = null;

  /** `chainPort`: one that is free, or 0. */
  constructor(exchange: Exchange, config: Config, demo: DemoAccount | null, chainPort: number) {
    const { dataDir, settlement } = config;
    this.exchange = exchange;
    this.config = config;
    this.demo = demo;
    const onEnded = (sentence: string) => exchange.log.error({}, sentence);
    this.bus = new SupervisedChild({
      name: 'the bus',
      module: new URL('./bus-child.js', import.meta.url),
      args: () => [dataDir, settlement.bus],
      onReady: (ready) => this.busIsReady(ready),
      onEnded,
    });
    const isEmbedded = settlement.rpcUrls.length === 0;
    this.chain = isEmbedded
      ? new SupervisedChild({
          name: 'the embedded chain',
          module: new URL('../../settlement/chain/embedded/process.js', import.meta.url),
          args: (last) => [path.join(dataDir, 'chain'), String(last?.port ?? chainPort)],
          onReady: (ready) => {
            exchange.log.info({ port: ready.port }, 'the embedded chain runs');
            this.startSettlement();
          },
          onEnded,
        })
      : null;
    this.settlement = new SupervisedChild({
      name: 'the settlement',
      module: new URL('./settlement-child.js', import.meta.url),
      start: (last) => this.settlementStart(last),
      onReady: (ready) => this.announce(ready),
      onFigures: (figures) => {
        this.figures = figures as SettlementFigures;
        this.heardMs = performance.now();
      },
      onEnded,
    });
  }

  start(): void {
    this.bus.start();
    this.chain?.start();
  }

  status(): SettlementStatus {
    const restarts = {
      bus: this.bus.restarts,
      chain: this.chain?.restarts ?? 0,
      settlement: this.settlement.restarts,
    };
    const children = [this.bus, this.chain, this.settlement];
    const troubles = children.flatMap((child) => child?.trouble ?? []);
    const heardAgoMs = this.heardMs === null ? null : performance.now() - this.heardMs;
    const outbox = this.outbox?.status() ?? null;
    return { outbox, figures: this.figures, restarts, troubles, heardAgoMs };
  }

  /** The journals are closed: the outbox brings their ends to the bus first. */
  async stop(): Promise<void> {
    await this.outbox?.stop();
    await this.settlement.stop();
    await Promise.all([this.bus.stop(), this.chain?.stop()]);
  }

  private busIsReady({ location, sentence }: BusReady): void {
    this.exchange.log.info({}, sentence);
    if (this.outbox !== null) return;
    say(sentence);
    this.outbox = this.exchange.newOutbox(location);
    this.outbox.start();
    this.startSettlement();
  }

  private startSettlement(): void {
    const isChainReady = this.chain === null || this.chain.ready !== null;
    if (this.isSettlementStarted || this.outbox === null || !isChainReady) return;
    this.isSettlementStarted = true;
    this.settlement.start();
  }

  private settlementStart(last: SettlementReady | null): SettlementStart {
    const { dataDir, settlement, adminHost, host } = this.config;
    const { adminPort, adminToken } = this.exchange;
    return {
      dataDir,
      bus: (this.bus.ready as BusReady).location,
      chain: this.chainPlace(),
      admin: { host: adminHost, port: adminPort, token: adminToken },
      host,
      custodyPort: last?.custodyPort ?? settlement.custodyPort,
      windowMs: settlement.windowMs,
      batchEntriesMax: settlement.batchEntriesMax,
      feeds: feedsOf(this.config),
      demoOwner: this.demo?.owner ?? null,
    };
  }

  private chainPlace(): ChainPlace {
    const { rpcUrls, mint, founder } = this.config.settlement;
    if (this.chain === null) return { kind: 'rpc', urls: rpcUrls, mint: mint as string, founder };
    return { kind: 'embedded', ready: this.chain.ready as ChainReady };
  }

  private announce({ custodyPort }: SettlementReady): void {
    const host = hostInUrl(this.config.host);
    say(`deposits and withdrawals: http://${host}:${custodyPort}/v1/custody`);
    if (this.chain?.ready) say(`embedded chain: http://127.0.0.1:${this.chain.ready.port}`);
    if (this.demo !== null) {
      const { file, accountId } = this.demo;
      say(`key to try it with: ${file} (account ${accountId}, with test USDC in its wallet)`);
    }
  }
}

function feedsOf({ markets }: Config): Record<string, string> {
  const known = markets.flatMap(({ params, pythFeed }) => {
    return pythFeed === null ? [] : [[params.symbol, pythFeed]];
  });
  return Object.fromEntries(known);
}

/** Made at the first start, so that a newcomer has somebody to be. Null: its file is damaged, and nobody depends on it. */
export async function demoAccount(exchange: Exchange, config: Config): Promise<DemoAccount | null> {
  const file = path.join(config.dataDir, 'demo-key.json');
  const publicKey = demoKey(file);
  if (publicKey === null) return null;
  const owner = publicKey.toBase58();
  const known = exchange.gateway.accountOfKey(owner);
  const accountId = known || (await exchange.operator.createAccount(publicKey.toBytes()));
  return { file, owner, accountId };
}

function demoKey(file: string): PublicKey | null {
  try {
    return makeKey(file).publicKey;
  } catch (error) {
    say(`there is no account to try things out with: ${(error as Error).message}`);
    return null;
  }
}

function say(sentence: string): void {
  process.stderr.write(`plimsoll: ${sentence}\n`);
}
