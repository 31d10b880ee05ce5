import fs from 'node:fs';
import path from 'node:path';
import { Keypair, PublicKey } from '@solana/web3.js';
import { ChainProcess } from '../../../settlement/chain/embedded/process-client.js';
import { EmbeddedOperator } from '../../../settlement/chain/embedded-operator.js';
import { EndpointPool } from '../../../settlement/chain/endpoint-pool.js';
import { SettlementChain } from '../../../settlement/chain/settlement-chain.js';

/** Written by the settlement when it runs: where it and its chain are. */
export interface SettlementPlace {
  kind: 'embedded' | 'rpc';
  custodyUrl: string;
  rpcUrls: string[];
  founder: string;
  mint: string;
}

export interface ChainAccess {
  chain: SettlementChain;
  /** Null: a real chain. */
  embedded: EmbeddedOperator | null;
  place: SettlementPlace;
  close(): Promise<void>;
}

const ANSWER_WITHIN_MS = 2_000;
const POLL_MS = 50;

export function placeFile(dataDir: string): string {
  return path.join(dataDir, 'settlement', 'place.json');
}

export function writePlace(dataDir: string, place: SettlementPlace): void {
  const file = placeFile(dataDir);
  fs.writeFileSync(`${file}.new`, `${JSON.stringify(place, null, 2)}\n`, { mode: 0o600 });
  fs.renameSync(`${file}.new`, file);
}

/** Null: the folder has not settled yet. */
export function readPlace(dataDir: string): SettlementPlace | null {
  const file = placeFile(dataDir);
  if (!fs.existsSync(file)) return null;
  return JSON.parse(fs.readFileSync(file, 'utf8')) as SettlementPlace;
}

/** The chain that a data folder settles on. An embedded one that nobody runs at the moment runs in a process of this command's. */
export async function openChainOf(dataDir: string): Promise<ChainAccess> {
  const place = readPlace(dataDir);
  if (place === null) {
    throw new Error(`${dataDir} has not settled yet: there is no ${placeFile(dataDir)}`);
  }
  if (place.kind === 'rpc') return access(place, place.rpcUrls, null, async () => {});
  const folder = path.join(dataDir, 'chain');
  const token = fs.readFileSync(path.join(folder, 'operator-token'), 'utf8').trim();
  const [running = ''] = place.rpcUrls;
  if (await isThere(running)) {
    const embedded = new EmbeddedOperator({ url: running, token });
    return access(place, [running], embedded, async () => {});
  }
  const own = await ChainProcess.start({ folder });
  const url = `http://127.0.0.1:${own.ready.port}`;
  return access(place, [url], new EmbeddedOperator({ url, token }), () => own.stop());
}

function access(
  place: SettlementPlace,
  urls: readonly string[],
  embedded: EmbeddedOperator | null,
  close: () => Promise<void>,
): ChainAccess {
  const pool = new EndpointPool({
    endpoints: urls.map((url, i) => ({ name: `endpoint ${i + 1}`, url })),
  });
  // It only reads, or sends what owners sign themselves: the keys of the operator are not needed.
  const nobody = Keypair.generate();
  const chain = new SettlementChain({
    pool,
    keys: { admin: null, operator: nobody, coSigner: nobody },
    founder: new PublicKey(place.founder),
    mint: new PublicKey(place.mint),
    sender: { pollMs: POLL_MS },
    ...(embedded === null ? {} : { embedded }),
  });
  return { chain, embedded, place, close };
}

async function isThere(url: string): Promise<boolean> {
  try {
    const body = JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'getHealth' });
    const signal = AbortSignal.timeout(ANSWER_WITHIN_MS);
    const headers = { 'content-type': 'application/json' };
    return (await fetch(url, { method: 'POST', body, headers, signal })).ok;
  } catch {
    return false;
  }
}
