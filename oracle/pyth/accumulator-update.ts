import { ByteReader } from './byte-reader.js';
import { UpdateError } from './update-error.js';

/** A message with the way from it to the root of its tree. */
export interface ProvenMessage {
  message: Uint8Array;
  /** Hashes of 20 bytes, from the leaf's sibling upwards. */
  proof: Uint8Array[];
}

/** What Hermes sends: a signed root, and messages that claim to lie below it. Nothing in it is verified yet. */
export interface AccumulatorUpdate {
  vaa: Uint8Array;
  messages: ProvenMessage[];
}

const MAGIC = 0x504e4155;
const MAJOR_VERSION = 1;
const TYPE_WORMHOLE_MERKLE = 0;
export const PROOF_HASH_BYTES = 20;

/**
 * Takes an accumulator update apart: "PNAU", version 1.x, a trailing header to skip, type 0, the VAA, then messages with their proofs. Layout:
 * pyth-crosschain, `pythnet_sdk::wire::v1`. Throws an UpdateError.
 */
export function parseAccumulatorUpdate(bytes: Uint8Array): AccumulatorUpdate {
  const reader = new ByteReader(bytes, 'update_is_malformed');
  const magic = reader.u32('magic');
  if (magic !== MAGIC) {
    const sentence = `magic must be 504e4155, but is ${magic.toString(16).padStart(8, '0')}`;
    throw new UpdateError('update_is_malformed', sentence);
  }
  const major = reader.u8('major version');
  if (major !== MAJOR_VERSION) {
    const sentence = `major version must be ${MAJOR_VERSION}, but is ${major}`;
    throw new UpdateError('update_version_is_unknown', sentence);
  }
  // Minor versions only add to the trailing header, which is skipped by its length.
  reader.u8('minor version');
  reader.slice('trailing header', reader.u8('length of the trailing header'));
  const type = reader.u8('update type');
  if (type !== TYPE_WORMHOLE_MERKLE) {
    const sentence = `type must be ${TYPE_WORMHOLE_MERKLE} (Merkle root by Wormhole), but is ${type}`;
    throw new UpdateError('update_type_is_unknown', sentence);
  }
  const vaa = reader.slice('VAA', reader.u16('length of the VAA'));
  const messages: ProvenMessage[] = [];
  for (let count = reader.u8('number of messages'); count > 0; count--) {
    messages.push(readMessage(reader));
  }
  reader.end();
  return { vaa, messages };
}

function readMessage(reader: ByteReader): ProvenMessage {
  const message = reader.slice('message', reader.u16('length of the message'));
  const proof: Uint8Array[] = [];
  for (let steps = reader.u8('length of the proof'); steps > 0; steps--) {
    proof.push(reader.slice('hash of the proof', PROOF_HASH_BYTES));
  }
  return { message, proof };
}
