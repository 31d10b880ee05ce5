import { ed25519 } from '@noble/curves/ed25519.js';
import { sha256 } from '@noble/hashes/sha2.js';
import { Ed25519Program, type PublicKey, type TransactionInstruction } from '@solana/web3.js';
import { ByteWriter } from './byte-writer.js';

/** What an owner signs so that money may leave the row: it names everything, so that no part can be used for anything else. */
export interface Authorisation {
  exchange: PublicKey;
  accountId: number;
  /** Above that of the row's last withdrawal. Nonces only rise: one that was used or passed over never works again. */
  nonce: bigint;
  amountMicroUsd: bigint;
  /** Token account of the exchange's mint. */
  destination: PublicKey;
  /** Unix seconds on the chain's clock; at most 7 days ahead when it is used. */
  expiresAtSeconds: bigint;
}

const PREFIX = new TextEncoder().encode('plimsoll-withdrawal-v1');

/** The message to sign with the owner's Ed25519 key. */
export function authorisationBytes(authorisation: Authorisation): Uint8Array {
  const writer = new ByteWriter();
  writer.raw(PREFIX);
  writer.raw(authorisation.exchange.toBytes());
  writer.u32(authorisation.accountId);
  writer.u64(authorisation.nonce);
  writer.u64(authorisation.amountMicroUsd);
  writer.raw(authorisation.destination.toBytes());
  writer.i64(authorisation.expiresAtSeconds);
  return writer.bytes();
}

/** Whether `signature` is `owner`'s over the authorisation. Malformed signatures and keys are simply not. */
export function isAuthorised(
  authorisation: Authorisation,
  owner: PublicKey,
  signature: Uint8Array,
): boolean {
  try {
    // Strict, as the chain's own verification is: otherwise what is taken here could be refused there.
    const options = { zip215: false };
    return ed25519.verify(signature, authorisationBytes(authorisation), owner.toBytes(), options);
  } catch {
    return false;
  }
}

/** The instruction that has to stand right before `withdraw`: the chain checks the owner's signature with it. */
export function ownerSignature(
  authorisation: Authorisation,
  owner: PublicKey,
  signature: Uint8Array,
): TransactionInstruction {
  return Ed25519Program.createInstructionWithPublicKey({
    publicKey: owner.toBytes(),
    message: authorisationBytes(authorisation),
    signature,
  });
}

/** What the row remembers of its last withdrawal: tells whether it was this one. */
export function authorisationTag(authorisation: Authorisation): Uint8Array {
  return sha256(authorisationBytes(authorisation)).slice(0, 8);
}
