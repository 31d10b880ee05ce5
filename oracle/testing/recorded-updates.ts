import fs from 'node:fs';
import path from 'node:path';

/** One of the recorded updates of the shared data, with what others have decoded it to. */
export interface RecordedUpdate {
  base64: string;
  /** Bytes behind the end: one was cut off by hand for a test of somebody's. */
  trailing: number;
  guardianSetIndex: number;
  vaaTimestamp: number;
  pythnetSlot: number;
  guardians: { index: number; recoveredAddress: string }[];
  allMerkleProofsValid: boolean;
  updates: {
    feedId: string;
    price: string;
    conf: string;
    expo: number;
    publishTime: number;
    emaPrice: string;
    emaConf: string;
    merkleProofValid: boolean;
  }[];
}

export interface RecordedAccount {
  base64: string;
  address: string | null;
  feedId: string;
  price: string;
  conf: string;
  exponent: number;
  publishTime: number;
  postedSlot: number;
}

const folder = path.join(process.env.PLIMSOLL_SHARED ?? '../shared', 'data', 'pyth');

/** Why the recorded data cannot be used, for the name of a skipped test; null: it is there. Where it must be there, this throws. */
export function sharedIsMissing(): string | null {
  if (fs.existsSync(path.join(folder, 'hermes_updates.json'))) return null;
  const sentence = `there is no ${folder}; PLIMSOLL_SHARED may name another place`;
  if (process.env.PLIMSOLL_REQUIRE_SHARED === '1') throw new Error(sentence);
  return sentence;
}

export function recordedUpdates(): RecordedUpdate[] {
  return read('hermes_updates.json');
}

/** Its bytes, without any behind the end. */
export function bytesOf({ base64, trailing }: RecordedUpdate): Buffer {
  const bytes = Buffer.from(base64, 'base64');
  return bytes.subarray(0, bytes.length - trailing);
}

export function recordedAccounts(): RecordedAccount[] {
  return read('price_update_v2_accounts.json');
}

function read<T>(name: string): T {
  return JSON.parse(fs.readFileSync(path.join(folder, name), 'utf8')) as T;
}
