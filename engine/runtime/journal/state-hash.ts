import { createHash } from 'node:crypto';
import type { Shard } from '../../shard/shard.js';
import { CanonicalWriter } from '../../state/canonical-writer.js';

/** SHA-256 of the canonical trading state, in hex: equal on every machine for the same messages. */
export function stateHash(shard: Shard): string {
  const writer = new CanonicalWriter();
  shard.writeTradingState(writer);
  return createHash('sha256').update(writer.bytes()).digest('hex');
}

/** SHA-256 of feed numbers and client id memory, in hex. */
export function deliveryHash(shard: Shard): string {
  const writer = new CanonicalWriter();
  shard.writeDeliveryState(writer);
  return createHash('sha256').update(writer.bytes()).digest('hex');
}
