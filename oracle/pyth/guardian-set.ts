import { secp256k1 } from '@noble/curves/secp256k1.js';
import { keccak_256 } from '@noble/hashes/sha3.js';
import { UpdateError } from './update-error.js';
import type { GuardianSignature, Vaa } from './vaa.js';

/** The guardians that may sign, by their place. */
export interface GuardianSet {
  index: number;
  /** Ethereum addresses, lower-case hexadecimal without 0x. */
  addresses: readonly string[];
  /** From then on nothing that it signs counts; null: it is the present one. */
  expiresAtMs: number | null;
}

const RECOVERY_IDS = 4;
const ADDRESS_OFFSET = 12;

/** More than two thirds, as Wormhole's contracts count: 13 of 19. */
export function quorumOf(guardians: number): number {
  return Math.floor((guardians * 2) / 3) + 1;
}

/**
 * Throws an UpdateError unless enough guardians of the set have signed. Places must ascend, so that nobody signs twice; one wrong signature spoils
 * all, as in Wormhole's contracts. Whether the set is one to be believed now is the caller's question.
 */
export function checkSignatures(vaa: Vaa, set: GuardianSet): void {
  const { length: guardians } = set.addresses;
  const quorum = quorumOf(guardians);
  if (vaa.signatures.length < quorum) {
    const sentence = `${vaa.signatures.length} of ${guardians} guardians have signed, ${quorum} must`;
    throw new UpdateError('too_few_signatures', sentence);
  }
  // All places first: that is cheap, and a recovery is not.
  let last = -1;
  for (const { guardian } of vaa.signatures) {
    if (guardian <= last) {
      const sentence = `guardian ${guardian} comes after guardian ${last}`;
      throw new UpdateError('signatures_are_not_ascending', sentence);
    }
    if (guardian >= guardians) {
      const sentence = `guardian ${guardian} is not one of 0 to ${guardians - 1}`;
      throw new UpdateError('guardian_index_is_beyond_set', sentence);
    }
    last = guardian;
  }
  for (const signature of vaa.signatures) {
    const expected = set.addresses[signature.guardian] as string;
    const found = recoverAddress(vaa.digest, signature);
    if (found === expected) continue;
    const sentence = `guardian ${signature.guardian} of set ${set.index} is ${expected}, but ${found ?? 'nobody'} has signed`;
    throw new UpdateError('signature_is_wrong', sentence);
  }
}

/** Address of whoever has signed; null when the bytes are no signature. */
export function recoverAddress(digest: Uint8Array, signature: GuardianSignature): string | null {
  const { compact, recovery } = signature;
  if (recovery >= RECOVERY_IDS) return null;
  try {
    const bytes = new Uint8Array([recovery, ...compact]);
    const key = secp256k1.Signature.fromBytes(bytes, 'recovered').recoverPublicKey(digest);
    return addressOf(key.toBytes(false));
  } catch {
    // Not a point of the curve, or r or s out of range.
    return null;
  }
}

/** Address of an uncompressed public key: the last 20 bytes of the hash of its coordinates. */
export function addressOf(uncompressed: Uint8Array): string {
  const hash = keccak_256(uncompressed.subarray(1)).subarray(ADDRESS_OFFSET);
  return Buffer.from(hash).toString('hex');
}
