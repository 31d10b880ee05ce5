import {
  ComputeBudgetProgram,
  PublicKey,
  SystemProgram,
  Transaction,
  type TransactionInstruction,
} from '@solana/web3.js';
import { associatedTokenAccount, createTokenAccount, mintTokens } from '../token-instructions.js';
import type { EmbeddedChain } from './embedded-chain.js';
import { FAUCET_LAMPORTS } from './genesis.js';
import { INTERNAL_ERROR, RpcError } from './rpc-error.js';
import { describeTransactionError } from './transaction-error.js';

const UNIT_LIMIT = 200_000;

/** Gives away SOL and test USDC by real transactions of the chain's own key. Use it inside of `run`. */
export class Faucet {
  private readonly chain: EmbeddedChain;
  private calls = 0;

  constructor(chain: EmbeddedChain) {
    this.chain = chain;
  }

  /** Returns the signature. */
  giveLamports(to: string, lamports: bigint): string {
    const { publicKey } = this.chain.genesis.faucet;
    return this.send([
      SystemProgram.transfer({ fromPubkey: publicKey, toPubkey: new PublicKey(to), lamports }),
    ]);
  }

  /** Test USDC to the owner's associated token account, which is made when missing. */
  giveTestUsdc(to: string, microUsdc: bigint): { signature: string; tokenAccount: string } {
    const payer = this.chain.genesis.faucet.publicKey;
    const mint = new PublicKey(this.chain.genesis.testUsdcMint);
    const owner = new PublicKey(to);
    const account = associatedTokenAccount(owner, mint);
    const create = createTokenAccount(payer, owner, mint);
    const mintTo = mintTokens(payer, mint, account, microUsdc);
    return { signature: this.send([create, mintTo]), tokenAccount: account.toBase58() };
  }

  private send(instructions: TransactionInstruction[]): string {
    this.refill();
    // Two gifts of one slot must not be the same transaction: the second would be a repetition.
    this.calls = (this.calls + 1) % UNIT_LIMIT;
    const limit = ComputeBudgetProgram.setComputeUnitLimit({ units: UNIT_LIMIT + this.calls });
    const transaction = new Transaction().add(limit, ...instructions);
    transaction.recentBlockhash = this.chain.clock.blockhash;
    transaction.feePayer = this.chain.genesis.faucet.publicKey;
    transaction.sign(this.chain.genesis.faucet);
    const result = this.chain.submit(transaction.serialize());
    const err = result.taken ? result.entry.err : result.err;
    if (result.taken && err === null) return result.entry.signature;
    const reason = describeTransactionError(err as NonNullable<typeof err>);
    throw new RpcError(INTERNAL_ERROR, `the faucet could not give: ${reason}`);
  }

  /** The chain's own key never runs dry: whoever asks for much must not stop the others. */
  private refill(): void {
    const address = this.chain.genesis.faucet.publicKey.toBase58();
    const account = this.chain.vm.account(address);
    if (account === null || account.lamports >= FAUCET_LAMPORTS / 4n) return;
    this.chain.setAccounts([{ address, account: { ...account, lamports: FAUCET_LAMPORTS } }]);
  }
}
