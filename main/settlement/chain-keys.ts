import fs from 'node:fs';
import path from 'node:path';
import { Keypair } from '@solana/web3.js';
import { readOrCreate } from '../exchange/secret-files.js';

/** Keys of the settlement, each in a file of its own in the form that Solana's tools write. */
export interface SettlementKeys {
  admin: Keypair;
  operator: Keypair;
  coSigner: Keypair;
  /** Owns on chain the accounts that have no key of their own. */
  house: Keypair;
}

/** Made at the first start. For a real chain: put the operator's there, and keep those of admin and co-signer elsewhere. */
export function settlementKeys(dataDir: string): SettlementKeys {
  const folder = path.join(dataDir, 'settlement', 'keys');
  const key = (name: string) => keyIn(path.join(folder, `${name}.json`));
  return {
    admin: key('admin'),
    operator: key('operator'),
    coSigner: key('co-signer'),
    house: key('house'),
  };
}

/** The key in a file; a new one when there is no such file. */
export function keyIn(file: string): Keypair {
  fs.mkdirSync(path.dirname(file), { recursive: true, mode: 0o700 });
  const text = readOrCreate(file, () => JSON.stringify([...Keypair.generate().secretKey]));
  try {
    return Keypair.fromSecretKey(Uint8Array.from(JSON.parse(text)));
  } catch (error) {
    throw new Error(`${file} is no key of Solana: ${(error as Error).message}`);
  }
}
