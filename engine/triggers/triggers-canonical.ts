import type { CanonicalReader, CanonicalWriter } from '../state/canonical-writer.js';
import { asPpm, asPriceTicks, asQtyLots, asTimeMs } from '../units/units.js';
import type { TriggerStore } from './trigger-store.js';

/**
 * Count, then the waiting orders by id: id, account, flags, price, quantity, expiry, kind, source, trigger price, trailing ticks
 * and ppm, best price, OCO order, order that it is attached to, whether it closes a position. With
 * `references` (snapshots only, not hashed) each order's client reference follows.
 */
export function writeTriggers(
  store: TriggerStore,
  writer: CanonicalWriter,
  references: boolean,
): void {
  writer.put(store.size);
  for (const order of store.all()) {
    writer.put(order.id);
    writer.put(order.account);
    writer.put(order.flags);
    writer.put(order.priceTicks);
    writer.put(order.qtyLots);
    writer.put(order.expiryMs);
    writer.put(order.kind);
    writer.put(order.source);
    writer.put(order.triggerTicks);
    writer.put(order.trailTicks);
    writer.put(order.trailPpm);
    writer.put(order.bestTicks);
    writer.put(order.ocoId);
    writer.put(order.bracketId);
    writer.put(order.closesPosition ? 1 : 0);
    if (references) writer.put(order.clientRef);
  }
}

/** Into an empty store, from `writeTriggers` with references. */
export function readTriggers(store: TriggerStore, reader: CanonicalReader): void {
  for (let left = reader.take(); left > 0; left--) {
    store.add({
      id: reader.take(),
      account: reader.take(),
      flags: reader.take(),
      priceTicks: asPriceTicks(reader.take()),
      qtyLots: asQtyLots(reader.take()),
      expiryMs: asTimeMs(reader.take()),
      kind: reader.take(),
      source: reader.take(),
      triggerTicks: asPriceTicks(reader.take()),
      trailTicks: asPriceTicks(reader.take()),
      trailPpm: asPpm(reader.take()),
      bestTicks: asPriceTicks(reader.take()),
      ocoId: reader.take(),
      bracketId: reader.take(),
      closesPosition: reader.take() === 1,
      clientRef: reader.take(),
    });
  }
}
