import { randomBytes } from 'node:crypto';
import { accountOfApiKey, apiSecretOf, isIssuedApiKey, newApiKey } from '../session/api-keys.js';
import { AddressList } from './address-list.js';
import { KeyFile } from './key-file.js';
import { MAY_EVERYTHING } from './permissions.js';
import { SecretSeal } from './sealed-secret.js';

/** What an account's owner asks for. */
export interface NewKey {
  accountId: number;
  label: string;
  /** Bits: MAY_…. */
  permissions: number;
  /** Addresses and networks that it may be used from; none: all. */
  addresses: readonly string[];
  /** 0: never. */
  expiresAtMs: number;
  /** Ed25519, base58: then there is no secret, and the key signs. Empty: a secret is made. */
  publicKey: string;
}

export interface ApiKeyRecord extends NewKey {
  readonly apiKey: string;
  readonly createdAtMs: number;
}

interface StoredKey extends ApiKeyRecord {
  kind: 'key';
  /** Empty for keys with a public key. */
  sealedSecret: string;
}

interface Revocation {
  kind: 'revoked';
  apiKey: string;
}

/** A line of the file: what all who know keys have to know. */
export type KeyEntry = StoredKey | Revocation;

interface KnownKey {
  record: ApiKeyRecord;
  sealedSecret: string;
  list: AddressList;
}

const SECRET_BYTES = 32;
const ISSUED_MAX = 10_000;
export const KEYS_OF_ACCOUNT_MAX = 100;

/**
 * API keys of accounts. Two kinds: the one that came with the account, of which nothing is stored because its secret follows from the
 * operator's key, and those that the owner has made, with permissions, addresses and an end. Of those with a secret it is kept sealed; of
 * key pairs only the public half. A revoked key never comes back, whichever kind it is.
 */
export class KeyStore {
  /** Tells others of a change; nobody is answered before they know. */
  onChange: (entry: KeyEntry) => Promise<void> = async () => {};
  private readonly file: KeyFile | null;
  private readonly operatorKey: Uint8Array;
  private readonly seal: SecretSeal;
  private readonly keys = new Map<string, KnownKey>();
  private readonly byPublicKey = new Map<string, string>();
  private readonly byAccount = new Map<number, Set<string>>();
  private readonly revoked = new Set<string>();
  /** Keys that came with accounts and were used: that the operator has issued them was checked, which costs as much as an order. */
  private readonly issued = new Map<string, ApiKeyRecord>();

  /** Without a path keys live as long as the process. Throws when the file is not one of keys. */
  constructor(operatorKey: Uint8Array, path: string | null) {
    this.operatorKey = operatorKey;
    this.seal = new SecretSeal(operatorKey);
    this.file = path === null ? null : new KeyFile(path);
    for (const entry of this.file?.read() ?? []) this.load(entry as KeyEntry, path);
  }

  /** The key as it stands; null when there is none, or it was revoked. One that came with an account may do everything. */
  find(apiKey: string): ApiKeyRecord | null {
    if (this.revoked.has(apiKey)) return null;
    const known = this.keys.get(apiKey);
    if (known !== undefined) return known.record;
    return this.issued.get(apiKey) ?? this.findIssued(apiKey);
  }

  findByPublicKey(publicKey: string): ApiKeyRecord | null {
    const apiKey = this.byPublicKey.get(publicKey);
    return apiKey === undefined ? null : this.find(apiKey);
  }

  /** The secret that belongs to the key, as its owner was given it; null for keys that have none. */
  secretOf(apiKey: string): string | null {
    const known = this.keys.get(apiKey);
    if (known === undefined) return apiSecretOf(this.operatorKey, apiKey);
    return known.sealedSecret === '' ? null : this.seal.open(apiKey, known.sealedSecret);
  }

  allows(apiKey: string, address: string): boolean {
    return this.keys.get(apiKey)?.list.allows(address) ?? true;
  }

  ofAccount(accountId: number): ApiKeyRecord[] {
    const own = [...(this.byAccount.get(accountId) ?? [])];
    return own.flatMap((apiKey) => this.find(apiKey) ?? []);
  }

  /** Resolves when the key is on the disk: only then may anybody be told of it. The caller has checked the wish. */
  async create(wish: NewKey, nowMs: number): Promise<{ apiKey: string; apiSecret: string | null }> {
    const apiKey = newApiKey(this.operatorKey, wish.accountId);
    const hasSecret = wish.publicKey === '';
    const secret = hasSecret ? randomBytes(SECRET_BYTES).toString('base64url') : null;
    const sealedSecret = secret === null ? '' : this.seal.seal(apiKey, secret);
    const stored: StoredKey = { kind: 'key', ...wish, apiKey, createdAtMs: nowMs, sealedSecret };
    await this.file?.append(stored);
    this.learn(stored);
    await this.onChange(stored);
    return { apiKey, apiSecret: secret };
  }

  /** From now on it opens nothing, and after a restart neither. */
  async revoke(apiKey: string): Promise<void> {
    // First here: that it does not open anything any more must not wait for the disk.
    const entry: Revocation = { kind: 'revoked', apiKey };
    this.learn(entry);
    await Promise.all([this.onChange(entry), this.file?.append(entry)]);
  }

  /** Everything that there is to know, for somebody who begins to. */
  entries(): KeyEntry[] {
    const keys = [...this.keys.values()].map(({ record, sealedSecret }): KeyEntry => {
      return { kind: 'key', ...record, sealedSecret };
    });
    const revoked = [...this.revoked].map((apiKey): KeyEntry => ({ kind: 'revoked', apiKey }));
    return [...keys, ...revoked];
  }

  /** Takes in a key, or that one was revoked. */
  learn(entry: KeyEntry): void {
    if (entry.kind === 'revoked') {
      this.forget(entry.apiKey);
      return;
    }
    // Whatever order they come in: what was revoked stays so.
    if (this.revoked.has(entry.apiKey)) return;
    const { kind: _kind, sealedSecret, ...record } = entry;
    this.keys.set(record.apiKey, { record, sealedSecret, list: new AddressList(record.addresses) });
    if (record.publicKey !== '') this.byPublicKey.set(record.publicKey, record.apiKey);
    const own = this.byAccount.get(record.accountId) ?? new Set();
    own.add(record.apiKey);
    this.byAccount.set(record.accountId, own);
  }

  async close(): Promise<void> {
    await this.file?.close();
  }

  /** A secret that cannot be opened is found now, and not when its owner comes. */
  private load(entry: KeyEntry, path: string | null): void {
    const isKnown = entry !== null && (entry.kind === 'key' || entry.kind === 'revoked');
    if (!isKnown || typeof entry.apiKey !== 'string') {
      throw new Error(`${path} has a line that is no key: ${JSON.stringify(entry).slice(0, 80)}`);
    }
    if (entry.kind === 'key' && entry.sealedSecret !== '') {
      try {
        this.seal.open(entry.apiKey, entry.sealedSecret);
      } catch {
        throw new Error(
          `${path} does not belong to the operator's key: the secret of ${entry.apiKey} cannot be opened; restore both from the same copy`,
        );
      }
    }
    this.learn(entry);
  }

  private findIssued(apiKey: string): ApiKeyRecord | null {
    if (!isIssuedApiKey(this.operatorKey, apiKey)) return null;
    const record = rootKey(apiKey, accountOfApiKey(apiKey));
    if (this.issued.size === ISSUED_MAX) this.issued.clear();
    this.issued.set(apiKey, record);
    return record;
  }

  private forget(apiKey: string): void {
    this.revoked.add(apiKey);
    this.issued.delete(apiKey);
    const record = this.keys.get(apiKey)?.record;
    if (record === undefined) return;
    this.keys.delete(apiKey);
    this.byAccount.get(record.accountId)?.delete(apiKey);
    if (record.publicKey !== '') this.byPublicKey.delete(record.publicKey);
  }
}

function rootKey(apiKey: string, accountId: number): ApiKeyRecord {
  return {
    apiKey,
    accountId,
    label: '',
    permissions: MAY_EVERYTHING,
    addresses: [],
    expiresAtMs: 0,
    publicKey: '',
    createdAtMs: 0,
  };
}
