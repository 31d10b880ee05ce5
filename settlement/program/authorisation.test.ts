import { ed25519 } from '@noble/curves/ed25519.js';
import { Keypair } from '@solana/web3.js';
import { describe, expect, test } from 'vitest';
import {
  type Authorisation,
  authorisationBytes,
  authorisationTag,
  isAuthorised,
} from './authorisation.js';

const owner = Keypair.generate();
const authorisation: Authorisation = {
  exchange: Keypair.generate().publicKey,
  accountId: 258,
  nonce: 3n,
  amountMicroUsd: 1_000_000n,
  destination: Keypair.generate().publicKey,
  expiresAtSeconds: 1_767_225_600n,
};
const sign = (of: Authorisation) =>
  ed25519.sign(authorisationBytes(of), owner.secretKey.slice(0, 32));

describe('an authorisation', () => {
  test('has the bytes of the contract', () => {
    const expected = Buffer.concat([
      Buffer.from('plimsoll-withdrawal-v1', 'ascii'),
      authorisation.exchange.toBuffer(),
      Buffer.from('02010000', 'hex'),
      Buffer.from('0300000000000000', 'hex'),
      Buffer.from('40420f0000000000', 'hex'),
      authorisation.destination.toBuffer(),
      Buffer.from('00b9556900000000', 'hex'),
    ]);
    expect(Buffer.from(authorisationBytes(authorisation)).toString('hex')).toBe(
      expected.toString('hex'),
    );
  });

  test('is its owner’s when it is signed as it is', () => {
    const signature = sign(authorisation);
    expect(isAuthorised(authorisation, owner.publicKey, signature)).toBe(true);
    expect(isAuthorised(authorisation, Keypair.generate().publicKey, signature)).toBe(false);
    for (const change of [
      { nonce: 4n },
      { amountMicroUsd: 1n },
      { accountId: 259 },
      { expiresAtSeconds: 0n },
    ]) {
      expect(isAuthorised({ ...authorisation, ...change }, owner.publicKey, signature)).toBe(false);
      expect(authorisationTag({ ...authorisation, ...change })).not.toEqual(
        authorisationTag(authorisation),
      );
    }
  });

  test('with garbage for a signature is simply not signed', () => {
    for (const garbage of [
      new Uint8Array(0),
      new Uint8Array(63),
      new Uint8Array(64),
      new Uint8Array(64).fill(255),
    ]) {
      expect(isAuthorised(authorisation, owner.publicKey, garbage)).toBe(false);
    }
  });
});
