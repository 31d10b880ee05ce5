import { type Keypair, PublicKey } from '@solana/web3.js';
import type { ScanCursor } from '../chain/address-scanner.js';
import type { SendOutcome } from '../chain/attempt.js';
import type { EmbeddedOperator } from '../chain/embedded-operator.js';
import type { SettlementChain } from '../chain/settlement-chain.js';
import { describeOutcome } from '../chain/transaction-book.js';
import type { Catalogue } from '../ledger/catalogue.js';
import type { ForcedRequest } from '../ledger/forced-requests.js';
import type { MarketListed } from '../packs/pack-types.js';
import type { ForcedState } from '../program/accounts.js';
import type { Authorisation } from '../program/authorisation.js';
import { DEFAULT_MARKET_LIMITS, type MarketTerms } from '../program/terms.js';
import type {
  BatchOnItsWay,
  ChainDoor,
  ChainExchange,
  ChainOutcome,
  ChainPurpose,
  DepositScan,
  ForcedOnChain,
  SignedWithdrawal,
  TransferOnItsWay,
  WithdrawalFate,
} from './chain-door.js';
import type { LedgerBook } from './ledger-book.js';

export interface ProgramChainOptions {
  readonly chain: SettlementChain;
  readonly book: LedgerBook;
  readonly catalogue: Catalogue;
  readonly operator: Keypair;
  /** Pyth's feed of a market, 32 bytes. */
  readonly feedOf: (symbol: string) => Uint8Array;
  /** Null: a real chain, which has prices, and where the operator's purse is filled by hand. */
  readonly embedded: EmbeddedOperator | null;
  readonly onTrouble: (sentence: string) => void;
}

/** What the operator's purse on a test chain is filled with when it runs low. */
const PURSE_MICRO_USD = 1_000_000_000_000n;

/** The chain's door over the Solana program. */
export class ProgramChain implements ChainDoor {
  private readonly options: ProgramChainOptions;

  constructor(options: ProgramChainOptions) {
    this.options = options;
  }

  async exchange(): Promise<ChainExchange> {
    const state = await this.options.chain.state();
    if (state === null) throw new Error('the chain does not know the exchange');
    const { lastSequence, lastHash, status } = state;
    return { lastSequence: Number(lastSequence), lastHash, status };
  }

  async slots(): Promise<{ marketId: number; slot: number }[]> {
    const nowSeconds = BigInt(Math.floor(Date.now() / 1_000));
    return (await this.options.chain.markets())
      .filter(({ openFromSeconds }) => openFromSeconds <= nowSeconds)
      .map(({ engineMarketId, slot }) => ({ marketId: engineMarketId, slot }));
  }

  async addMarket(listing: MarketListed): Promise<number | null> {
    const { chain, feedOf } = this.options;
    const slot = await chain.ensureMarket(termsOf(listing, feedOf(listing.symbol)));
    return (await this.slots()).some((open) => open.slot === slot) ? slot : null;
  }

  addRows(accounts: readonly { accountId: number; owner: Uint8Array }[]): Promise<void> {
    const users = accounts.map(({ accountId, owner }) => {
      return { accountId, owner: new PublicKey(owner) };
    });
    return this.options.chain.ensureUsers(users);
  }

  async settle(batch: BatchOnItsWay): Promise<ChainOutcome> {
    const outcome = await this.options.chain.settle(batch);
    switch (outcome.kind) {
      case 'settled':
        return { kind: 'done' };
      case 'notYet':
        return { kind: 'notYet', sentence: outcome.reason };
      default:
        return { kind: 'refused', sentence: outcome.reason };
    }
  }

  async payInto(
    to: { accountId: number } | { slot: number },
    microUsd: bigint,
    purpose: ChainPurpose,
  ): Promise<void> {
    const { chain, book, operator } = this.options;
    if (book.isDone(purpose)) return;
    await this.fillPurse(microUsd);
    if ('slot' in to) await chain.fundInsurance(to.slot, microUsd, operator, purpose);
    else await chain.depositFor(to.accountId, microUsd, operator, purpose);
  }

  async transfer(transfer: TransferOnItsWay): Promise<ChainOutcome> {
    const outcome = await this.options.chain.transfer(transfer);
    if (outcome === 'done') return { kind: 'done' };
    if (outcome.kind === 'executed') {
      return { kind: 'notYet', sentence: 'executed, but not all endpoints show it' };
    }
    const sentence = describeOutcome(outcome);
    const isRefused = outcome.kind === 'failed' || outcome.kind === 'refused';
    return { kind: isRefused ? 'refused' : 'notYet', sentence };
  }

  async payOut(withdrawal: SignedWithdrawal): Promise<ChainOutcome> {
    const { chain } = this.options;
    const outcome = await chain.withdraw(this.authorisation(withdrawal), withdrawal.signature);
    switch (outcome.kind) {
      case 'paid':
        return { kind: 'done' };
      case 'refused':
        return { kind: 'refused', sentence: outcome.reason };
      case 'impossible':
        return { kind: 'refused', sentence: `its time or its nonce is past (${outcome.fate})` };
      default:
        return { kind: 'notYet', sentence: outcome.reason };
    }
  }

  fateOf(withdrawal: SignedWithdrawal): Promise<WithdrawalFate> {
    return this.options.chain.withdrawalFate(this.authorisation(withdrawal));
  }

  async forcedRequests(): Promise<ForcedOnChain[]> {
    const shown = await this.options.chain.forced.shown();
    return shown.map(({ accountId, requestedAtSeconds, amountMicroUsd, isAgreed, seenAtSlot }) => ({
      accountId,
      requestedAtSeconds: Number(requestedAtSeconds),
      amountMicroUsd: Number(amountMicroUsd),
      isAgreed,
      seenAtSlot,
    }));
  }

  forcedGoneSlot(request: ForcedRequest): Promise<number | null> {
    const { accountId } = request;
    const requestedAtSeconds = BigInt(request.requestedAtSeconds);
    const amountMicroUsd = BigInt(request.amountMicroUsd);
    return this.options.chain.forced.goneSlot({ accountId, requestedAtSeconds, amountMicroUsd });
  }

  /** Its owner may have replaced it by another one: what the program then pays is noticed by the event, and taken off in the engine. */
  serveForced(request: ForcedRequest): Promise<ChainOutcome> {
    return this.withForced(request, (found) => this.options.chain.serveForced(found));
  }

  reduceForced(request: ForcedRequest): Promise<ChainOutcome> {
    return this.withForced(request, (found) => this.options.chain.reduceForced(found));
  }

  async freezeDelaySeconds(): Promise<number> {
    const state = await this.options.chain.state();
    if (state === null) throw new Error('the chain does not know the exchange');
    return Number(state.limits.freezeDelaySeconds);
  }

  async deposits(cursor: string | null): Promise<DepositScan> {
    const since = cursor === null ? null : (JSON.parse(cursor) as ScanCursor);
    const scan = await this.options.chain.moneyEvents(since);
    for (const { signature, reason } of scan.unreadable) {
      this.options.onTrouble(`transaction ${signature} cannot be read: ${reason}`);
    }
    if (scan.stoppedBecause !== '') this.options.onTrouble(`the scan: ${scan.stoppedBecause}`);
    const deposits: DepositScan['deposits'][number][] = [];
    const served: DepositScan['served'][number][] = [];
    for (const { signature, index, slot, event } of scan.events) {
      if (event.kind === 'forcedServed') {
        const { accountId } = event;
        const amountMicroUsd = Number(event.amountMicroUsd);
        served.push({ signature, eventIndex: index, accountId, amountMicroUsd, chainSlot: slot });
      }
      if (event.kind !== 'deposited') continue;
      deposits.push({
        signature,
        eventIndex: index,
        accountId: event.accountId,
        amountMicroUsd: Number(event.amountMicroUsd),
        depositedTotalMicroUsd: Number(event.depositedTotalMicroUsd),
        chainSlot: slot,
        payer: event.payer.toBase58(),
      });
    }
    const { completeToSlot } = scan;
    const next = scan.cursor === null ? null : JSON.stringify(scan.cursor);
    return { deposits, served, cursor: next, completeToSlot };
  }

  async tellPrices(prices: readonly { marketId: number; indexTicks: number }[]): Promise<void> {
    const { chain, catalogue, embedded, feedOf } = this.options;
    if (embedded === null || prices.length === 0) return;
    const publishTime = Math.floor(Date.now() / 1_000);
    const posted = prices.flatMap(({ marketId, indexTicks }) => {
      const market = catalogue.market(marketId);
      if (market === null) return [];
      const { tickMantissa, tickDecimals, symbol } = market.listing;
      const feedId = Buffer.from(feedOf(symbol)).toString('hex');
      const price = BigInt(indexTicks) * BigInt(tickMantissa);
      return [{ feedId, price, conf: 0n, exponent: -tickDecimals, publishTime }];
    });
    await chain.postPrices(posted);
  }

  /** Does something with the request as it is on chain, if it is still the one that is meant. */
  private async withForced(
    { accountId, requestedAtSeconds, amountMicroUsd }: ForcedRequest,
    act: (found: ForcedState) => Promise<SendOutcome>,
  ): Promise<ChainOutcome> {
    const found = await this.options.chain.forced.find(accountId);
    if (found === null || Number(found.requestedAtSeconds) !== requestedAtSeconds) {
      return { kind: 'notYet', sentence: 'the endpoint that was asked does not show it' };
    }
    if (found.amountMicroUsd > BigInt(amountMicroUsd)) {
      return { kind: 'notYet', sentence: `on chain it is for ${found.amountMicroUsd} by now` };
    }
    const outcome = await act(found);
    if (outcome.kind === 'executed') return { kind: 'done' };
    const isRefused = outcome.kind === 'failed' || outcome.kind === 'refused';
    return { kind: isRefused ? 'refused' : 'notYet', sentence: describeOutcome(outcome) };
  }

  private authorisation(withdrawal: SignedWithdrawal): Authorisation {
    const { accountId, nonce, amountMicroUsd, destination, expirySeconds } = withdrawal;
    return {
      exchange: this.options.chain.exchange,
      accountId,
      nonce: BigInt(nonce),
      amountMicroUsd: BigInt(amountMicroUsd),
      destination: new PublicKey(destination),
      expiresAtSeconds: BigInt(expirySeconds),
    };
  }

  private async fillPurse(microUsd: bigint): Promise<void> {
    const { embedded, operator, chain } = this.options;
    if (embedded === null) return;
    if ((await chain.tokensOf(operator.publicKey)) >= microUsd) return;
    const amount = microUsd > PURSE_MICRO_USD ? microUsd : PURSE_MICRO_USD;
    await embedded.giveTestUsdc(operator.publicKey.toBase58(), amount);
  }
}

/** The chain's terms of a market that the engine has listed. */
export function termsOf(listing: MarketListed, feedId: Uint8Array): MarketTerms {
  const { marketId, symbol, tickMantissa, tickDecimals } = listing;
  return {
    engineMarketId: marketId,
    symbol,
    feedId,
    microUsdNumerator: BigInt(listing.microUsdNumerator),
    microUsdDenominator: BigInt(listing.microUsdDenominator),
    tickMantissa: BigInt(tickMantissa),
    tickExponent: -tickDecimals,
    tiers: [
      {
        floorMicroUsd: 0n,
        initialPpm: listing.initialMarginPpm,
        maintenancePpm: listing.maintenanceMarginPpm,
      },
    ],
    limits: DEFAULT_MARKET_LIMITS,
  };
}
