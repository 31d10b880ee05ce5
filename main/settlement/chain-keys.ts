import fs from 'node:fs';
import path from 'node:path';
import { Keypair } from '@solana/web3.js';
import { readOrCreate } from '../exchange/secret-files.js';

/** Keys of the settlement, each in a file of its own in the form that Solana's tools write. */
export interface SettlementKeys {
  /** Null: the administrator works from another machine. */
  admin: Keypair | null;
  operator: Keypair;
  coSigner: Keypair;
  /** Owns on chain the accounts that have no key of their own. */
  house: Keypair;
}

export function keyFile(dataDir: string, name: string): string {
  return path.join(dataDir, 'settlement', 'keys', `${name}.json`);
}

/**
 * `mayMake`: those that are missing are made, for an embedded chain that begins. Anywhere else a missing key is a mistake or a loss that a
 * new one would only hide: the chain knows the old one.
 *
 * @throws Error that names the file which is missing or holds no key
 */
export function settlementKeys(dataDir: string, mayMake: boolean): SettlementKeys {
  const key = (name: string) => (mayMake ? makeKey : readKey)(keyFile(dataDir, name));
  const hasAdmin = mayMake || fs.existsSync(keyFile(dataDir, 'admin'));
  return {
    admin: hasAdmin ? key('admin') : null,
    operator: key('operator'),
    coSigner: key('co-signer'),
    house: key('house'),
  };
}

/** The key in a file. */
export function readKey(file: string): Keypair {
  if (!fs.existsSync(file)) {
    throw new Error(`there is no key ${file}; it has to be in the form that solana-keygen writes`);
  }
  return makeKey(file);
}

/** The key in a file; a new one when there is no such file. */
export function makeKey(file: string): Keypair {
  fs.mkdirSync(path.dirname(file), { recursive: true, mode: 0o700 });
  const text = readOrCreate(file, () => JSON.stringify([...Keypair.generate().secretKey]));
  try {
    return Keypair.fromSecretKey(Uint8Array.from(JSON.parse(text)));
  } catch (error) {
    throw new Error(`${file} is no key of Solana: ${(error as Error).message}`);
  }
}
