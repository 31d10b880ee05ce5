import { type Connection, type PublicKey, SYSVAR_CLOCK_PUBKEY } from '@solana/web3.js';
import {
  decodeExchange,
  decodeMarket,
  decodeRow,
  decodeRows,
  decodeStage,
  type ExchangeState,
  type MarketState,
  type StageState,
  type UserRow,
} from '../program/accounts.js';
import {
  marketAddress,
  pageAddress,
  pageNumberOf,
  stageAddress,
  vaultAddress,
} from '../program/addresses.js';
import { type Authorisation, authorisationTag } from '../program/authorisation.js';
import type { EndpointPool } from './endpoint-pool.js';

/**
 * What the chain says of an authorised withdrawal. `paid`: it was. `passed`: a later nonce was used, so
 * it was paid before or never will be; the events tell. `expired`: it was not paid and can never be.
 * `open`: it still can. `uncertain`: too few endpoints say the same.
 */
export type WithdrawalFate = 'paid' | 'passed' | 'expired' | 'open' | 'uncertain';

/** A page is a third of a megabyte: not many in one answer. */
const PAGES_A_CALL = 4;
const UNIX_TIME_AT = 32;
/** Of the amount within a token account. */
const TOKEN_AMOUNT_AT = 64;
const TOKEN_ACCOUNT_BYTES = 165;
const TOKEN_MINT_BYTES = 32;
/** 0: not made yet, 2: frozen by the token's issuer. */
const TOKEN_STATE_AT = 108;
const TOKEN_INITIALIZED = 1;
const MINT_BYTES = 82;
const MINT_DECIMALS_AT = 44;

/** Reads the accounts of one exchange. Rejects with NoEndpointError when no endpoint answers. */
export class ChainReader {
  readonly exchange: PublicKey;
  private readonly pool: EndpointPool;

  constructor(pool: EndpointPool, exchange: PublicKey) {
    this.pool = pool;
    this.exchange = exchange;
  }

  /** Null: it was not initialised. */
  async state(): Promise<ExchangeState | null> {
    const data = await this.account(this.exchange);
    return data === null ? null : decodeExchange(data);
  }

  /** As enough endpoints say it; `uncertain`: they differ, because one is behind or lies, or too few answer. */
  async agreedState(): Promise<ExchangeState | null | 'uncertain'> {
    if (this.pool.agreement === 1) return this.state();
    const answers = await this.pool.askAll((connection) =>
      connection.getAccountInfo(this.exchange, this.commitment),
    );
    const counts = new Map<string, number>();
    for (const { answer } of answers) {
      const text = answer?.data.toString('base64') ?? '';
      const count = (counts.get(text) ?? 0) + 1;
      if (count >= this.pool.agreement) {
        return text === '' ? null : decodeExchange(Buffer.from(text, 'base64'));
      }
      counts.set(text, count);
    }
    return 'uncertain';
  }

  /** By slot, without gaps. */
  async markets(): Promise<MarketState[]> {
    const count = (await this.state())?.marketCount ?? 0;
    const keys = Array.from({ length: count }, (_, slot) => marketAddress(this.exchange, slot));
    const accounts = await this.accounts(keys);
    return accounts.map((data, slot) => decodeMarket(present(data, `market ${slot}`)));
  }

  /** Rows that somebody has; an account without one is not in it. */
  async rows(accountIds: Iterable<number>): Promise<Map<number, UserRow>> {
    const wanted = new Map<number, number[]>();
    for (const accountId of accountIds) {
      const page = pageNumberOf(accountId);
      wanted.set(page, [...(wanted.get(page) ?? []), accountId]);
    }
    const rows = new Map<number, UserRow>();
    for await (const [number, data] of this.pages([...wanted.keys()])) {
      for (const accountId of wanted.get(number) ?? []) {
        const row = decodeRow(data, accountId);
        if (row !== null) rows.set(accountId, row);
      }
    }
    return rows;
  }

  /** Every row of the exchange, by account. */
  async *allRows(): AsyncGenerator<UserRow> {
    const count = (await this.state())?.pageCount ?? 0;
    const numbers = Array.from({ length: count }, (_, number) => number);
    for await (const [, data] of this.pages(numbers)) yield* decodeRows(data);
  }

  /** Null: there is no such stage. */
  async stage(index: number): Promise<StageState | null> {
    const data = await this.account(stageAddress(this.exchange, index));
    return data === null ? null : decodeStage(data);
  }

  /** Bytes of a page and of its account as it is now; null: not made. */
  pageData(number: number): Promise<Buffer | null> {
    return this.account(pageAddress(this.exchange, number));
  }

  /** What the vault holds, in micro-USD. */
  vaultMicroUsd(): Promise<bigint> {
    return this.tokensAt(vaultAddress(this.exchange));
  }

  /** Whether the address is a token account of this mint that takes money now. */
  async canReceive(address: PublicKey, mint: PublicKey): Promise<boolean> {
    const data = await this.account(address);
    if (data?.length !== TOKEN_ACCOUNT_BYTES) return false;
    const isOfMint = mint.toBuffer().equals(data.subarray(0, TOKEN_MINT_BYTES));
    return isOfMint && data.readUInt8(TOKEN_STATE_AT) === TOKEN_INITIALIZED;
  }

  /** Decimal places of a token; null: there is no such mint. */
  async mintDecimals(mint: PublicKey): Promise<number | null> {
    const data = await this.account(mint);
    return data?.length === MINT_BYTES ? data.readUInt8(MINT_DECIMALS_AT) : null;
  }

  /** What a token account holds, in micro-USD; 0 when there is none. */
  async tokensAt(address: PublicKey): Promise<bigint> {
    const data = await this.account(address);
    return data === null ? 0n : data.readBigUInt64LE(TOKEN_AMOUNT_AT);
  }

  /**
   * Row and clock come from one block of each endpoint, and as many endpoints as must agree have to say
   * the same: money is given back on this word.
   */
  async withdrawalFate(authorisation: Authorisation): Promise<WithdrawalFate> {
    const answers = await this.pool.askAll((connection) => this.fateAt(connection, authorisation));
    const counts = new Map<WithdrawalFate, number>();
    for (const { answer } of answers) counts.set(answer, (counts.get(answer) ?? 0) + 1);
    for (const [fate, count] of counts) if (count >= this.pool.agreement) return fate;
    return 'uncertain';
  }

  /** Whether as many endpoints as must agree show this transfer out of the account, or a later one. */
  async hasTransferred(accountId: number, number: number): Promise<boolean> {
    const key = pageAddress(this.exchange, pageNumberOf(accountId));
    const answers = await this.pool.askAll(async (connection) => {
      const page = await connection.getAccountInfo(key, this.commitment);
      const row = page === null ? null : decodeRow(page.data, accountId);
      return row !== null && row.transfers >= number;
    });
    return answers.filter(({ answer }) => answer).length >= this.pool.agreement;
  }

  private async fateAt(
    connection: Connection,
    authorisation: Authorisation,
  ): Promise<WithdrawalFate> {
    const { accountId, nonce, expiresAtSeconds } = authorisation;
    const keys = [SYSVAR_CLOCK_PUBKEY, pageAddress(this.exchange, pageNumberOf(accountId))];
    const [clock, page] = await connection.getMultipleAccountsInfo(keys, this.commitment);
    const nowSeconds = present(clock?.data ?? null, 'the clock').readBigInt64LE(UNIX_TIME_AT);
    const row = decodeRow(present(page?.data ?? null, `the page of ${accountId}`), accountId);
    if (row !== null && row.nonce >= nonce) {
      const isThis = Buffer.compare(row.nonceTag, authorisationTag(authorisation)) === 0;
      return row.nonce === nonce && isThis ? 'paid' : 'passed';
    }
    return nowSeconds >= expiresAtSeconds ? 'expired' : 'open';
  }

  private async *pages(numbers: readonly number[]): AsyncGenerator<[number, Buffer]> {
    const sorted = [...numbers].sort((a, b) => a - b);
    for (let from = 0; from < sorted.length; from += PAGES_A_CALL) {
      const some = sorted.slice(from, from + PAGES_A_CALL);
      const keys = some.map((number) => pageAddress(this.exchange, number));
      const accounts = await this.accounts(keys);
      for (const [i, data] of accounts.entries()) {
        if (data !== null) yield [some[i] as number, data];
      }
    }
  }

  private async account(key: PublicKey): Promise<Buffer | null> {
    return (await this.accounts([key]))[0] ?? null;
  }

  private async accounts(keys: PublicKey[]): Promise<(Buffer | null)[]> {
    if (keys.length === 0) return [];
    const found = await this.pool.ask((connection) =>
      connection.getMultipleAccountsInfo(keys, this.commitment),
    );
    return found.map((account) => account?.data ?? null);
  }

  private get commitment(): 'confirmed' | 'finalized' {
    return this.pool.commitment === 'finalized' ? 'finalized' : 'confirmed';
  }
}

function present<T>(value: T | null, what: string): T {
  if (value === null) throw new Error(`${what} is not on the chain`);
  return value;
}
