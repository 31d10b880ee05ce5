import { secp256k1 } from '@noble/curves/secp256k1.js';
import { keccak_256 } from '@noble/hashes/sha3.js';
import { addressOf, quorumOf } from '../pyth/guardian-set.js';
import type { GuardianHistory } from '../pyth/guardian-sets.js';

/** What a VAA of the tests says; the defaults are Pyth's emitter and a quorum's signatures. */
export interface VaaSpec {
  payload: Uint8Array;
  timestampMs: number;
  emitterChain: number;
  /** Hexadecimal. */
  emitter: string;
  /** Places of those who sign, in the order of their signatures. */
  signers?: readonly number[];
  guardianSet?: number;
}

/** Guardians whose secrets are known to everybody: they sign what real ones never would. */
export class TestGuardians {
  readonly index: number;
  readonly addresses: string[];
  private readonly secrets: Uint8Array[];

  /** The same seed gives the same guardians. */
  constructor(index: number, count: number, seed = 'guardian') {
    this.index = index;
    this.secrets = Array.from({ length: count }, (_, i) => {
      return keccak_256(Buffer.from(`plimsoll test ${seed} ${i}`));
    });
    this.addresses = this.secrets.map((secret) => addressOf(secp256k1.getPublicKey(secret, false)));
  }

  /** A history that begins with them. */
  get history(): GuardianHistory {
    const root = { index: this.index, addresses: this.addresses };
    return { root, upgrades: [], replacedSetGraceHours: 24 };
  }

  get quorum(): number {
    return quorumOf(this.addresses.length);
  }

  vaa(spec: VaaSpec): Buffer {
    const body = Buffer.alloc(51 + spec.payload.length);
    body.writeUInt32BE(Math.floor(spec.timestampMs / 1000), 0);
    body.writeUInt16BE(spec.emitterChain, 8);
    body.set(Buffer.from(spec.emitter, 'hex'), 10);
    body.writeBigUInt64BE(1n, 42);
    body.set(spec.payload, 51);
    const digest = keccak_256(keccak_256(body));
    const signers = spec.signers ?? Array.from({ length: this.quorum }, (_, i) => i);
    const head = Buffer.alloc(6);
    head.writeUInt8(1, 0);
    head.writeUInt32BE(spec.guardianSet ?? this.index, 1);
    head.writeUInt8(signers.length, 5);
    return Buffer.concat([head, ...signers.map((signer) => this.signature(signer, digest)), body]);
  }

  /** The vote for the next set, in hexadecimal. */
  upgradeTo(next: TestGuardians, timestampMs: number, change: Partial<VaaSpec> = {}): string {
    const head = Buffer.alloc(40);
    head.write('436f7265'.padStart(64, '0'), 'hex');
    head.writeUInt8(2, 32);
    head.writeUInt32BE(next.index, 35);
    head.writeUInt8(next.addresses.length, 39);
    const keys = next.addresses.map((address) => Buffer.from(address, 'hex'));
    const payload = Buffer.concat([head, ...keys]);
    const emitter = '4'.padStart(64, '0');
    const vaa = this.vaa({ payload, timestampMs, emitterChain: 1, emitter, ...change });
    return vaa.toString('hex');
  }

  private signature(signer: number, digest: Uint8Array): Buffer {
    const secret = this.secrets[signer % this.secrets.length] as Uint8Array;
    const options = { prehash: false, format: 'recovered' } as const;
    const [recovery = 0, ...compact] = secp256k1.sign(digest, secret, options);
    return Buffer.from([signer, ...compact, recovery]);
  }
}
