import type { Bus } from '../../settlement/bus/bus.js';
import {
  type EmbeddedBusOptions,
  openEmbeddedBus,
} from '../../settlement/bus/embedded/embedded-bus.js';
import { type NatsBusOptions, openNatsBus } from '../../settlement/bus/nats/nats-bus.js';

/** Which bus, as plain values that go from thread to thread: each one opens it for itself. */
export type BusSettings =
  | { kind: 'embedded'; options: EmbeddedBusOptions }
  | { kind: 'nats'; options: NatsBusOptions };

/** Throws BusError. */
export async function openBus(settings: BusSettings): Promise<Bus> {
  if (settings.kind === 'embedded') return openEmbeddedBus(settings.options);
  return openNatsBus(settings.options);
}
