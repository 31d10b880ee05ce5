import { PublicKey } from '@solana/web3.js';
import { EmbeddedOperator } from '../../settlement/chain/embedded-operator.js';
import { EndpointPool } from '../../settlement/chain/endpoint-pool.js';
import { SettlementChain } from '../../settlement/chain/settlement-chain.js';
import type { TransactionBook } from '../../settlement/chain/transaction-book.js';
import type { SettlementKeys } from './chain-keys.js';
import type { ChainPlace } from './settlement-start.js';

export interface OpenedChain {
  chain: SettlementChain;
  /** Null: a real one. */
  embedded: EmbeddedOperator | null;
  /** For whoever has test money; null on a real chain, as the addresses of endpoints often have the key of whoever pays for them. */
  rpcUrl: string | null;
}

/** How often it is asked whether a transaction has landed: a chain in the next process answers at once. */
const EMBEDDED_POLL_MS = 20;

export function chainOf(
  place: ChainPlace,
  founder: PublicKey,
  keys: SettlementKeys,
  book: TransactionBook,
  onDisagreement: (sentence: string) => void,
): OpenedChain {
  const chainKeys = { admin: keys.admin, operator: keys.operator, coSigner: keys.coSigner };
  if (place.kind === 'rpc') {
    const endpoints = place.urls.map((url, i) => ({ name: `endpoint ${i + 1}`, url }));
    const mint = new PublicKey(place.mint);
    const sender = { onDisagreement };
    const pool = new EndpointPool({ endpoints });
    const chain = new SettlementChain({ pool, keys: chainKeys, founder, mint, book, sender });
    return { chain, embedded: null, rpcUrl: null };
  }
  const { port, token, testUsdcMint } = place.ready;
  const url = `http://127.0.0.1:${port}`;
  const embedded = new EmbeddedOperator({ url, token });
  const pool = new EndpointPool({ endpoints: [{ name: 'the embedded chain', url }] });
  const mint = new PublicKey(testUsdcMint);
  const sender = { pollMs: EMBEDDED_POLL_MS, onDisagreement };
  const chain = new SettlementChain({
    ...{ pool, keys: chainKeys, founder, mint, book, embedded, sender },
  });
  return { chain, embedded, rpcUrl: url };
}
