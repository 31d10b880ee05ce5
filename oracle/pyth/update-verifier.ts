import { keccak_256 } from '@noble/hashes/sha3.js';
import { PROOF_HASH_BYTES, parseAccumulatorUpdate } from './accumulator-update.js';
import { ByteReader } from './byte-reader.js';
import type { GuardianSets } from './guardian-sets.js';
import { isBelowRoot } from './merkle-proof.js';
import { type PythPrice, parsePriceMessage } from './price-message.js';
import { UpdateError } from './update-error.js';
import { parseVaa } from './vaa.js';

/** Pyth's own emitter on its own chain; anybody may have the guardians sign messages of theirs. */
export const PYTH_EMITTER_CHAIN = 26;
export const PYTH_EMITTER = 'e101faedac5851e32b9b23b5f9411a8c2bac4aae3ed4dd7b811dd1a72ea4aa71';
/** "AUWV", then type 0, slot, size of the ring, root. */
const PAYLOAD_MAGIC = 0x41555756;
const PAYLOAD_MERKLE_ROOT = 0;
/** Recovering thirteen keys takes tens of milliseconds, and several servers send the same signatures. */
const ROOTS_REMEMBERED = 64;

/** A price with Pythnet's slot, which orders those of one second. */
export interface VerifiedPrice extends PythPrice {
  slot: bigint;
}

interface SignedRoot {
  root: Uint8Array;
  slot: bigint;
}

/**
 * Believes an accumulator update or not: guardians' signatures over the root, Pyth's emitter, and each message's proof. Of an update with one wrong
 * message none is used: whoever damages one is not to be trusted with the others.
 */
export class UpdateVerifier {
  private readonly sets: GuardianSets;
  /** Roots whose signatures were checked, by the hash of their VAA; oldest first. */
  private readonly roots = new Map<string, SignedRoot>();

  constructor(sets: GuardianSets) {
    this.sets = sets;
  }

  /** The prices in the update. Throws an UpdateError. */
  verify(bytes: Uint8Array, nowMs: number): VerifiedPrice[] {
    const { vaa, messages } = parseAccumulatorUpdate(bytes);
    const { root, slot } = this.rootOf(vaa, nowMs);
    const prices: VerifiedPrice[] = [];
    messages.forEach(({ message, proof }, i) => {
      if (!isBelowRoot(message, proof, root)) {
        const sentence = `message ${i} of ${messages.length} does not lie below the signed root`;
        throw new UpdateError('proof_is_wrong', sentence);
      }
      const price = parsePriceMessage(message);
      if (price !== null) prices.push({ ...price, slot });
    });
    return prices;
  }

  private rootOf(bytes: Uint8Array, nowMs: number): SignedRoot {
    const key = Buffer.from(keccak_256(bytes)).toString('hex');
    const known = this.roots.get(key);
    if (known !== undefined) return known;
    const vaa = parseVaa(bytes);
    if (vaa.emitterChain !== PYTH_EMITTER_CHAIN) {
      const sentence = `it must be ${PYTH_EMITTER_CHAIN}, but is ${vaa.emitterChain}`;
      throw new UpdateError('emitter_chain_is_foreign', sentence);
    }
    const emitter = Buffer.from(vaa.emitter).toString('hex');
    if (emitter !== PYTH_EMITTER) {
      const sentence = `it must be ${PYTH_EMITTER}, but is ${emitter}`;
      throw new UpdateError('emitter_is_foreign', sentence);
    }
    this.sets.check(vaa, nowMs);
    const found = readRoot(vaa.payload);
    this.roots.set(key, found);
    const [oldest] = this.roots.keys();
    if (this.roots.size > ROOTS_REMEMBERED && oldest !== undefined) this.roots.delete(oldest);
    return found;
  }
}

function readRoot(payload: Uint8Array): SignedRoot {
  const reader = new ByteReader(payload, 'payload_is_malformed');
  const magic = reader.u32('magic');
  const type = reader.u8('type');
  if (magic !== PAYLOAD_MAGIC || type !== PAYLOAD_MERKLE_ROOT) {
    const sentence = `it must begin with 41555756 and type 0, but does with ${magic.toString(16)} and type ${type}`;
    throw new UpdateError('payload_is_malformed', sentence);
  }
  const slot = reader.u64('slot');
  reader.u32('ring size');
  return { slot, root: new Uint8Array(reader.slice('root', PROOF_HASH_BYTES)) };
}
