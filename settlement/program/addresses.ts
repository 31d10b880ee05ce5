import { PublicKey } from '@solana/web3.js';
import { ByteWriter } from './byte-writer.js';

/** Where the program lies; `declare_id!` of programs/plimsoll has the same. */
export const PROGRAM_ID = new PublicKey('PLMSoLLSett1ement11111111111111111111111111');
/** Owner of Pyth's price accounts (`PriceUpdateV2`). */
export const PYTH_RECEIVER_ID = new PublicKey('rec5EKMGg6MxZYaMdyBfgwp4d5rB9T1VQH5pJv5LtFJ');
export const TOKEN_PROGRAM_ID = new PublicKey('TokenkegQfeZyiNwAJbNbGKPFXCWuBvf9Ss623VQ5DA');

/** Rows of a page account. The row of an account is its id: page id ÷ PAGE_ROWS, row id mod PAGE_ROWS. */
export const PAGE_ROWS = 1024;

export function pageNumberOf(accountId: number): number {
  return Math.floor(accountId / PAGE_ROWS);
}

/** The exchange that `founder` has made. */
export function exchangeAddress(founder: PublicKey): PublicKey {
  return derive('exchange', founder.toBytes());
}

/** Token account that holds all money of the exchange. */
export function vaultAddress(exchange: PublicKey): PublicKey {
  return derive('vault', exchange.toBytes());
}

export function marketAddress(exchange: PublicKey, slot: number): PublicKey {
  return derive('market', exchange.toBytes(), Uint8Array.of(slot));
}

export function pageAddress(exchange: PublicKey, number: number): PublicKey {
  return derive('page', exchange.toBytes(), u32(number));
}

/** Stages are numbered by whoever uses them; one is enough, more let one fill while another settles. */
export function stageAddress(exchange: PublicKey, index: number): PublicKey {
  return derive('stage', exchange.toBytes(), Uint8Array.of(index));
}

export function forcedAddress(exchange: PublicKey, accountId: number): PublicKey {
  return derive('forced', exchange.toBytes(), u32(accountId));
}

export function changeAddress(exchange: PublicKey, number: number): PublicKey {
  return derive('change', exchange.toBytes(), u32(number));
}

/** Deriving an address takes a millisecond of elliptic curve; a batch needs a dozen of always the same ones. */
const derived = new Map<string, PublicKey>();
const DERIVED_MAX = 100_000;

function derive(name: string, ...seeds: Uint8Array[]): PublicKey {
  const all = [new TextEncoder().encode(name), ...seeds];
  const place = all.map((seed) => Buffer.from(seed).toString('base64')).join();
  const known = derived.get(place);
  if (known !== undefined) return known;
  const address = PublicKey.findProgramAddressSync(all, PROGRAM_ID)[0];
  if (derived.size >= DERIVED_MAX) derived.clear();
  derived.set(place, address);
  return address;
}

function u32(value: number): Uint8Array {
  const writer = new ByteWriter();
  writer.u32(value);
  return writer.bytes();
}
