import fs from 'node:fs';
import path from 'node:path';
import { ed25519 } from '@noble/curves/ed25519.js';
import { Keypair, PublicKey } from '@solana/web3.js';
import { type Authorisation, authorisationBytes } from '../../program/authorisation.js';
import type { BatchSection } from '../../program/batch.js';
import { batchHash, encodeBatch, GENESIS_HASH } from '../../program/batch-codec.js';
import {
  DEFAULT_EXCHANGE_LIMITS,
  DEFAULT_MARKET_LIMITS,
  type MarketTerms,
} from '../../program/terms.js';
import type { BatchToSettle } from '../batch-settler.js';
import { RpcServer } from '../embedded/rpc-server.js';
import { EmbeddedOperator } from '../embedded-operator.js';
import { EndpointPool } from '../endpoint-pool.js';
import { SettlementChain, type SettlementChainOptions } from '../settlement-chain.js';
import { associatedTokenAccount } from '../token-instructions.js';
import { ChainUnderTest, OPERATOR_TOKEN } from './chain-under-test.js';

export const FEED = 'ef0d8b6fda2ceba41da15d4095d1da392a0d2f8ed0c6c7bc0f4cfac8c280b56d';
/** 100.00 dollars in ticks of a cent. */
export const PRICE_TICKS = 10_000;

const root = path.resolve(import.meta.dirname, '../../..');

export function programFile(): Buffer {
  return fs.readFileSync(path.join(root, 'programs/artifacts/plimsoll.so'));
}

/** A settlement chain with keys of its own on a chain under test, in process or over HTTP. */
export class SettlementUnderTest {
  readonly test: ChainUnderTest;
  readonly chain: SettlementChain;
  readonly operator: EmbeddedOperator;
  readonly keys = {
    admin: Keypair.generate(),
    operator: Keypair.generate(),
    coSigner: Keypair.generate(),
  };
  readonly trader = Keypair.generate();
  private readonly server: RpcServer | null;
  private previousHash: Uint8Array = GENESIS_HASH as Uint8Array;
  private sequence = 0;

  static async start(
    way: 'in process' | 'over HTTP' = 'in process',
    options: Partial<SettlementChainOptions> = {},
    ways = 1,
  ): Promise<SettlementUnderTest> {
    const test = new ChainUnderTest(ways);
    const server = way === 'over HTTP' ? await RpcServer.listen(test.front) : null;
    return new SettlementUnderTest(test, server, options);
  }

  private constructor(
    test: ChainUnderTest,
    server: RpcServer | null,
    options: Partial<SettlementChainOptions>,
  ) {
    this.test = test;
    this.server = server;
    const url = server?.url ?? 'http://chain';
    const fetch = server === null ? { fetch: test.front.fetch as never } : {};
    this.operator = new EmbeddedOperator({ url, token: OPERATOR_TOKEN, ...fetch });
    const endpoints = [{ name: 'http', url }];
    this.chain = new SettlementChain({
      pool: server === null ? test.pool() : new EndpointPool({ endpoints }),
      keys: this.keys,
      mint: new PublicKey(test.chain.genesis.testUsdcMint),
      embedded: this.operator,
      sender: { pollMs: 5, resendMs: 50 },
      ...options,
    });
  }

  /** An exchange with one market and rows 1 … users, of which all belong to the trader. */
  async open(users = 2): Promise<void> {
    await this.chain.setUp(programFile(), {
      ...DEFAULT_EXCHANGE_LIMITS,
      freezeDelaySeconds: 3_600n,
      timeLockSeconds: 3_600n,
    });
    await this.chain.ensureMarket(marketTerms());
    const owner = this.trader.publicKey;
    await this.chain.ensureUsers(
      Array.from({ length: users }, (_, i) => ({ accountId: i + 1, owner })),
    );
    await this.operator.giveLamports(owner.toBase58(), 10_000_000_000);
    await this.operator.giveTestUsdc(owner.toBase58(), 1_000_000_000_000n);
    await this.postPrice();
  }

  /** In ticks, as of now on the chain. */
  async postPrice(ticks = PRICE_TICKS): Promise<void> {
    const { slot } = this.test.chain.clock;
    const publishTime = (await this.test.connection.getBlockTime(slot)) ?? 0;
    const price = BigInt(ticks) * 1_000_000n;
    await this.chain.postPrices([{ feedId: FEED, price, conf: 1_000n, exponent: -8, publishTime }]);
  }

  /** The batch after the last one that was made here. */
  nextBatch(sections: BatchSection[]): BatchToSettle {
    this.sequence += 1;
    const bytes = encodeBatch(sections);
    const batch = { sequence: this.sequence, previousHash: this.previousHash, bytes };
    this.previousHash = batchHash(batch.previousHash, BigInt(this.sequence), bytes);
    return batch;
  }

  authorise(
    accountId: number,
    nonce: bigint,
    amountMicroUsd: bigint,
    seconds = 3_600,
  ): {
    authorisation: Authorisation;
    signature: Uint8Array;
  } {
    const destination = this.tokenAccount;
    const authorisation = {
      exchange: this.chain.exchange,
      accountId,
      nonce,
      amountMicroUsd,
      destination,
      expiresAtSeconds: BigInt(this.test.chain.clock.unixSeconds + seconds),
    };
    const secret = this.trader.secretKey.slice(0, 32);
    return { authorisation, signature: ed25519.sign(authorisationBytes(authorisation), secret) };
  }

  get tokenAccount(): PublicKey {
    return associatedTokenAccount(
      this.trader.publicKey,
      new PublicKey(this.test.chain.genesis.testUsdcMint),
    );
  }

  async close(): Promise<void> {
    await this.server?.close();
    await this.test.chain.close();
  }
}

export function marketTerms(change: Partial<MarketTerms> = {}): MarketTerms {
  return {
    engineMarketId: 7,
    symbol: 'SOL-PERP',
    feedId: Buffer.from(FEED, 'hex'),
    microUsdNumerator: 1n,
    microUsdDenominator: 1n,
    tickMantissa: 1n,
    tickExponent: -2,
    tiers: [{ floorMicroUsd: 0n, initialPpm: 100_000, maintenancePpm: 50_000 }],
    limits: DEFAULT_MARKET_LIMITS,
    ...change,
  };
}

/** Each odd account buys `lots` of the next one at the price; both pay a fee of one micro-USD. */
export function trades(accounts: number, lots = 5n, priceTicks = PRICE_TICKS): BatchSection {
  const entries = Array.from({ length: accounts }, (_, i) => {
    const side = i % 2 === 0 ? 1n : -1n;
    const deltaLots = side * lots;
    return {
      accountId: i + 1,
      deltaLots,
      deltaEntryTickLots: deltaLots * BigInt(priceTicks),
      realizedMicroUsd: 0n,
      otherMicroUsd: -1n,
    };
  });
  return {
    slot: 0,
    feesMicroUsd: BigInt(accounts),
    insuranceMicroUsd: 0n,
    clearingMicroUsd: 0n,
    grossLots: (lots * BigInt(accounts)) / 2n,
    minPriceTicks: priceTicks,
    maxPriceTicks: priceTicks,
    fills: accounts / 2,
    entries,
  };
}
