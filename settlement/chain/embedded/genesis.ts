import { createHash } from 'node:crypto';
import { base58 } from '@scure/base';
import { Keypair } from '@solana/web3.js';
import type { ChainAccount } from './account-change.js';
import { mintAccountData, TOKEN_PROGRAM } from './token-accounts.js';

export const TEST_USDC_DECIMALS = 6;
/** A million SOL: enough for every test, and still a safe integer in lamports. */
export const FAUCET_LAMPORTS = 1_000_000n * 1_000_000_000n;
const SYSTEM_PROGRAM = '11111111111111111111111111111111';

/**
 * What a chain begins with. All keys come from a random seed of its own, so that no key of one chain
 * means anything on another: a transaction for this one can never be valid on a chain with real money.
 */
export class Genesis {
  readonly seed: Uint8Array;
  /** When slots began to count. */
  readonly originMs: number;
  /** Pays airdrops and issues test USDC. */
  readonly faucet: Keypair;
  readonly testUsdcMint: string;
  readonly hash: string;

  constructor(seed: Uint8Array, originMs: number) {
    this.seed = seed;
    this.originMs = originMs;
    this.faucet = Keypair.fromSeed(this.derive('faucet'));
    this.testUsdcMint = Keypair.fromSeed(this.derive('test usdc mint')).publicKey.toBase58();
    this.hash = base58.encode(this.derive('genesis hash'));
  }

  accounts(
    minimumBalance: (bytes: number) => bigint,
  ): { address: string; account: ChainAccount }[] {
    const faucet = this.faucet.publicKey.toBase58();
    const mint = mintAccountData(faucet, TEST_USDC_DECIMALS);
    return [
      {
        address: faucet,
        account: {
          lamports: FAUCET_LAMPORTS,
          owner: SYSTEM_PROGRAM,
          executable: false,
          data: new Uint8Array(),
        },
      },
      {
        address: this.testUsdcMint,
        account: {
          lamports: minimumBalance(mint.length),
          owner: TOKEN_PROGRAM,
          executable: false,
          data: mint,
        },
      },
    ];
  }

  meta(): Record<string, string> {
    return { seed: Buffer.from(this.seed).toString('hex'), originMs: String(this.originMs) };
  }

  private derive(purpose: string): Uint8Array {
    return createHash('sha256').update(`plimsoll ${purpose}`).update(this.seed).digest();
  }
}
