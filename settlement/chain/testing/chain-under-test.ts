import {
  type Commitment,
  Connection,
  Keypair,
  type PublicKey,
  SystemProgram,
} from '@solana/web3.js';
import { EmbeddedChain } from '../embedded/embedded-chain.js';
import { RpcFront, type RpcFrontOptions } from '../embedded/rpc-front.js';
import { EndpointPool } from '../endpoint-pool.js';
import type { SendRequest } from '../sender.js';
import { FaultyFetch } from './faulty-fetch.js';
import { makeScratch } from './scratch.js';

/** Longer than a disk that others keep busy may take for a sync, which every answer waits for. */
const TIMEOUT_MS = 30_000;

export const OPERATOR_TOKEN = 'a token for tests';

/** A chain in this process whose clock a test can move, and ways to it that a test can break. */
export class ChainUnderTest {
  readonly chain: EmbeddedChain;
  readonly front: RpcFront;
  readonly ways: FaultyFetch[];
  private skewMs = 0;
  private heldMs: number | null = null;

  constructor(ways = 1, options: Omit<RpcFrontOptions, 'token'> = {}, folder = makeScratch()) {
    this.chain = EmbeddedChain.open({
      folder,
      nowMs: () => (this.heldMs ?? Date.now()) + this.skewMs,
    });
    this.front = new RpcFront(this.chain, { token: OPERATOR_TOKEN, ...options });
    const fetch = this.front.fetch as never;
    this.ways = Array.from({ length: ways }, () => new FaultyFetch(fetch));
  }

  way(index: number): FaultyFetch {
    return this.ways[index] as FaultyFetch;
  }

  passSlots(slots: number): void {
    this.skewMs += slots * 400;
  }

  /** From now on slots pass only as the test lets them, however long the machine pauses. */
  holdClock(): void {
    this.heldMs = Date.now();
  }

  /** Straight to the chain, whatever faults there are. */
  get connection(): Connection {
    return new Connection('http://chain', {
      fetch: this.front.fetch as never,
      commitment: 'confirmed',
    });
  }

  pool(
    options: { commitment?: Commitment; agreement?: number; timeoutMs?: number } = {},
  ): EndpointPool {
    const { timeoutMs = TIMEOUT_MS, ...others } = options;
    return new EndpointPool({
      endpoints: this.ways.map((way, i) => ({
        name: `way ${i}`,
        url: 'http://chain',
        fetch: way.fetch,
        timeoutMs,
      })),
      patienceMs: 300,
      ...others,
    });
  }

  /** A way of its own on which no fault is, and on which what was executed counts at once. */
  directPool(): EndpointPool {
    const fetch = this.front.fetch as never;
    const endpoints = [{ name: 'direct', url: 'http://chain', fetch }];
    return new EndpointPool({ endpoints, commitment: 'confirmed' });
  }

  async fundedKey(sol = 10): Promise<Keypair> {
    const key = Keypair.generate();
    await this.connection.requestAirdrop(key.publicKey, sol * 1_000_000_000);
    return key;
  }
}

export function transferRequest(payer: Keypair, to: PublicKey, lamports: number): SendRequest {
  const fromPubkey = payer.publicKey;
  const instructions = [SystemProgram.transfer({ fromPubkey, toPubkey: to, lamports })];
  return { label: `transfer of ${lamports}`, payer, instructions };
}
