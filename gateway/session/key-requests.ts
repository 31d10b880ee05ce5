import { base58 } from '@scure/base';
import type { ReadRequest } from '../codec/request-reader.js';
import { type Problem, problem, shown } from '../commands/problem.js';
import { isAddressEntry } from '../identity/address-list.js';
import { holderOf } from '../identity/key-holder.js';
import {
  type ApiKeyRecord,
  KEYS_OF_ACCOUNT_MAX,
  type KeyStore,
  type NewKey,
} from '../identity/key-store.js';
import {
  MAY_MANAGE,
  PERMISSIONS,
  permissionBits,
  permissionNames,
} from '../identity/permissions.js';
import { CLOSE } from '../protocol/close-codes.js';
import type { Accounts } from './accounts.js';
import type { Connection } from './connection.js';
import type { Connections } from './connections.js';
import { replyDone, replyError } from './replies.js';

const LABEL = /^[\x20-\x7e]{0,32}$/;
const ADDRESSES_MAX = 20;
const PUBLIC_KEY_BYTES = 32;

/** What is wrong with a connection that asks for what its key may not do; null: it may. */
export function permissionProblem(
  connection: Connection,
  permission: number,
  op: string,
): Problem | null {
  if (connection.account === 0) {
    return problem('login_required', `${op} needs a login on this connection`);
  }
  if ((connection.permissions & permission) !== 0) return null;
  const [wanted] = permissionNames(permission);
  const has = permissionNames(connection.permissions).join(', ');
  const message = `${op} needs a key with the permission ${wanted}, but this one has ${has || 'none'}`;
  return problem('permission_is_missing', message);
}

/** Requests about API keys: make one, list them, revoke one. Only who may manage gets an answer. */
export class KeyRequests {
  private readonly keys: KeyStore;
  private readonly accounts: Accounts;
  private readonly connections: Connections;
  private readonly exchangeTimeMs: () => number;
  /** On their way to the disk: they count already. */
  private readonly making: NewKey[] = [];

  constructor(
    keys: KeyStore,
    accounts: Accounts,
    connections: Connections,
    exchangeTimeMs: () => number,
  ) {
    this.keys = keys;
    this.accounts = accounts;
    this.connections = connections;
    this.exchangeTimeMs = exchangeTimeMs;
  }

  /** Answers the request now or when the disk has it, or says what is wrong with it. */
  handle(connection: Connection, request: ReadRequest): Problem | null {
    const { name } = request.shape;
    const missing = permissionProblem(connection, MAY_MANAGE, name);
    if (missing !== null) return missing;
    if (name === 'createKey') return this.create(connection, request);
    if (name === 'revokeKey') return this.revoke(connection, request);
    const own = this.keys.ofAccount(connection.account).map(shownKey);
    replyDone(connection, request.id, 'keys', { keys: own });
    return null;
  }

  private create(connection: Connection, request: ReadRequest): Problem | null {
    const { fields, id } = request;
    const label = fields.label ?? '';
    const names = fields.permissions ?? [];
    const addresses = fields.addresses ?? [];
    const expiresAtMs = fields.expiresAt ?? 0;
    const publicKey = fields.publicKey ?? '';
    const found =
      labelProblem(label) ??
      permissionsProblem(names) ??
      addressesProblem(addresses) ??
      expiryProblem(expiresAtMs, this.exchangeTimeMs()) ??
      this.publicKeyProblem(publicKey) ??
      this.roomProblem(connection.account) ??
      this.boundProblem(connection, {
        permissions: permissionBits(names as unknown[]),
        addresses: addresses as string[],
        expiresAtMs: expiresAtMs as number,
      });
    if (found !== null) return found;
    const wish = {
      accountId: connection.account,
      label: label as string,
      permissions: permissionBits(names as unknown[]),
      addresses: addresses as string[],
      expiresAtMs: expiresAtMs as number,
      publicKey: publicKey as string,
    };
    this.making.push(wish);
    this.keys
      .create(wish, this.exchangeTimeMs())
      .finally(() => this.making.splice(this.making.indexOf(wish), 1))
      .then(
        (made) => this.answer(connection, id, 'createKey', { ...made }),
        (error: Error) => this.failed(connection, id, error),
      );
    return null;
  }

  private revoke(connection: Connection, request: ReadRequest): Problem | null {
    const { apiKey } = request.fields;
    if (typeof apiKey !== 'string') return wrong('apiKey', 'a string', apiKey);
    const record = this.keys.find(apiKey);
    if (record === null || record.accountId !== connection.account) {
      return problem('api_key_is_unknown', `this account has no apiKey ${shown(apiKey)}`);
    }
    const more = record.permissions & ~connection.permissions;
    if (more !== 0) {
      const message = `this key may not revoke one that may do more: ${permissionNames(more).join(', ')}`;
      return problem('permission_is_missing', message);
    }
    this.keys.revoke(apiKey).then(
      () => {
        this.answer(connection, request.id, 'revokeKey', { apiKey });
        this.endAll(apiKey);
      },
      (error: Error) => this.failed(connection, request.id, error),
    );
    return null;
  }

  /** Who has come in with the key goes, the one that has revoked it as well. */
  endAll(apiKey: string): void {
    this.connections.forEach((connection) => {
      if (connection.apiKey !== apiKey) return;
      connection.end(CLOSE.key_is_void, 'the API key was revoked');
    });
  }

  private answer(connection: Connection, id: number, op: string, data: object): void {
    if (!connection.closed) replyDone(connection, id, op, data);
  }

  private failed(connection: Connection, id: number, error: Error): void {
    if (connection.closed) return;
    const message = `the key could not be written to the disk, and nothing has changed: ${error.message}`;
    replyError(connection, id, problem('busy', message));
  }

  private publicKeyProblem(publicKey: unknown): Problem | null {
    if (publicKey === '') return null;
    if (typeof publicKey !== 'string' || !isPublicKey(publicKey)) {
      return problem('public_key_is_malformed', 'publicKey must be 32 bytes in base58');
    }
    const { accounts, keys, making } = this;
    const isFree =
      holderOf(publicKey, { accounts, keys }) === null &&
      making.every((wish) => wish.publicKey !== publicKey);
    if (isFree) return null;
    return problem(
      'public_key_is_already_used',
      'publicKey must be a new one; it opens an account already',
    );
  }

  /** What a key may do, from where and until when, is no less bound in those that are made with it. */
  private boundProblem(
    connection: Connection,
    wish: Pick<NewKey, 'permissions' | 'addresses' | 'expiresAtMs'>,
  ): Problem | null {
    const more = wish.permissions & ~connection.permissions;
    if (more !== 0) return boundMessage(`it has not ${permissionNames(more).join(', ')} itself`);
    const own = this.keys.find(connection.apiKey);
    if (own === null) return null;
    const { addresses, expiresAtMs } = own;
    const isWithin =
      wish.addresses.length > 0 && wish.addresses.every((entry) => addresses.includes(entry));
    if (addresses.length > 0 && !isWithin) {
      return boundMessage(`addresses must be some of ${addresses.join(', ')}`);
    }
    if (expiresAtMs === 0 || (wish.expiresAtMs !== 0 && wish.expiresAtMs <= expiresAtMs))
      return null;
    return boundMessage(`expiresAt must be at most ${expiresAtMs}`);
  }

  private roomProblem(account: number): Problem | null {
    const { length: coming } = this.making.filter(({ accountId }) => accountId === account);
    if (this.keys.ofAccount(account).length + coming < KEYS_OF_ACCOUNT_MAX) return null;
    const message = `an account has at most ${KEYS_OF_ACCOUNT_MAX} keys; revoke one`;
    return problem('api_keys_must_not_exceed_limit', message);
  }
}

function boundMessage(what: string): Problem {
  return problem('permission_is_missing', `a key can make none that reaches further: ${what}`);
}

function labelProblem(label: unknown): Problem | null {
  if (typeof label === 'string' && LABEL.test(label)) return null;
  return wrong('label', 'at most 32 printable ASCII characters', label);
}

function permissionsProblem(names: unknown): Problem | null {
  const isList = Array.isArray(names) && names.length > 0 && permissionBits(names) > 0;
  if (isList) return null;
  const message = `permissions must be a list of some of ${PERMISSIONS.join(', ')}, but is ${shown(names)}`;
  return problem('value_is_not_allowed', message);
}

function addressesProblem(addresses: unknown): Problem | null {
  const isList =
    Array.isArray(addresses) &&
    addresses.length <= ADDRESSES_MAX &&
    addresses.every((entry) => typeof entry === 'string' && isAddressEntry(entry));
  if (isList) return null;
  const message = `addresses must be a list of at most ${ADDRESSES_MAX} IP addresses or networks such as 10.0.0.0/8, but is ${shown(addresses)}`;
  return problem('value_is_not_allowed', message);
}

function expiryProblem(expiresAt: unknown, nowMs: number): Problem | null {
  if (expiresAt === 0) return null;
  if (Number.isSafeInteger(expiresAt) && (expiresAt as number) > nowMs) return null;
  const message = `expiresAt must be a time after ${nowMs}, or absent, but is ${shown(expiresAt)}`;
  return problem('integer_must_be_within_limits', message);
}

function isPublicKey(text: string): boolean {
  try {
    return base58.decode(text).length === PUBLIC_KEY_BYTES;
  } catch {
    return false;
  }
}

function wrong(name: string, wanted: string, value: unknown): Problem {
  return problem('field_has_wrong_type', `${name} must be ${wanted}, but is ${shown(value)}`);
}

/** Without anything that opens the account. */
function shownKey(record: ApiKeyRecord): object {
  const { apiKey, label, permissions, addresses, expiresAtMs, publicKey, createdAtMs } = record;
  return {
    apiKey,
    label,
    permissions: permissionNames(permissions),
    addresses,
    expiresAt: expiresAtMs === 0 ? null : expiresAtMs,
    publicKey: publicKey === '' ? null : publicKey,
    createdAt: createdAtMs,
  };
}
