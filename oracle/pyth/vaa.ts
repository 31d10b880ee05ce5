import { keccak_256 } from '@noble/hashes/sha3.js';
import { ByteReader } from './byte-reader.js';
import { UpdateError } from './update-error.js';

export interface GuardianSignature {
  /** Place of the guardian in its set. */
  guardian: number;
  /** r and s. */
  compact: Uint8Array;
  recovery: number;
}

/** An attestation of Wormhole's guardians, taken apart. Its signatures are not checked yet. */
export interface Vaa {
  guardianSet: number;
  signatures: GuardianSignature[];
  /** What the guardians have signed: keccak256 of keccak256 of the body. */
  digest: Uint8Array;
  timestampMs: number;
  emitterChain: number;
  emitter: Uint8Array;
  sequence: bigint;
  payload: Uint8Array;
}

const VERSION = 1;
const SIGNATURE_BYTES = 64;
const ADDRESS_BYTES = 32;

/** Takes a VAA apart. Layout: Wormhole, "VAAs", header and body. Throws an UpdateError. */
export function parseVaa(bytes: Uint8Array): Vaa {
  const reader = new ByteReader(bytes, 'vaa_is_malformed');
  const version = reader.u8('version');
  if (version !== VERSION) {
    const sentence = `version must be ${VERSION}, but is ${version}`;
    throw new UpdateError('vaa_version_is_unknown', sentence);
  }
  const guardianSet = reader.u32('guardian set');
  const signatures: GuardianSignature[] = [];
  for (let count = reader.u8('number of signatures'); count > 0; count--) {
    const guardian = reader.u8('guardian');
    const compact = reader.slice('signature', SIGNATURE_BYTES);
    signatures.push({ guardian, compact, recovery: reader.u8('recovery id') });
  }
  const body = reader.rest();
  return { guardianSet, signatures, digest: keccak_256(keccak_256(body)), ...parseBody(body) };
}

function parseBody(bytes: Uint8Array) {
  const body = new ByteReader(bytes, 'vaa_is_malformed');
  const timestampMs = body.u32('timestamp') * 1000;
  body.u32('nonce');
  const emitterChain = body.u16('emitter chain');
  const emitter = body.slice('emitter', ADDRESS_BYTES);
  const sequence = body.u64('sequence');
  body.u8('consistency level');
  return { timestampMs, emitterChain, emitter, sequence, payload: body.rest() };
}
