import { type AccountMeta, type PublicKey, TransactionInstruction } from '@solana/web3.js';
import { PROGRAM_ID } from './addresses.js';
import { ByteWriter } from './byte-writer.js';
import { discriminator } from './discriminator.js';

/** An instruction of the program: its name as in the IDL, its accounts in order, and its arguments. */
export function buildInstruction(
  name: string,
  keys: AccountMeta[],
  writeArguments: (writer: ByteWriter) => void = () => {},
): TransactionInstruction {
  const writer = new ByteWriter();
  writer.raw(discriminator('global', name));
  writeArguments(writer);
  const data = Buffer.from(writer.bytes());
  return new TransactionInstruction({ programId: PROGRAM_ID, keys, data });
}

export function readOnly(pubkey: PublicKey): AccountMeta {
  return { pubkey, isSigner: false, isWritable: false };
}

export function writable(pubkey: PublicKey): AccountMeta {
  return { pubkey, isSigner: false, isWritable: true };
}

export function signer(pubkey: PublicKey): AccountMeta {
  return { pubkey, isSigner: true, isWritable: false };
}

export function payer(pubkey: PublicKey): AccountMeta {
  return { pubkey, isSigner: true, isWritable: true };
}

/** A market and the price account that tells its price. */
export interface PricedMarket {
  slot: number;
  priceAccount: PublicKey;
}
