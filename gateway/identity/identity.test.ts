import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { apiSecretOf, issueApiKey } from '../session/api-keys.js';
import { AddressList, isAddressEntry } from './address-list.js';
import { KeyStore } from './key-store.js';
import { MAY_EVERYTHING, MAY_READ, permissionBits, permissionNames } from './permissions.js';
import { SecretSeal } from './sealed-secret.js';

const OPERATOR_KEY = new Uint8Array(32).fill(3);
const WISH = {
  accountId: 42,
  label: 'bot',
  permissions: MAY_READ,
  addresses: ['10.0.0.0/8'],
  expiresAtMs: 0,
  publicKey: '',
};

function scratchFile(): string {
  return join(mkdtempSync(join(tmpdir(), 'plimsoll-keys-')), 'api-keys.jsonl');
}

describe('permissions', () => {
  it('are the same as bits and as names', () => {
    for (let bits = 0; bits <= MAY_EVERYTHING; bits++) {
      expect(permissionBits(permissionNames(bits))).toBe(bits);
    }
    expect(permissionBits(['read', 'fly'])).toBe(-1);
  });
});

describe('a sealed secret', () => {
  it('opens for its key alone, with the operator’s key alone, and only unchanged', () => {
    const seal = new SecretSeal(OPERATOR_KEY);
    fc.assert(
      fc.property(fc.string(), fc.string(), fc.nat(), (apiKey, secret, place) => {
        const sealed = seal.seal(apiKey, secret);
        expect(seal.open(apiKey, sealed)).toBe(secret);
        expect(sealed).not.toBe(seal.seal(apiKey, secret));
        expect(() => seal.open(`${apiKey}x`, sealed)).toThrow();
        expect(() => new SecretSeal(new Uint8Array(32)).open(apiKey, sealed)).toThrow();
        const bytes = Buffer.from(sealed, 'base64');
        const at = place % bytes.length;
        bytes[at] = (bytes[at] as number) ^ 1;
        expect(() => seal.open(apiKey, bytes.toString('base64'))).toThrow();
      }),
      { numRuns: 50 },
    );
  });
});

describe('a list of addresses', () => {
  it.each([
    ['10.1.2.3', true],
    ['::ffff:10.1.2.3', true],
    ['0000:0000:0000:0000:0000:ffff:0a01:0203', true],
    ['11.1.2.3', false],
    ['2001:db8::7', true],
    ['2001:db9::7', false],
    ['192.168.0.9', true],
    ['192.168.0.8', false],
    ['', false],
    ['nonsense', false],
  ])('knows %s: %s', (address, isAllowed) => {
    const list = new AddressList(['10.0.0.0/8', '2001:db8::/32', '192.168.0.9']);
    expect(list.allows(address)).toBe(isAllowed);
    expect(new AddressList([]).allows(address)).toBe(true);
  });

  it.each(['', '10.0.0.0/33', '10.0.0.0/8/8', '10.0.0', 'host', '::/129', '10.0.0.0/-1'])(
    'has no entry %j',
    (entry) => expect(isAddressEntry(entry)).toBe(false),
  );
});

describe('the store of keys', () => {
  it('knows after a restart what it knew before, and keeps no secret in the clear', async () => {
    const path = scratchFile();
    const store = new KeyStore(OPERATOR_KEY, path);
    const made = await store.create(WISH, 1_000);
    const gone = await store.create(WISH, 1_000);
    const agent = await store.create({ ...WISH, publicKey: 'agent' }, 1_000);
    expect(agent.apiSecret).toBeNull();
    await store.revoke(gone.apiKey);
    const root = issueApiKey(OPERATOR_KEY, 42);
    expect(store.find(root.apiKey)).toMatchObject({ accountId: 42, permissions: MAY_EVERYTHING });
    await store.revoke(root.apiKey);
    await store.close();

    const text = readFileSync(path, 'utf8');
    for (const { apiSecret } of [made, gone]) expect(text).not.toContain(apiSecret);
    const again = new KeyStore(OPERATOR_KEY, path);
    expect(again.find(made.apiKey)).toMatchObject({ ...WISH, apiKey: made.apiKey });
    expect(again.secretOf(made.apiKey)).toBe(made.apiSecret);
    expect(made.apiSecret).not.toBe(apiSecretOf(OPERATOR_KEY, made.apiKey));
    expect(again.find(gone.apiKey)).toBeNull();
    expect(again.find(root.apiKey)).toBeNull();
    expect(again.findByPublicKey('agent')?.apiKey).toBe(agent.apiKey);
    expect(again.ofAccount(42).map(({ apiKey }) => apiKey)).toEqual([made.apiKey, agent.apiKey]);
    expect(again.allows(made.apiKey, '10.0.0.1')).toBe(true);
    expect(again.allows(made.apiKey, '127.0.0.1')).toBe(false);
    await again.close();
  });

  it('drops a line that a crash has cut, and refuses a file that is damaged or another’s', async () => {
    const path = scratchFile();
    const store = new KeyStore(OPERATOR_KEY, path);
    const made = await store.create(WISH, 1_000);
    await store.close();
    const whole = readFileSync(path, 'utf8');
    writeFileSync(path, `${whole}{"kind":"key","apiK`);
    const cut = new KeyStore(OPERATOR_KEY, path);
    expect(cut.find(made.apiKey)).not.toBeNull();
    const next = await cut.create(WISH, 2_000);
    await cut.close();
    expect(new KeyStore(OPERATOR_KEY, path).find(next.apiKey)).not.toBeNull();
    expect(() => new KeyStore(new Uint8Array(32), path)).toThrow(/does not belong to the operator/);
    writeFileSync(path, `nonsense\n${whole}`);
    expect(() => new KeyStore(OPERATOR_KEY, path)).toThrow(/no JSON: line 1/);
    writeFileSync(path, `{"kind":"other"}\n${whole}`);
    expect(() => new KeyStore(OPERATOR_KEY, path)).toThrow(/a line that is no key/);
  });

  it('finds nothing for texts that are no keys', () => {
    const store = new KeyStore(OPERATOR_KEY, null);
    fc.assert(
      fc.property(fc.string(), (text) => {
        expect(store.find(text)).toBeNull();
        expect(store.findByPublicKey(text)).toBeNull();
      }),
    );
  });
});
