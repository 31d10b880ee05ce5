import { type PublicKey, SystemProgram, type TransactionInstruction } from '@solana/web3.js';
import {
  forcedAddress,
  marketAddress,
  PROGRAM_ID,
  pageAddress,
  pageNumberOf,
  TOKEN_PROGRAM_ID,
  vaultAddress,
} from './addresses.js';
import {
  buildInstruction,
  type PricedMarket,
  payer,
  readOnly,
  signer,
  writable,
} from './instruction.js';
import { positionKeys } from './money-instructions.js';

/** The owner asks the chain for a withdrawal, which the operator has to serve within the freeze delay. */
export function requestForced(of: {
  exchange: PublicKey;
  mint: PublicKey;
  owner: PublicKey;
  accountId: number;
  amountMicroUsd: bigint;
  destination: PublicKey;
}): TransactionInstruction {
  const keys = [
    payer(of.owner),
    readOnly(of.exchange),
    readOnly(pageAddress(of.exchange, pageNumberOf(of.accountId))),
    writable(forcedAddress(of.exchange, of.accountId)),
    readOnly(of.mint),
    readOnly(of.destination),
    readOnly(SystemProgram.programId),
  ];
  return buildInstruction('request_forced', keys, (writer) => {
    writer.u32(of.accountId);
    writer.u64(of.amountMicroUsd);
  });
}

/** Pays a forced withdrawal; operator and co-signer sign. `owner` and `destination` are those of the request. */
export function serveForced(of: {
  exchange: PublicKey;
  mint: PublicKey;
  operator: PublicKey;
  coSigner: PublicKey;
  owner: PublicKey;
  accountId: number;
  destination: PublicKey;
  positions: readonly PricedMarket[];
}): TransactionInstruction {
  const keys = [
    signer(of.operator),
    signer(of.coSigner),
    writable(of.exchange),
    writable(pageAddress(of.exchange, pageNumberOf(of.accountId))),
    writable(forcedAddress(of.exchange, of.accountId)),
    writable(of.owner),
    readOnly(of.mint),
    writable(vaultAddress(of.exchange)),
    writable(of.destination),
    readOnly(TOKEN_PROGRAM_ID),
    ...positionKeys(of.exchange, of.positions),
  ];
  return buildInstruction('serve_forced', keys);
}

/** Anybody cuts a request to what can leave at fresh prices; it ends when nothing can be paid to its destination. */
export function reduceForced(of: {
  exchange: PublicKey;
  owner: PublicKey;
  accountId: number;
  destination: PublicKey;
  positions: readonly PricedMarket[];
}): TransactionInstruction {
  const keys = [
    readOnly(of.exchange),
    readOnly(pageAddress(of.exchange, pageNumberOf(of.accountId))),
    writable(forcedAddress(of.exchange, of.accountId)),
    writable(of.owner),
    readOnly(of.destination),
    ...positionKeys(of.exchange, of.positions),
  ];
  return buildInstruction('reduce_forced', keys);
}

/** The owner takes a request back. */
export function cancelForced(of: {
  exchange: PublicKey;
  owner: PublicKey;
  accountId: number;
}): TransactionInstruction {
  const keys = [payer(of.owner), writable(forcedAddress(of.exchange, of.accountId))];
  return buildInstruction('cancel_forced', keys);
}

/** Anybody freezes the exchange for good, because of the overdue request of `accountId` into `destination`. */
export function freeze(of: {
  exchange: PublicKey;
  accountId: number;
  destination: PublicKey;
  positions: readonly PricedMarket[];
}): TransactionInstruction {
  const keys = [
    writable(of.exchange),
    readOnly(pageAddress(of.exchange, pageNumberOf(of.accountId))),
    readOnly(forcedAddress(of.exchange, of.accountId)),
    readOnly(of.destination),
    ...positionKeys(of.exchange, of.positions),
  ];
  return buildInstruction('freeze', keys);
}

/** Anybody fixes the exit price of a market of a frozen exchange. Without a price account: for markets without positions, or after days. */
export function fixExitPrice(of: {
  exchange: PublicKey;
  slot: number;
  priceAccount: PublicKey | null;
}): TransactionInstruction {
  // An absent account is said by the program's own address.
  const price = of.priceAccount ?? PROGRAM_ID;
  const keys = [
    writable(of.exchange),
    writable(marketAddress(of.exchange, of.slot)),
    readOnly(price),
  ];
  return buildInstruction('fix_exit_price', keys);
}

/** Anybody adds up the claims of the next rows; `pageNumber` is the page of the exchange's `talliedRows`. */
export function tally(of: {
  exchange: PublicKey;
  pageNumber: number;
  marketCount: number;
  rows: number;
}): TransactionInstruction {
  const keys = [
    writable(of.exchange),
    readOnly(pageAddress(of.exchange, of.pageNumber)),
    readOnly(vaultAddress(of.exchange)),
    ...allMarkets(of.exchange, of.marketCount),
  ];
  return buildInstruction('tally', keys, (writer) => writer.u16(of.rows));
}

/** The owner takes out what the row is worth at the exit prices. */
export function escapeFunds(of: {
  exchange: PublicKey;
  mint: PublicKey;
  owner: PublicKey;
  accountId: number;
  destination: PublicKey;
  marketCount: number;
}): TransactionInstruction {
  const keys = [
    signer(of.owner),
    writable(of.exchange),
    writable(pageAddress(of.exchange, pageNumberOf(of.accountId))),
    readOnly(of.mint),
    writable(vaultAddress(of.exchange)),
    writable(of.destination),
    readOnly(TOKEN_PROGRAM_ID),
    ...allMarkets(of.exchange, of.marketCount),
  ];
  return buildInstruction('escape', keys, (writer) => writer.u32(of.accountId));
}

function allMarkets(exchange: PublicKey, count: number) {
  return Array.from({ length: count }, (_, slot) => readOnly(marketAddress(exchange, slot)));
}
