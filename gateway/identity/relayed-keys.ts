import type { HomeDesk } from '../shared/home-desk.js';
import { type KeyEntry, KeyStore, type NewKey } from './key-store.js';

/**
 * API keys as a gateway in a thread of its own knows them. There is one file, and one thread that writes it; this one asks, and hears of
 * each change (`learn`) before whoever wanted it is answered.
 */
export class RelayedKeys extends KeyStore {
  private readonly desk: HomeDesk;

  /** `entries`: what there was when this thread began. */
  constructor(operatorKey: Uint8Array, entries: readonly KeyEntry[], desk: HomeDesk) {
    super(operatorKey, null);
    this.desk = desk;
    for (const entry of entries) this.learn(entry);
  }

  override create(wish: NewKey, nowMs: number) {
    return this.desk.createKey(wish, nowMs);
  }

  override revoke(apiKey: string): Promise<void> {
    return this.desk.revokeKey(apiKey);
  }
}
