import { leafHash, nodeHash } from '../pyth/merkle-proof.js';
import { PYTH_EMITTER, PYTH_EMITTER_CHAIN } from '../pyth/update-verifier.js';
import type { TestGuardians } from './test-guardians.js';

export interface PriceSpec {
  feedId: string;
  price: bigint;
  confidence?: bigint;
  exponent?: number;
  publishTimeMs: number;
}

/** Where an update of the tests differs from a good one. */
export interface UpdateChange {
  slot?: bigint;
  signers?: readonly number[];
  guardianSet?: number;
  emitterChain?: number;
  emitter?: string;
  payloadMagic?: string;
  /** Of the message in the tree; what is sent with it may be another one. */
  forge?: (message: Buffer) => Buffer;
  /** Works on all bytes in the end. */
  damage?: (update: Buffer) => Buffer;
}

/** Nobody looks at it: what counts is the publish time of the prices. */
const VAA_TIME_MS = 1_790_000_000_000;

/** An accumulator update as Hermes serves them, signed by guardians of the tests. */
export function buildUpdate(
  guardians: TestGuardians,
  prices: readonly PriceSpec[],
  change: UpdateChange = {},
): Buffer {
  const messages = prices.map(priceMessage);
  const levels = treeOf(messages.map(leafHash));
  const slot = Buffer.alloc(12);
  slot.writeBigUInt64BE(change.slot ?? 1n, 0);
  const root = levels.at(-1)?.[0] as Uint8Array;
  const magic = Buffer.from(`${change.payloadMagic ?? '41555756'}00`, 'hex');
  const vaa = guardians.vaa({
    payload: Buffer.concat([magic, slot, root]),
    timestampMs: VAA_TIME_MS,
    emitterChain: change.emitterChain ?? PYTH_EMITTER_CHAIN,
    emitter: change.emitter ?? PYTH_EMITTER,
    ...(change.signers === undefined ? {} : { signers: change.signers }),
    ...(change.guardianSet === undefined ? {} : { guardianSet: change.guardianSet }),
  });
  const parts = [Buffer.from('504e415501000000', 'hex'), u16(vaa.length), vaa];
  parts.push(Buffer.of(messages.length));
  messages.forEach((message, i) => {
    const sent = change.forge?.(Buffer.from(message)) ?? message;
    const proof = proofOf(levels, i);
    parts.push(
      u16(sent.length),
      sent,
      Buffer.of(proof.length),
      ...proof.map((h) => Buffer.from(h)),
    );
  });
  const update = Buffer.concat(parts);
  return change.damage?.(update) ?? update;
}

export function priceMessage(spec: PriceSpec): Buffer {
  const message = Buffer.alloc(85);
  message.set(Buffer.from(spec.feedId, 'hex'), 1);
  message.writeBigInt64BE(spec.price, 33);
  message.writeBigUInt64BE(spec.confidence ?? 0n, 41);
  message.writeInt32BE(spec.exponent ?? -8, 49);
  const seconds = BigInt(Math.floor(spec.publishTimeMs / 1000));
  message.writeBigInt64BE(seconds, 53);
  message.writeBigInt64BE(seconds - 1n, 61);
  message.writeBigInt64BE(spec.price, 69);
  message.writeBigUInt64BE(spec.confidence ?? 0n, 77);
  return message;
}

/** Leaves first, the root last; an odd one is its own sibling. */
function treeOf(leaves: Uint8Array[]): Uint8Array[][] {
  const levels = [leaves];
  for (let level = leaves; level.length > 1; ) {
    const above: Uint8Array[] = [];
    for (let i = 0; i < level.length; i += 2) {
      const left = level[i] as Uint8Array;
      above.push(nodeHash(left, level[i + 1] ?? left));
    }
    levels.push(above);
    level = above;
  }
  return levels;
}

function proofOf(levels: readonly Uint8Array[][], leaf: number): Uint8Array[] {
  let at = leaf;
  return levels.slice(0, -1).map((level) => {
    const sibling = (level[at ^ 1] ?? level[at]) as Uint8Array;
    at >>= 1;
    return sibling;
  });
}

function u16(value: number): Buffer {
  const bytes = Buffer.alloc(2);
  bytes.writeUInt16BE(value);
  return bytes;
}
