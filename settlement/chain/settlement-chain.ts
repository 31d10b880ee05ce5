import { type Keypair, PublicKey, type TransactionInstruction } from '@solana/web3.js';
import type { ExchangeState, ForcedState, MarketState, UserRow } from '../program/accounts.js';
import { exchangeAddress, vaultAddress } from '../program/addresses.js';
import { type Authorisation, ownerSignature } from '../program/authorisation.js';
import { decodeEvents, type ProgramEvent } from '../program/events.js';
import { reduceForced, serveForced } from '../program/exit-instructions.js';
import { failureOfLogs, type ProgramFailure } from '../program/failures.js';
import type { PricedMarket } from '../program/instruction.js';
import {
  deposit,
  fundInsurance,
  transferCollateral,
  withdraw,
} from '../program/money-instructions.js';
import type { ExchangeLimits, MarketTerms } from '../program/terms.js';
import {
  AddressScanner,
  type ScanCursor,
  type ScannedEvent,
  type ScanResult,
} from './address-scanner.js';
import type { SendOutcome } from './attempt.js';
import { type SettledBatch, settledBatches } from './batch-history.js';
import { BatchSettler, type BatchToSettle, type SettleOutcome } from './batch-settler.js';
import { ChainReader, type WithdrawalFate } from './chain-reader.js';
import { type ChainKeys, ChainSetup, type UserToCreate } from './chain-setup.js';
import type { EmbeddedOperator } from './embedded-operator.js';
import type { EndpointPool } from './endpoint-pool.js';
import { ForcedReader } from './forced-reader.js';
import { type PriceUpdate, priceAccountAddress } from './price-accounts.js';
import { type SenderOptions, TransactionSender } from './sender.js';
import { associatedTokenAccount } from './token-instructions.js';
import {
  BookedSender,
  ChainStepError,
  mustExecute,
  noBook,
  type TransactionBook,
  type TransactionName,
} from './transaction-book.js';

export interface SettlementChainOptions {
  pool: EndpointPool;
  keys: ChainKeys;
  /** Who made the exchange, which gives its address; by default the administrator. */
  founder?: PublicKey;
  mint: PublicKey;
  /** Where attempts are kept; by default nowhere. */
  book?: TransactionBook;
  sender?: SenderOptions;
  /** Of an embedded chain: what only that can do. */
  embedded?: EmbeddedOperator;
  /** Price account of a feed (hex); by default where Pyth keeps it. */
  priceAccountOf?: (feedId: string) => PublicKey;
}

/** Money that came in or went out, as the scan of the vault gives it. */
export type MoneyEvent = ScannedEvent<ProgramEvent>;
export type ChainDepositEvent = ScannedEvent<Extract<ProgramEvent, { kind: 'deposited' }>>;

/** What a price is made of where it is posted; the rest follows. */
export interface PriceToPost {
  /** Hex. */
  feedId: string;
  price: bigint;
  conf: bigint;
  exponent: number;
  /** Unix seconds. */
  publishTime: number;
  emaPrice?: bigint;
}

/** `paid` also when it was before. `refused`: not as things are. `notYet`: ask again, it may be under way. */
export type WithdrawOutcome =
  | { kind: 'paid'; outcome: SendOutcome | null }
  | { kind: 'refused'; failure: ProgramFailure | null; reason: string }
  | { kind: 'impossible'; fate: 'passed' | 'expired' }
  | { kind: 'notYet'; reason: string };

/**
 * The chain as settlement sees it: one exchange of the program, its money, and the ways to move it. The
 * same code serves an embedded chain and any cluster of Solana; only the endpoints differ.
 */
export class SettlementChain {
  readonly exchange: PublicKey;
  readonly mint: PublicKey;
  readonly reader: ChainReader;
  /** What owners have asked of the chain itself. */
  readonly forced: ForcedReader;
  readonly setup: ChainSetup;
  private readonly options: SettlementChainOptions;
  private readonly sender: BookedSender;
  private readonly settler: BatchSettler;
  private readonly vaultScanner: AddressScanner<ProgramEvent>;
  private readonly exchangeScanner: AddressScanner<ProgramEvent>;
  private readonly slots = new Map<number, PublicKey>();

  constructor(options: SettlementChainOptions) {
    const { pool, keys, mint, book = noBook } = options;
    const founder = options.founder ?? keys.admin?.publicKey;
    if (founder === undefined)
      throw new RangeError('founder is needed without the key of the admin');
    this.options = options;
    this.exchange = exchangeAddress(founder);
    this.mint = mint;
    this.reader = new ChainReader(pool, this.exchange);
    this.forced = new ForcedReader(pool, this.exchange);
    this.sender = new BookedSender(new TransactionSender(pool, options.sender), book);
    this.setup = new ChainSetup({
      reader: this.reader,
      sender: this.sender,
      keys,
      mint,
      embedded: options.embedded ?? null,
    });
    this.settler = new BatchSettler(this.reader, this.sender, keys.operator, (slot) =>
      this.priceAccountOfSlot(slot),
    );
    const decode = (logs: readonly string[]) => this.decode(logs);
    const vault = vaultAddress(this.exchange);
    this.vaultScanner = new AddressScanner({ pool, address: vault, decode });
    this.exchangeScanner = new AddressScanner({ pool, address: this.exchange, decode });
  }

  /** Everything the exchange needs; what is there stays as it is. `program`: the ELF file, for an embedded chain only. */
  async setUp(program: Uint8Array | null, limits?: ExchangeLimits): Promise<void> {
    await this.options.pool.genesisHash();
    if (program !== null) await this.setup.prepareEmbedded(program);
    await this.setup.ensureExchange(limits);
  }

  state(): Promise<ExchangeState | null> {
    return this.reader.state();
  }

  markets(): Promise<MarketState[]> {
    return this.reader.markets();
  }

  rows(accountIds: Iterable<number>): Promise<Map<number, UserRow>> {
    return this.reader.rows(accountIds);
  }

  /** Requests that owners have made on the chain and that nobody has served yet, as any endpoint shows them. */
  forcedWithdrawals(): Promise<ForcedState[]> {
    return this.forced.shown();
  }

  /** Returns the slot. */
  ensureMarket(terms: MarketTerms): Promise<number> {
    return this.setup.ensureMarket(terms);
  }

  ensureUser(accountId: number, owner: PublicKey): Promise<void> {
    return this.setup.ensureUsers([{ accountId, owner }]);
  }

  ensureUsers(users: readonly UserToCreate[]): Promise<void> {
    return this.setup.ensureUsers(users);
  }

  /**
   * Tokens of `payer`'s associated account become collateral. Not idempotent: each call is a deposit, unless the book knows an attempt
   * under this name of which it is not known what became of it. Returns the signature.
   */
  async depositFor(
    accountId: number,
    amountMicroUsd: bigint,
    payer: Keypair,
    name: TransactionName = { purpose: 'deposit', reference: accountId, part: 0 },
  ): Promise<string> {
    const { mint } = this.options;
    const source = associatedTokenAccount(payer.publicKey, mint);
    const step = deposit({
      exchange: this.exchange,
      mint,
      payer: payer.publicKey,
      source,
      accountId,
      amountMicroUsd,
    });
    const label = `deposit for account ${accountId}`;
    return this.pay(name, { label, payer, instructions: [step] });
  }

  /** Tokens of `payer`'s associated account become insurance of the market. As idempotent as `depositFor`. Returns the signature. */
  async fundInsurance(
    slot: number,
    amountMicroUsd: bigint,
    payer: Keypair,
    name: TransactionName = { purpose: 'fundInsurance', reference: slot, part: 0 },
  ): Promise<string> {
    const { mint } = this.options;
    const source = associatedTokenAccount(payer.publicKey, mint);
    const { exchange } = this;
    const step = fundInsurance({
      exchange,
      mint,
      payer: payer.publicKey,
      source,
      slot,
      amountMicroUsd,
    });
    const label = `insurance of slot ${slot}`;
    return this.pay(name, { label, payer, instructions: [step] });
  }

  /** Moves collateral between two rows of one owner. `done`: enough endpoints show that the row has given this number. */
  async transfer(
    of: { fromAccountId: number; toAccountId: number; amountMicroUsd: number; number: number },
    signal?: AbortSignal,
  ): Promise<SendOutcome | 'done'> {
    const { fromAccountId, number } = of;
    if (await this.reader.hasTransferred(fromAccountId, number)) return 'done';
    const { operator } = this.options.keys;
    const amountMicroUsd = BigInt(of.amountMicroUsd);
    const { exchange } = this;
    const step = transferCollateral({
      ...of,
      exchange,
      operator: operator.publicKey,
      amountMicroUsd,
    });
    const label = `transfer ${number} of account ${fromAccountId}`;
    // The number sees to it that it is done once.
    const request = { label, payer: operator, instructions: [step], isRepeatable: true };
    const name = { purpose: 'transfer', reference: fromAccountId, part: number } as const;
    const outcome = await this.sender.send(name, request, signal);
    const isDone =
      outcome.kind === 'executed' && (await this.reader.hasTransferred(fromAccountId, number));
    return isDone ? 'done' : outcome;
  }

  settle(batch: BatchToSettle, signal?: AbortSignal): Promise<SettleOutcome> {
    return this.settler.settle(batch, signal);
  }

  /** Pays an authorised withdrawal. `signature`: of the row's owner over the authorisation. May be repeated. */
  async withdraw(
    authorisation: Authorisation,
    signature: Uint8Array,
    signal?: AbortSignal,
  ): Promise<WithdrawOutcome> {
    const fate = await this.withdrawalFate(authorisation);
    if (fate === 'paid') return { kind: 'paid', outcome: null };
    if (fate === 'passed' || fate === 'expired') return { kind: 'impossible', fate };
    const { accountId, nonce } = authorisation;
    const row = (await this.rows([accountId])).get(accountId);
    if (row === undefined) {
      return { kind: 'refused', failure: null, reason: `account ${accountId} has no row` };
    }
    const { operator, coSigner } = this.options.keys;
    const pay = withdraw({
      authorisation,
      mint: this.options.mint,
      operator: operator.publicKey,
      coSigner: coSigner.publicKey,
      positions: await this.pricedMarkets(row),
    });
    const request = {
      label: `withdrawal ${nonce} of account ${accountId}`,
      payer: operator,
      signers: [coSigner],
      instructions: [ownerSignature(authorisation, row.owner, signature), pay],
      // The nonce sees to it.
      isRepeatable: true,
    };
    const name = { purpose: 'withdraw', reference: accountId, part: Number(nonce) } as const;
    const outcome = await this.sender.send(name, request, signal);
    if (outcome.kind === 'executed') return { kind: 'paid', outcome };
    const reason = new ChainStepError(request.label, outcome).message;
    if (outcome.kind === 'expired' || outcome.kind === 'unknown') return { kind: 'notYet', reason };
    return { kind: 'refused', failure: failureOfLogs(outcome.error.logs), reason };
  }

  /** What the chain says of an authorised withdrawal, believed only when enough endpoints say it. */
  withdrawalFate(authorisation: Authorisation): Promise<WithdrawalFate> {
    return this.reader.withdrawalFate(authorisation);
  }

  /** What a key holds of the exchange's tokens; 0 without a token account. */
  tokensOf(owner: PublicKey): Promise<bigint> {
    return this.reader.tokensAt(associatedTokenAccount(owner, this.options.mint));
  }

  /** Sends instructions that need no signature but the payer's. Returns the signature. */
  sendAs(payer: Keypair, label: string, instructions: TransactionInstruction[]): Promise<string> {
    const name = { purpose: 'administration', reference: 0, part: 0 } as const;
    return this.pay(name, { label, payer, instructions });
  }

  /** Serves a request that an owner has made on the chain. */
  async serveForced(forced: ForcedState, signal?: AbortSignal): Promise<SendOutcome> {
    const { operator, coSigner } = this.options.keys;
    const { accountId, owner, destination } = forced;
    const row = (await this.rows([accountId])).get(accountId);
    const step = serveForced({
      exchange: this.exchange,
      mint: this.options.mint,
      operator: operator.publicKey,
      coSigner: coSigner.publicKey,
      owner,
      accountId,
      destination,
      positions: row === undefined ? [] : await this.pricedMarkets(row),
    });
    const label = `forced withdrawal of account ${accountId}`;
    const request = { label, payer: operator, signers: [coSigner], instructions: [step] };
    const name = { purpose: 'serveForced', reference: accountId, part: 0 } as const;
    return this.sender.send(name, request, signal);
  }

  /** Cuts a request to what can leave, or ends it when nothing can be paid to its destination; the program says whether it may. */
  async reduceForced(forced: ForcedState, signal?: AbortSignal): Promise<SendOutcome> {
    const { operator } = this.options.keys;
    const { accountId, owner, destination } = forced;
    const row = (await this.rows([accountId])).get(accountId);
    const step = reduceForced({
      exchange: this.exchange,
      owner,
      accountId,
      destination,
      positions: row === undefined ? [] : await this.pricedMarkets(row),
    });
    const label = `cut of the forced withdrawal of account ${accountId}`;
    // Cut once more, it is cut to the same.
    const request = { label, payer: operator, instructions: [step], isRepeatable: true };
    const name = { purpose: 'reduceForced', reference: accountId, part: 0 } as const;
    return this.sender.send(name, request, signal);
  }

  /** All that moved money in or out of the vault since the cursor. */
  moneyEvents(since: ScanCursor | null): Promise<ScanResult<ProgramEvent>> {
    return this.vaultScanner.scan(since);
  }

  /** Deposits since the cursor. Keep them and the cursor together. */
  async deposits(
    since: ScanCursor | null,
  ): Promise<Omit<ScanResult<ProgramEvent>, 'events'> & { events: ChainDepositEvent[] }> {
    const result = await this.vaultScanner.scan(since);
    const events = result.events.filter((one): one is ChainDepositEvent => {
      return one.event.kind === 'deposited';
    });
    return { ...result, events };
  }

  /** Everything that the program told of this exchange, batches too. */
  allEvents(since: ScanCursor | null): Promise<ScanResult<ProgramEvent>> {
    return this.exchangeScanner.scan(since);
  }

  /** Every batch since the first, with its bytes, out of the chain's own history; see `settledBatches`. */
  settledBatches(): AsyncGenerator<SettledBatch> {
    return settledBatches(this.options.pool, this.exchange);
  }

  /** Posts prices where the program reads them; on an embedded chain only. */
  async postPrices(prices: readonly PriceToPost[]): Promise<void> {
    const { embedded } = this.options;
    if (embedded === undefined) throw new Error('prices are posted by Pyth on this chain');
    const posted = prices.map((one) => ({
      address: this.priceAccountOf(one.feedId).toBase58(),
      update: asUpdate(one),
    }));
    await embedded.postPrices(posted);
  }

  priceAccountOf(feedId: string): PublicKey {
    return (this.options.priceAccountOf ?? priceAccountAddress)(feedId);
  }

  async priceAccountOfSlot(slot: number): Promise<PublicKey> {
    if (!this.slots.has(slot)) {
      for (const market of await this.reader.markets()) {
        const feedId = Buffer.from(market.feedId).toString('hex');
        this.slots.set(market.slot, this.priceAccountOf(feedId));
      }
    }
    const found = this.slots.get(slot);
    if (found === undefined) throw new RangeError(`slot ${slot} has no market on the chain`);
    return found;
  }

  pricedMarkets(row: UserRow): Promise<PricedMarket[]> {
    return Promise.all(
      row.positions.map(async ({ slot }) => ({
        slot,
        priceAccount: await this.priceAccountOfSlot(slot),
      })),
    );
  }

  /** Several exchanges can lie in one program, and one transaction can name them all. */
  private decode(logs: readonly string[]) {
    const { events, isTruncated } = decodeEvents(logs);
    return { events: events.filter((event) => event.exchange.equals(this.exchange)), isTruncated };
  }

  private async pay(
    name: Parameters<BookedSender['send']>[0],
    request: Parameters<BookedSender['send']>[1],
  ): Promise<string> {
    const outcome = mustExecute(
      request.label,
      await this.sender.send(name, { ...request, isOneOfMany: true }),
    );
    return outcome.attempt.signature;
  }
}

function asUpdate(one: PriceToPost): PriceUpdate {
  return {
    writeAuthority: PublicKey.default.toBase58(),
    partialSignatures: null,
    feedId: one.feedId,
    price: one.price,
    conf: one.conf,
    exponent: one.exponent,
    publishTime: one.publishTime,
    previousPublishTime: one.publishTime - 1,
    emaPrice: one.emaPrice ?? one.price,
    emaConf: one.conf,
    postedSlot: 0,
  };
}
