import {
  type PublicKey,
  SYSVAR_INSTRUCTIONS_PUBKEY,
  type TransactionInstruction,
} from '@solana/web3.js';
import {
  forcedAddress,
  marketAddress,
  pageAddress,
  pageNumberOf,
  TOKEN_PROGRAM_ID,
  vaultAddress,
} from './addresses.js';
import type { Authorisation } from './authorisation.js';
import { buildInstruction, type PricedMarket, readOnly, signer, writable } from './instruction.js';

/** Tokens of `source` become collateral of the account. `payer` is the owner of `source` and signs; anybody may pay for anybody. */
export function deposit(of: {
  exchange: PublicKey;
  mint: PublicKey;
  payer: PublicKey;
  source: PublicKey;
  accountId: number;
  amountMicroUsd: bigint;
}): TransactionInstruction {
  const keys = [
    signer(of.payer),
    writable(of.exchange),
    writable(pageAddress(of.exchange, pageNumberOf(of.accountId))),
    readOnly(of.mint),
    writable(vaultAddress(of.exchange)),
    writable(of.source),
    readOnly(TOKEN_PROGRAM_ID),
  ];
  return buildInstruction('deposit', keys, (writer) => {
    writer.u32(of.accountId);
    writer.u64(of.amountMicroUsd);
  });
}

/** Tokens of `source` become insurance of the market. */
export function fundInsurance(of: {
  exchange: PublicKey;
  mint: PublicKey;
  payer: PublicKey;
  source: PublicKey;
  slot: number;
  amountMicroUsd: bigint;
}): TransactionInstruction {
  const keys = [
    signer(of.payer),
    writable(of.exchange),
    writable(marketAddress(of.exchange, of.slot)),
    readOnly(of.mint),
    writable(vaultAddress(of.exchange)),
    writable(of.source),
    readOnly(TOKEN_PROGRAM_ID),
  ];
  return buildInstruction('fund_insurance', keys, (writer) => writer.u64(of.amountMicroUsd));
}

/**
 * Pays what the owner has authorised. The instruction right before it in the transaction has to be `ownerSignature` of the same
 * authorisation; operator and co-signer sign the transaction. `positions`: the markets in which the row has one, by slot.
 */
export function withdraw(of: {
  authorisation: Authorisation;
  mint: PublicKey;
  operator: PublicKey;
  coSigner: PublicKey;
  positions: readonly PricedMarket[];
}): TransactionInstruction {
  const { exchange, accountId, nonce, amountMicroUsd, destination, expiresAtSeconds } =
    of.authorisation;
  const keys = [
    signer(of.operator),
    signer(of.coSigner),
    writable(exchange),
    writable(pageAddress(exchange, pageNumberOf(accountId))),
    readOnly(of.mint),
    writable(vaultAddress(exchange)),
    writable(destination),
    readOnly(TOKEN_PROGRAM_ID),
    readOnly(SYSVAR_INSTRUCTIONS_PUBKEY),
    ...positionKeys(exchange, of.positions),
  ];
  return buildInstruction('withdraw', keys, (writer) => {
    writer.u32(accountId);
    writer.u64(nonce);
    writer.u64(amountMicroUsd);
    writer.i64(expiresAtSeconds);
  });
}

/** Pays fees of a market to the fee destination, within the cap of a day. */
export function sweepFees(of: {
  exchange: PublicKey;
  mint: PublicKey;
  operator: PublicKey;
  feeDestination: PublicKey;
  slot: number;
  amountMicroUsd: bigint;
}): TransactionInstruction {
  const keys = [
    signer(of.operator),
    writable(of.exchange),
    writable(marketAddress(of.exchange, of.slot)),
    readOnly(of.mint),
    writable(vaultAddress(of.exchange)),
    writable(of.feeDestination),
    readOnly(TOKEN_PROGRAM_ID),
  ];
  return buildInstruction('sweep_fees', keys, (writer) => writer.u64(of.amountMicroUsd));
}

/** Market and price account of each position, in the order of the slots, as the margin check wants them. */
export function positionKeys(exchange: PublicKey, positions: readonly PricedMarket[]) {
  const ordered = positions.toSorted((a, b) => a.slot - b.slot);
  return ordered.flatMap(({ slot, priceAccount }) => [
    readOnly(marketAddress(exchange, slot)),
    readOnly(priceAccount),
  ]);
}

/**
 * Moves collateral between two rows of one owner. `number` counts from 1 for each row that gives; sent again, the last one changes
 * nothing. Refused while the owner demands money of the row by force.
 */
export function transferCollateral(of: {
  exchange: PublicKey;
  operator: PublicKey;
  fromAccountId: number;
  toAccountId: number;
  amountMicroUsd: bigint;
  number: number;
}): TransactionInstruction {
  const { exchange, fromAccountId, toAccountId } = of;
  const pages = new Set([fromAccountId, toAccountId].map(pageNumberOf));
  const keys = [
    signer(of.operator),
    readOnly(exchange),
    readOnly(forcedAddress(exchange, fromAccountId)),
    ...[...pages].map((page) => writable(pageAddress(exchange, page))),
  ];
  return buildInstruction('transfer_collateral', keys, (writer) => {
    writer.u32(fromAccountId);
    writer.u32(toAccountId);
    writer.u64(of.amountMicroUsd);
    writer.u32(of.number);
  });
}
