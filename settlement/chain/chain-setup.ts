import { createHash } from 'node:crypto';
import type { Keypair, PublicKey } from '@solana/web3.js';
import { exchangeAddress, PROGRAM_ID, pageNumberOf } from '../program/addresses.js';
import {
  addMarket,
  CREATE_PAGE_COMPUTE_UNITS,
  createPage,
  createUser,
  growPage,
  initialize,
} from '../program/set-up-instructions.js';
import { GROWTH_BYTES, PAGE_BYTES } from '../program/sizes.js';
import {
  DEFAULT_EXCHANGE_LIMITS,
  type ExchangeLimits,
  type MarketTerms,
} from '../program/terms.js';
import type { ChainReader } from './chain-reader.js';
import type { EmbeddedOperator } from './embedded-operator.js';
import { associatedTokenAccount, createTokenAccount } from './token-instructions.js';
import { type BookedSender, mustExecute, type TransactionName } from './transaction-book.js';

/** Three keys apart: the program refuses an exchange on which two are the same. */
export interface ChainKeys {
  /** Makes the exchange and its markets; null where the administrator works from another machine. */
  admin: Keypair | null;
  operator: Keypair;
  coSigner: Keypair;
}

export interface ChainSetupOptions {
  reader: ChainReader;
  sender: BookedSender;
  keys: ChainKeys;
  mint: PublicKey;
  /** Only of an embedded chain. */
  embedded: EmbeddedOperator | null;
}

export interface UserToCreate {
  accountId: number;
  owner: PublicKey;
}

/** The chain does not have what only the administrator can make. */
export class ChainSetupError extends Error {
  override readonly name = 'ChainSetupError';
}

/** One unit of the token is a micro-USD. */
const USD_DECIMALS = 6;
const KEY_LAMPORTS = 100_000_000_000;
/** So many rows of one page fit a transaction: 37 bytes of data and 4 of frame each. */
const USERS_A_TRANSACTION = 18;
const TRANSACTIONS_AT_ONCE = 6;
/** Of instructions that make a page whole, in transactions that each grow it by this many steps. */
const GROWTHS_A_TRANSACTION = 40;

/** Makes what an exchange needs on the chain, each thing only when it is missing, so it can be asked for at every start. */
export class ChainSetup {
  private readonly options: ChainSetupOptions;

  constructor(options: ChainSetupOptions) {
    this.options = options;
  }

  /** On an embedded chain: deploys the program when it is another, and gives the keys what fees need. */
  async prepareEmbedded(program: Uint8Array): Promise<void> {
    const { embedded } = this.options;
    if (embedded === null) throw new ChainSetupError('only an embedded chain can be prepared');
    const { programs } = await embedded.describe();
    const wanted = createHash('sha256').update(program).digest('hex');
    const id = PROGRAM_ID.toBase58();
    if (programs[id] !== wanted) await embedded.deployProgram(id, program);
    await this.fundKeys();
  }

  /** Gives the keys what fees need when it runs low; on an embedded chain only. Ask for it from time to time. */
  async fundKeys(): Promise<void> {
    const { embedded, keys } = this.options;
    if (embedded === null) throw new ChainSetupError('only an embedded chain gives what fees need');
    for (const key of [keys.admin, keys.operator, keys.coSigner]) {
      if (key === null) continue;
      const address = key.publicKey.toBase58();
      if ((await embedded.lamportsOf(address)) >= KEY_LAMPORTS / 2) continue;
      await embedded.giveLamports(address, KEY_LAMPORTS);
    }
  }

  /** The exchange itself, with its first page. */
  async ensureExchange(limits: ExchangeLimits = DEFAULT_EXCHANGE_LIMITS): Promise<void> {
    const { reader, keys, mint } = this.options;
    if ((await reader.state()) === null) {
      const admin = this.admin('initialise the exchange');
      const founder = admin.publicKey;
      await this.refuseUnfit(founder);
      const feeDestination = associatedTokenAccount(founder, mint);
      const [operator, coSigner] = [keys.operator.publicKey, keys.coSigner.publicKey];
      await this.send({ purpose: 'administration', reference: 1, part: 0 }, 'the exchange', admin, [
        createTokenAccount(founder, founder, mint),
        initialize({ founder, operator, coSigner, mint, feeDestination, limits }),
      ]);
    }
    await this.ensurePages(0);
  }

  /** Before it is made for good: it has to be the one that is wanted, and its money has to be counted in micro-USD. */
  private async refuseUnfit(founder: PublicKey): Promise<void> {
    const { reader, mint } = this.options;
    const made = exchangeAddress(founder);
    if (!made.equals(reader.exchange)) {
      throw new ChainSetupError(
        `the chain has no exchange at ${reader.exchange.toBase58()}, and the administrator's key makes ${made.toBase58()}`,
      );
    }
    const decimals = await reader.mintDecimals(mint);
    if (decimals === USD_DECIMALS) return;
    const is = decimals === null ? 'is none' : `has ${decimals}`;
    throw new ChainSetupError(
      `the mint must be a token with ${USD_DECIMALS} decimal places, but ${mint.toBase58()} ${is}`,
    );
  }

  /** Pages up to and with this number, each of its whole size. */
  async ensurePages(last: number): Promise<void> {
    const { reader, keys } = this.options;
    const exchange = reader.exchange;
    const made = (await reader.state())?.pageCount ?? 0;
    // One that exists may have been cut short while it grew.
    for (let number = Math.max(0, made - 1); number <= last; number++) {
      const data = await reader.pageData(number);
      if (data !== null && data.length >= PAGE_BYTES) continue;
      const operator = keys.operator.publicKey;
      const missing = Math.ceil((PAGE_BYTES - (data?.length ?? 0)) / GROWTH_BYTES);
      const steps =
        data === null
          ? createPage({ exchange, operator, number })
          : Array.from({ length: missing }, () => growPage(exchange, number));
      for (let part = 0; part * GROWTHS_A_TRANSACTION < steps.length; part++) {
        const from = part * GROWTHS_A_TRANSACTION;
        const some = steps.slice(from, from + GROWTHS_A_TRANSACTION);
        const name = { purpose: 'createPage', reference: number, part } as const;
        const limit = CREATE_PAGE_COMPUTE_UNITS;
        await this.send(name, `page ${number}`, keys.operator, some, limit);
      }
    }
  }

  /** Slot of the market; adds it when the chain does not have it. Terms of one that is there are not changed. */
  async ensureMarket(terms: MarketTerms): Promise<number> {
    const { reader } = this.options;
    const markets = await reader.markets();
    const found = markets.find(({ engineMarketId }) => engineMarketId === terms.engineMarketId);
    if (found !== undefined) {
      checkSameMarket(found, terms);
      return found.slot;
    }
    const admin = this.admin(`add market ${terms.symbol}`);
    const slot = markets.length;
    const name = { purpose: 'addMarket', reference: terms.engineMarketId, part: 0 } as const;
    const { exchange } = reader;
    const add = addMarket({ exchange, admin: admin.publicKey, slot, terms });
    await this.send(name, `market ${terms.symbol}`, admin, [add]);
    return slot;
  }

  /** Rows for accounts that have none, and the pages they are on. Throws when a row belongs to another key. */
  async ensureUsers(users: readonly UserToCreate[]): Promise<void> {
    const { reader } = this.options;
    if (users.length === 0) return;
    await this.ensurePages(Math.max(...users.map(({ accountId }) => pageNumberOf(accountId))));
    const rows = await reader.rows(users.map(({ accountId }) => accountId));
    const missing: UserToCreate[] = [];
    for (const user of users) {
      const row = rows.get(user.accountId);
      if (row === undefined) missing.push(user);
      else if (!row.owner.equals(user.owner)) throw otherOwner(user, row.owner);
    }
    missing.sort((a, b) => a.accountId - b.accountId);
    const groups = groupsOfOnePage(missing);
    const lane = async () => {
      for (let group = groups.shift(); group !== undefined; group = groups.shift()) {
        await this.createUsers(group);
      }
    };
    await Promise.all(Array.from({ length: TRANSACTIONS_AT_ONCE }, lane));
  }

  private async createUsers(users: readonly UserToCreate[]): Promise<void> {
    const { reader, keys } = this.options;
    const operator = keys.operator.publicKey;
    const { exchange } = reader;
    const steps = users.map((user) => createUser({ exchange, operator, ...user }));
    const reference = users[0]?.accountId ?? 0;
    const name = { purpose: 'createAccounts', reference, part: 0 } as const;
    await this.send(name, `rows from ${reference} on`, keys.operator, steps);
  }

  private admin(toDo: string): Keypair {
    const { admin } = this.options.keys;
    if (admin !== null) return admin;
    throw new ChainSetupError(`the key of the administrator is needed to ${toDo}`);
  }

  private async send(
    name: TransactionName,
    label: string,
    payer: Keypair,
    instructions: Parameters<BookedSender['send']>[1]['instructions'],
    computeUnitLimit?: number,
  ): Promise<void> {
    const limit = computeUnitLimit === undefined ? {} : { computeUnitLimit };
    const request = { label, payer, instructions, isRepeatable: true, ...limit };
    mustExecute(label, await this.options.sender.send(name, request));
  }
}

/** What fits a transaction: each further page would take room for another account. `users` ascend. */
function groupsOfOnePage(users: readonly UserToCreate[]): UserToCreate[][] {
  const groups: UserToCreate[][] = [];
  for (const user of users) {
    const group = groups.at(-1);
    const [first] = group ?? [];
    const isOfPage =
      first !== undefined && pageNumberOf(first.accountId) === pageNumberOf(user.accountId);
    if (group === undefined || !isOfPage || group.length === USERS_A_TRANSACTION)
      groups.push([user]);
    else group.push(user);
  }
  return groups;
}

/** What a market's money means may never change: it would make other positions of those there are. */
function checkSameMarket(
  found: Pick<
    MarketTerms,
    'feedId' | 'microUsdNumerator' | 'microUsdDenominator' | 'tickMantissa' | 'tickExponent'
  > & {
    slot: number;
  },
  terms: MarketTerms,
): void {
  const fields = [
    'microUsdNumerator',
    'microUsdDenominator',
    'tickMantissa',
    'tickExponent',
  ] as const;
  for (const field of fields) {
    if (found[field] === terms[field]) continue;
    const sentence = `${field} is ${found[field]} on the chain, and ${terms[field]} here`;
    throw new ChainSetupError(`market ${terms.symbol} (slot ${found.slot}): ${sentence}`);
  }
  if (Buffer.compare(found.feedId, terms.feedId) === 0) return;
  const [there, here] = [found.feedId, terms.feedId].map((id) => Buffer.from(id).toString('hex'));
  const sentence = `its price feed is ${there} on the chain, and ${here} here`;
  throw new ChainSetupError(`market ${terms.symbol} (slot ${found.slot}): ${sentence}`);
}

function otherOwner(user: UserToCreate, owner: PublicKey): ChainSetupError {
  const sentence = `belongs to ${owner.toBase58()} on the chain, not to ${user.owner.toBase58()}`;
  return new ChainSetupError(`the row of account ${user.accountId} ${sentence}`);
}
