import type { ApiKeyRecord, KeyStore } from './key-store.js';
import { permissionNames } from './permissions.js';

/** What a door wants to do with a key, and where from. */
export interface KeyUse {
  /** Bits: MAY_…, all of which are needed; 0: none is. */
  readonly permission: number;
  /** IP address of the client. */
  readonly address: string;
  /** The exchange's time. */
  readonly nowMs: number;
}

export interface KeyRefusal {
  readonly code: 'api_key_has_expired' | 'address_is_not_allowed' | 'permission_is_missing';
  readonly message: string;
}

/**
 * Why a key may not be used so, null: it may. Every door asks this after it has found the signature to be right, and before it does
 * anything else: to anybody but the owner nothing is said of a key.
 */
export function keyRefusal(keys: KeyStore, record: ApiKeyRecord, use: KeyUse): KeyRefusal | null {
  const { apiKey, expiresAtMs, permissions } = record;
  if (expiresAtMs !== 0 && use.nowMs >= expiresAtMs) {
    const message = `the key was to be used before ${expiresAtMs}`;
    return { code: 'api_key_has_expired', message };
  }
  if (!keys.allows(apiKey, use.address)) {
    const message = `the key may not be used from ${use.address}`;
    return { code: 'address_is_not_allowed', message };
  }
  const missing = use.permission & ~permissions;
  if (missing === 0) return null;
  const [wanted] = permissionNames(missing);
  const message = `the key must have the permission ${wanted}, but has ${permissionNames(permissions).join(', ')}`;
  return { code: 'permission_is_missing', message };
}
