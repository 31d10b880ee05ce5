import { type PublicKey, SystemProgram, type TransactionInstruction } from '@solana/web3.js';
import {
  exchangeAddress,
  marketAddress,
  pageAddress,
  pageNumberOf,
  TOKEN_PROGRAM_ID,
  vaultAddress,
} from './addresses.js';
import { buildInstruction, payer, readOnly, signer, writable } from './instruction.js';
import { GROWTH_BYTES, PAGE_BYTES } from './sizes.js';
import {
  type ExchangeLimits,
  type MarketTerms,
  writeExchangeLimits,
  writeMarketTerms,
} from './terms.js';

/** Makes an exchange; `founder` signs, pays and becomes its administrator. Operator, co-signer and founder are three keys. */
export function initialize(of: {
  founder: PublicKey;
  operator: PublicKey;
  coSigner: PublicKey;
  mint: PublicKey;
  /** Token account of the mint that fees go to. */
  feeDestination: PublicKey;
  limits: ExchangeLimits;
}): TransactionInstruction {
  const exchange = exchangeAddress(of.founder);
  const keys = [
    payer(of.founder),
    readOnly(of.mint),
    writable(exchange),
    writable(vaultAddress(exchange)),
    readOnly(of.feeDestination),
    readOnly(TOKEN_PROGRAM_ID),
    readOnly(SystemProgram.programId),
  ];
  return buildInstruction('initialize', keys, (writer) => {
    writer.raw(of.operator.toBytes());
    writer.raw(of.coSigner.toBytes());
    writeExchangeLimits(writer, of.limits);
  });
}

/** Adds the market of the next free slot. Its first batch waits for the time lock when the exchange has settled or holds money. */
export function addMarket(of: {
  exchange: PublicKey;
  admin: PublicKey;
  slot: number;
  terms: MarketTerms;
}): TransactionInstruction {
  const keys = [
    payer(of.admin),
    writable(of.exchange),
    writable(marketAddress(of.exchange, of.slot)),
    readOnly(SystemProgram.programId),
  ];
  return buildInstruction('add_market', keys, (writer) => {
    writer.u8(of.slot);
    writeMarketTerms(writer, of.terms);
  });
}

/**
 * Makes the page of the next number, whole: accounts may only grow by 10,240 bytes an instruction. All of them fit one transaction and
 * ask for a compute limit of `CREATE_PAGE_COMPUTE_UNITS`.
 */
export function createPage(of: {
  exchange: PublicKey;
  operator: PublicKey;
  number: number;
}): TransactionInstruction[] {
  const page = pageAddress(of.exchange, of.number);
  const keys = [
    payer(of.operator),
    writable(of.exchange),
    writable(page),
    readOnly(SystemProgram.programId),
  ];
  const create = buildInstruction('create_page', keys, (writer) => writer.u32(of.number));
  const steps = Math.ceil(PAGE_BYTES / GROWTH_BYTES) - 1;
  const grow = Array.from({ length: steps }, () => growPage(of.exchange, of.number));
  return [create, ...grow];
}

/** Makes a page longer by up to 10,240 bytes; needed by itself only when `createPage` was cut short. */
export function growPage(exchange: PublicKey, number: number): TransactionInstruction {
  return buildInstruction('grow_page', [writable(pageAddress(exchange, number))]);
}

export const CREATE_PAGE_COMPUTE_UNITS = 300_000;

/** Gives the row of an account to its owner, for good. Repeating it is harmless. */
export function createUser(of: {
  exchange: PublicKey;
  operator: PublicKey;
  accountId: number;
  owner: PublicKey;
}): TransactionInstruction {
  const page = pageAddress(of.exchange, pageNumberOf(of.accountId));
  const keys = [signer(of.operator), readOnly(of.exchange), writable(page)];
  return buildInstruction('create_user', keys, (writer) => {
    writer.u32(of.accountId);
    writer.raw(of.owner.toBytes());
  });
}
