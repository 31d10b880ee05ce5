import { createHash } from 'node:crypto';
import { ed25519 } from '@noble/curves/ed25519.js';
import { Keypair, type PublicKey } from '@solana/web3.js';
import {
  decodeExchange,
  decodeMarket,
  decodeRow,
  type ExchangeState,
  type MarketState,
  type UserRow,
} from '../accounts.js';
import {
  exchangeAddress,
  marketAddress,
  pageAddress,
  pageNumberOf,
  vaultAddress,
} from '../addresses.js';
import { type Authorisation, authorisationBytes, ownerSignature } from '../authorisation.js';
import type { BatchSection } from '../batch.js';
import { encodeBatch } from '../batch-codec.js';
import { type BatchPlace, settleBatch } from '../batch-instructions.js';
import type { PricedMarket } from '../instruction.js';
import { deposit, fundInsurance, withdraw } from '../money-instructions.js';
import {
  addMarket,
  CREATE_PAGE_COMPUTE_UNITS,
  createPage,
  createUser,
  initialize,
} from '../set-up-instructions.js';
import { DEFAULT_EXCHANGE_LIMITS, DEFAULT_MARKET_LIMITS, type MarketTerms } from '../terms.js';
import { type Sent, TestChain, type TestPrice } from './test-chain.js';

const PRICE_EXPONENT = -8;

/** Keys, mint and accounts of an exchange with its markets on a test chain. */
export class TestExchange {
  readonly chain = new TestChain();
  readonly founder: Keypair;
  readonly operator = Keypair.generate();
  readonly coSigner = Keypair.generate();
  readonly mint = this.chain.createMint();
  readonly exchange: PublicKey;
  readonly vault: PublicKey;
  readonly feeDestination: PublicKey;
  readonly owners = new Map<number, Keypair>();
  readonly priceAccounts = new Map<number, PublicKey>();
  readonly terms: MarketTerms[] = [];

  /** An exchange with one page and these markets; without terms, one market of plain numbers. All addresses of its own follow from the founder. */
  constructor(
    terms: readonly MarketTerms[] = [plainMarket()],
    limits = DEFAULT_EXCHANGE_LIMITS,
    ownFounder = Keypair.generate(),
  ) {
    this.founder = ownFounder;
    this.exchange = exchangeAddress(this.founder.publicKey);
    this.vault = vaultAddress(this.exchange);
    this.feeDestination = this.chain.createTokens(this.mint, this.founder.publicKey, 0n);
    for (const key of [this.founder, this.operator, this.coSigner]) this.chain.fund(key.publicKey);
    const { founder, operator, coSigner, mint, feeDestination } = this;
    const make = initialize({
      founder: founder.publicKey,
      operator: operator.publicKey,
      coSigner: coSigner.publicKey,
      mint,
      feeDestination,
      limits,
    });
    this.chain.send([make], [founder]);
    for (const market of terms) this.addMarket(market);
    this.addPage(0);
  }

  addMarket(terms: MarketTerms): Sent {
    const slot = this.terms.length;
    const { exchange, founder } = this;
    const add = addMarket({ exchange, admin: founder.publicKey, slot, terms });
    const sent = this.chain.send([add], [founder]);
    this.terms.push(terms);
    this.priceAccounts.set(slot, Keypair.generate().publicKey);
    return sent;
  }

  addPage(number: number): Sent {
    const { exchange, operator } = this;
    const steps = createPage({ exchange, operator: operator.publicKey, number });
    return this.chain.send(steps, [operator], CREATE_PAGE_COMPUTE_UNITS);
  }

  /** Rows with an owner each, who has SOL for fees. */
  addUsers(...accountIds: number[]): void {
    const creates = accountIds.map((accountId) => {
      const owner = Keypair.generate();
      this.owners.set(accountId, owner);
      this.chain.fund(owner.publicKey);
      const { exchange, operator } = this;
      return createUser({
        exchange,
        operator: operator.publicKey,
        accountId,
        owner: owner.publicKey,
      });
    });
    // As many as a transaction holds.
    for (let start = 0; start < creates.length; start += 16) {
      this.chain.send(creates.slice(start, start + 16), [this.operator]);
    }
  }

  deposit(accountId: number, amountMicroUsd: bigint): Sent {
    const { exchange, mint, chain } = this;
    const payer = chain.payer.publicKey;
    const source = chain.createTokens(mint, payer, amountMicroUsd);
    return chain.send([deposit({ exchange, mint, payer, source, accountId, amountMicroUsd })], []);
  }

  fundInsurance(slot: number, amountMicroUsd: bigint): Sent {
    const { exchange, mint, chain } = this;
    const payer = chain.payer.publicKey;
    const source = chain.createTokens(mint, payer, amountMicroUsd);
    return chain.send([fundInsurance({ exchange, mint, payer, source, slot, amountMicroUsd })], []);
  }

  /** Sets the oracle's price of a market, in whole ticks, now. */
  setPrice(slot: number, ticks: number, more: Partial<TestPrice> = {}): void {
    const terms = this.terms[slot]!;
    const scale = 10n ** BigInt(terms.tickExponent - PRICE_EXPONENT);
    const price = BigInt(ticks) * terms.tickMantissa * scale;
    this.chain.setPrice(this.priceAccounts.get(slot)!, {
      feedId: terms.feedId,
      price,
      exponent: PRICE_EXPONENT,
      ...more,
    });
  }

  /** The batch that follows the last one on the chain. */
  nextBatch(sections: BatchSection[], change: Partial<BatchPlace> = {}): BatchPlace {
    const { lastSequence, lastHash } = this.state();
    return {
      exchange: this.exchange,
      operator: this.operator.publicKey,
      sequence: lastSequence + 1n,
      previousHash: lastHash,
      bytes: encodeBatch(sections),
      sections,
      priceAccounts: this.priceAccounts,
      ...change,
    };
  }

  settle(sections: BatchSection[], change: Partial<BatchPlace> = {}): Sent {
    return this.sendBatch(this.nextBatch(sections, change));
  }

  sendBatch(batch: BatchPlace): Sent {
    return this.chain.send([settleBatch(batch)], [this.operator], 1_400_000);
  }

  /** An authorisation of the row's next nonce to a new token account of the owner. */
  authorise(accountId: number, amountMicroUsd: bigint): Authorisation {
    const owner = this.owners.get(accountId)!.publicKey;
    return {
      exchange: this.exchange,
      accountId,
      nonce: this.row(accountId).nonce + 1n,
      amountMicroUsd,
      destination: this.chain.createTokens(this.mint, owner, 0n),
      expiresAtSeconds: this.chain.nowSeconds + 3_600n,
    };
  }

  sign(authorisation: Authorisation, signer = this.owners.get(authorisation.accountId)!) {
    const secret = signer.secretKey.slice(0, 32);
    const signature = ed25519.sign(authorisationBytes(authorisation), secret);
    return ownerSignature(authorisation, signer.publicKey, signature);
  }

  withdraw(authorisation: Authorisation, positions = this.positionsOf(authorisation.accountId)) {
    const { mint, operator, coSigner } = this;
    const pay = withdraw({
      authorisation,
      mint,
      operator: operator.publicKey,
      coSigner: coSigner.publicKey,
      positions,
    });
    return this.chain.send([this.sign(authorisation), pay], [operator, coSigner]);
  }

  positionsOf(accountId: number): PricedMarket[] {
    return this.row(accountId).positions.map(({ slot }) => {
      return { slot, priceAccount: this.priceAccounts.get(slot)! };
    });
  }

  state(): ExchangeState {
    return decodeExchange(this.chain.read(this.exchange));
  }

  market(slot: number): MarketState {
    return decodeMarket(this.chain.read(marketAddress(this.exchange, slot)));
  }

  row(accountId: number): UserRow {
    const page = this.chain.read(pageAddress(this.exchange, pageNumberOf(accountId)));
    const row = decodeRow(page, accountId);
    if (row === null) throw new Error(`account ${accountId} has no row`);
    return row;
  }

  /** All that the program holds of the exchange, as one hash: equal before and after what must change nothing. */
  digest(): string {
    const { chain, exchange, vault } = this;
    const hash = createHash('sha256');
    const { pageCount, marketCount } = this.state();
    for (const key of [exchange, vault]) hash.update(chain.read(key));
    for (let slot = 0; slot < marketCount; slot++)
      hash.update(chain.read(marketAddress(exchange, slot)));
    for (let page = 0; page < pageCount; page++)
      hash.update(chain.read(pageAddress(exchange, page)));
    return hash.digest('hex');
  }

  /** The identity of the whole exchange: what rows, clearing, fees and insurance say is what the vault holds. */
  checkMoney(): void {
    const state = this.state();
    let sum = state.collateralMicroUsd;
    for (let slot = 0; slot < state.marketCount; slot++) {
      const { feesMicroUsd, insuranceMicroUsd, clearingMicroUsd } = this.market(slot);
      sum += feesMicroUsd + insuranceMicroUsd + clearingMicroUsd;
    }
    const vault = this.chain.tokensOf(this.vault);
    const throughProgram = state.depositedMicroUsd - state.withdrawnMicroUsd;
    if (sum === vault && sum === throughProgram) return;
    throw new Error(
      `rows and purses say ${sum}, the vault holds ${vault}, totals ${throughProgram}`,
    );
  }
}

/** A tick of 0.01 dollars, one micro-USD a tick·lot, one tier of 10 %. */
export function plainMarket(change: Partial<MarketTerms> = {}): MarketTerms {
  return {
    engineMarketId: 7,
    symbol: 'TEST-PERP',
    feedId: Uint8Array.from({ length: 32 }, (_, index) => index + 1),
    microUsdNumerator: 1n,
    microUsdDenominator: 1n,
    tickMantissa: 1n,
    tickExponent: -2,
    tiers: [{ floorMicroUsd: 0n, initialPpm: 100_000, maintenancePpm: 50_000 }],
    limits: { ...DEFAULT_MARKET_LIMITS, jumpPpm: 300_000 },
    ...change,
  };
}
