import { base58 } from '@scure/base';
import { PublicKey } from '@solana/web3.js';
import { ConflictError } from '../ledger/errors.js';
import type { SettlementLedger } from '../ledger/ledger.js';
import type { LedgerWithdrawal, WithdrawalState } from '../ledger/withdrawals.js';
import { isAuthorised } from '../program/authorisation.js';
import { CustodyProblem, invalid } from './custody-problem.js';
import { usdText } from './usd-text.js';

export interface WithdrawalContext {
  readonly ledger: SettlementLedger;
  readonly exchange: PublicKey;
  readonly nowSeconds: () => number;
  /** Whether this is a token account of the exchange's token that takes money. */
  readonly canReceive: (destination: PublicKey) => Promise<boolean>;
  /** Nonce of the last withdrawal that the chain has seen of this account. */
  readonly chainNonce: (accountId: number) => Promise<bigint>;
}

const ACCOUNT_ID_MAX = 2 ** 32 - 1;
const AMOUNT = /^\d{1,10}(\.\d{1,6})?$/;
const KEY_BYTES = 32;
const SIGNATURE_BYTES = 64;
/** Shorter, and it could expire before its batch is settled; the program takes none that lives longer than a week. */
const LIVES_SECONDS_MIN = 60;
const LIVES_SECONDS_MAX = 7 * 86_400;
const FIELDS = ['accountId', 'nonce', 'amount', 'destination', 'expiresAt', 'signature'];
const LISTED_MAX = 100;
const ENDED: readonly WithdrawalState[] = ['completed', 'refused', 'givenBack'];

interface Wanted {
  accountId: number;
  nonce: number;
  amountMicroUsd: number;
  destination: Uint8Array;
  expirySeconds: number;
  signature: Uint8Array;
}

/**
 * Requests of owners to pay out. The signature is all the authority there is: it is checked here, so that nobody waits for what the chain
 * would refuse, and once more by the program.
 */
export class WithdrawalRequests {
  private readonly context: WithdrawalContext;

  constructor(context: WithdrawalContext) {
    this.context = context;
  }

  /** The same request again answers what has become of it. */
  async request(body: unknown): Promise<object> {
    const wanted = read(body);
    const { ledger } = this.context;
    const known = ledger.withdrawals.find(wanted.accountId, wanted.nonce);
    if (known === null) {
      this.checkAuthority(wanted);
      this.checkTime(wanted);
      this.refuseSecond(wanted);
      await this.checkNonce(wanted);
      await this.checkDestination(wanted);
      // While the chain was asked another one may have come.
      this.refuseSecond(wanted);
    }
    try {
      const { withdrawal } = ledger.withdrawals.request(wanted);
      return this.shown(withdrawal);
    } catch (error) {
      if (!(error instanceof ConflictError)) throw error;
      const sentence = `nonce ${wanted.nonce} of account ${wanted.accountId} was used for another withdrawal`;
      throw new CustodyProblem(409, 'nonce_is_used', sentence, 'nonce');
    }
  }

  one(idText: string | undefined): object {
    const id = wholeNumber('id', idText, Number.MAX_SAFE_INTEGER);
    try {
      return this.shown(this.context.ledger.withdrawals.get(id));
    } catch {
      throw new CustodyProblem(404, 'unknown_withdrawal', `there is no withdrawal ${id}`, 'id');
    }
  }

  ofAccount(accountText: string | undefined): object {
    const accountId = wholeNumber('accountId', accountText, ACCOUNT_ID_MAX);
    const { withdrawals } = this.context.ledger;
    const listed = withdrawals.listOfAccount(accountId, LISTED_MAX);
    return { data: listed.map((withdrawal) => this.shown(withdrawal)) };
  }

  private checkAuthority(wanted: Wanted): void {
    const account = this.context.ledger.catalogue.account(wanted.accountId);
    if (account === null || account.ownerKey === null) {
      const sentence = `accountId ${wanted.accountId} is not known to settlement, or has no key of its owner`;
      throw new CustodyProblem(404, 'unknown_account', sentence, 'accountId');
    }
    const authorisation = {
      exchange: this.context.exchange,
      accountId: wanted.accountId,
      nonce: BigInt(wanted.nonce),
      amountMicroUsd: BigInt(wanted.amountMicroUsd),
      destination: new PublicKey(wanted.destination),
      expiresAtSeconds: BigInt(wanted.expirySeconds),
    };
    const owner = new PublicKey(account.ownerKey);
    if (isAuthorised(authorisation, owner, wanted.signature)) return;
    const sentence = `signature must be that of ${owner.toBase58()} over the authorisation with these very values`;
    throw new CustodyProblem(401, 'signature_is_wrong', sentence, 'signature');
  }

  private checkTime({ expirySeconds }: Wanted): void {
    const lives = expirySeconds - this.context.nowSeconds();
    if (lives >= LIVES_SECONDS_MIN && lives <= LIVES_SECONDS_MAX) return;
    const sentence = `expiresAt must be ${LIVES_SECONDS_MIN} to ${LIVES_SECONDS_MAX} seconds from now, but is ${lives}`;
    throw new CustodyProblem(400, 'field_is_invalid', sentence, 'expiresAt');
  }

  /** Nonces only rise on chain: one that is passed over can never be used, so withdrawals of an account go one by one. */
  private refuseSecond({ accountId, nonce }: Wanted): void {
    const open = this.context.ledger.withdrawals
      .listOfAccount(accountId, LISTED_MAX)
      .find((other) => other.nonce !== nonce && !ENDED.includes(other.state));
    if (open === undefined) return;
    const sentence = `withdrawal ${open.id} of account ${accountId} is ${open.state}: one at a time`;
    throw new CustodyProblem(409, 'withdrawal_is_under_way', sentence);
  }

  private async checkNonce({ accountId, nonce }: Wanted): Promise<void> {
    const last = await this.lastNonce(accountId);
    if (BigInt(nonce) > last) return;
    const sentence = `nonce must be above ${last}, the last one that the chain has seen, but is ${nonce}`;
    throw new CustodyProblem(409, 'nonce_is_used', sentence, 'nonce');
  }

  private lastNonce(accountId: number): Promise<bigint> {
    const asked = this.context.chainNonce(accountId);
    return answered(asked, `what account ${accountId} has withdrawn`);
  }

  /** Nobody could be paid there, and the money would be off the collateral until the signature expires. */
  private async checkDestination({ destination }: Wanted): Promise<void> {
    const address = new PublicKey(destination);
    const what = `whether ${address.toBase58()} can be paid to`;
    if (await answered(this.context.canReceive(address), what)) return;
    const sentence = `destination must be a token account of the exchange's token that can receive, but ${address.toBase58()} is none; make it first`;
    throw new CustodyProblem(400, 'field_is_invalid', sentence, 'destination');
  }

  private shown(withdrawal: LedgerWithdrawal): object {
    const { id, accountId, nonce, amountMicroUsd, state, expirySeconds, reason } = withdrawal;
    const history = this.context.ledger.withdrawals.history(id);
    return {
      id,
      accountId,
      nonce,
      amount: usdText(amountMicroUsd),
      destination: base58.encode(withdrawal.destination),
      expiresAt: expirySeconds,
      state,
      reason,
      history: history.map(({ state: was, timeMs, note }) => ({ state: was, timeMs, note })),
    };
  }
}

/** @throws CustodyProblem when the chain does not answer what it was asked */
async function answered<Answer>(asked: Promise<Answer>, what: string): Promise<Answer> {
  try {
    return await asked;
  } catch {
    const sentence = `the chain does not answer ${what}: nothing was kept, ask again later`;
    throw new CustodyProblem(503, 'chain_is_away', sentence);
  }
}

export function wholeNumber(field: string, text: string | undefined, most: number): number {
  const value = Number(text);
  if (text !== undefined && /^\d{1,16}$/.test(text) && value >= 1 && value <= most) return value;
  throw invalid(field, `a whole number from 1 to ${most}`, text);
}

function read(body: unknown): Wanted {
  if (typeof body !== 'object' || body === null || Array.isArray(body)) {
    throw invalid('the body', 'an object', body);
  }
  const fields = body as Record<string, unknown>;
  const unknown = Object.keys(fields).find((name) => !FIELDS.includes(name));
  if (unknown !== undefined) throw invalid(unknown, `one of ${FIELDS.join(', ')}`, fields[unknown]);
  return {
    accountId: integer('accountId', fields.accountId, ACCOUNT_ID_MAX),
    nonce: integer('nonce', fields.nonce, Number.MAX_SAFE_INTEGER),
    amountMicroUsd: amount(fields.amount),
    destination: bytes('destination', fields.destination, KEY_BYTES),
    expirySeconds: integer('expiresAt', fields.expiresAt, 2 ** 40),
    signature: bytes('signature', fields.signature, SIGNATURE_BYTES),
  };
}

function integer(field: string, value: unknown, most: number): number {
  if (typeof value === 'number' && Number.isInteger(value) && value >= 1 && value <= most) {
    return value;
  }
  throw invalid(field, `an integer from 1 to ${most}`, value);
}

function amount(value: unknown): number {
  if (typeof value !== 'string' || !AMOUNT.test(value)) {
    throw invalid('amount', 'a decimal in quotes with at most 6 places', value);
  }
  const [whole = '', fraction = ''] = value.split('.');
  const microUsd = Number(whole) * 1_000_000 + Number(fraction.padEnd(6, '0'));
  if (microUsd < 1 || microUsd > 2 ** 52)
    throw invalid('amount', 'above 0 and at most 2^52 micro-USD', value);
  return microUsd;
}

function bytes(field: string, value: unknown, length: number): Uint8Array {
  let decoded: Uint8Array | null = null;
  try {
    decoded = typeof value === 'string' && value.length <= 2 * length ? base58.decode(value) : null;
  } catch {
    // The sentence below says it.
  }
  if (decoded?.length === length) return decoded;
  throw invalid(field, `${length} bytes in base58`, value);
}
