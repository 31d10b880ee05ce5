import { PRICE_UPDATE_BYTES } from '../solana/price-update-account.js';
import type { PriceSpec } from './update-builder.js';

/** A `PriceUpdateV2` account, fully verified. */
export function buildPriceUpdate(spec: PriceSpec, slot = 1n): Buffer {
  const data = Buffer.alloc(PRICE_UPDATE_BYTES);
  data.write('22f123639d7ef4cd', 0, 'hex');
  data.fill(7, 8, 40);
  data.writeUInt8(1, 40);
  data.set(Buffer.from(spec.feedId, 'hex'), 41);
  data.writeBigInt64LE(spec.price, 73);
  data.writeBigUInt64LE(spec.confidence ?? 0n, 81);
  data.writeInt32LE(spec.exponent ?? -8, 89);
  const seconds = BigInt(Math.floor(spec.publishTimeMs / 1000));
  data.writeBigInt64LE(seconds, 93);
  data.writeBigInt64LE(seconds - 1n, 101);
  data.writeBigInt64LE(spec.price, 109);
  data.writeBigUInt64LE(spec.confidence ?? 0n, 117);
  data.writeBigUInt64LE(slot, 125);
  return data;
}

/** A price account of Pythnet without publishers; status 1 is trading. */
export function buildPythnetPrice(spec: PriceSpec, slot = 1n, status = 1): Buffer {
  const data = Buffer.alloc(240);
  data.writeUInt32LE(0xa1b2c3d4, 0);
  data.writeUInt32LE(2, 4);
  data.writeUInt32LE(3, 8);
  data.writeUInt32LE(240, 12);
  data.writeUInt32LE(1, 16);
  data.writeInt32LE(spec.exponent ?? -8, 20);
  data.writeBigInt64LE(spec.price, 48);
  data.writeBigInt64LE(spec.confidence ?? 0n, 72);
  data.writeBigInt64LE(BigInt(Math.floor(spec.publishTimeMs / 1000)), 96);
  data.writeBigInt64LE(spec.price, 208);
  data.writeBigUInt64LE(spec.confidence ?? 0n, 216);
  data.writeUInt32LE(status, 224);
  data.writeBigUInt64LE(slot, 232);
  return data;
}
