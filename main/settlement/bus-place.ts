import path from 'node:path';
import type { Bus } from '../../settlement/bus/bus.js';
import { openEmbeddedBus } from '../../settlement/bus/embedded/embedded-bus.js';
import { openNatsBus } from '../../settlement/bus/nats/nats-bus.js';
import type { ServerAddress } from '../../settlement/bus/nats/server-address.js';

/** Where the bus is: outbox and settlement are told the same. */
export type BusPlace =
  | { readonly kind: 'nats'; readonly address: ServerAddress; readonly sentence: string }
  | { readonly kind: 'embedded'; readonly folder: string; readonly sentence: string };

/** Of a bus that can be anywhere: its streams, positions and, of a server of our own, its settings. */
export function busFolder(dataDir: string, kind: BusPlace['kind']): string {
  return path.join(dataDir, 'bus', kind);
}

/** @throws BusUnavailableError when the server does not answer within the bus's patience. */
export async function openBus(place: BusPlace): Promise<Bus> {
  if (place.kind === 'nats') return await openNatsBus({ address: place.address });
  return openEmbeddedBus({ folder: place.folder });
}
