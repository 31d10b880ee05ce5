import {
  ComputeBudgetProgram,
  PublicKey,
  SystemProgram,
  Transaction,
  TransactionInstruction,
} from '@solana/web3.js';
import type { EmbeddedChain } from './embedded-chain.js';
import { INTERNAL_ERROR, RpcError } from './rpc-error.js';
import { TOKEN_PROGRAM } from './token-accounts.js';
import { describeTransactionError } from './transaction-error.js';

const ASSOCIATED_TOKEN_PROGRAM = new PublicKey('ATokenGPvbdGVxr1b2hvZbsiqW5xWH25efTNsLJA8knL');
const TOKEN_PROGRAM_KEY = new PublicKey(TOKEN_PROGRAM);
/** Numbers of instructions of the token programs. */
const CREATE_IDEMPOTENT = 1;
const MINT_TO = 7;
const UNIT_LIMIT = 200_000;

/** Where the tokens of an owner are by convention. */
export function associatedTokenAccount(owner: PublicKey, mint: PublicKey): PublicKey {
  const seeds = [owner.toBuffer(), TOKEN_PROGRAM_KEY.toBuffer(), mint.toBuffer()];
  return PublicKey.findProgramAddressSync(seeds, ASSOCIATED_TOKEN_PROGRAM)[0];
}

export function createTokenAccountInstruction(
  payer: PublicKey,
  owner: PublicKey,
  mint: PublicKey,
): TransactionInstruction {
  return new TransactionInstruction({
    programId: ASSOCIATED_TOKEN_PROGRAM,
    keys: [
      { pubkey: payer, isSigner: true, isWritable: true },
      { pubkey: associatedTokenAccount(owner, mint), isSigner: false, isWritable: true },
      { pubkey: owner, isSigner: false, isWritable: false },
      { pubkey: mint, isSigner: false, isWritable: false },
      { pubkey: SystemProgram.programId, isSigner: false, isWritable: false },
      { pubkey: TOKEN_PROGRAM_KEY, isSigner: false, isWritable: false },
    ],
    data: Buffer.of(CREATE_IDEMPOTENT),
  });
}

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
    const data = Buffer.alloc(9);
    data.writeUInt8(MINT_TO, 0);
    data.writeBigUInt64LE(microUsdc, 1);
    const mintTo = new TransactionInstruction({
      programId: TOKEN_PROGRAM_KEY,
      keys: [
        { pubkey: mint, isSigner: false, isWritable: true },
        { pubkey: account, isSigner: false, isWritable: true },
        { pubkey: payer, isSigner: true, isWritable: false },
      ],
      data,
    });
    const create = createTokenAccountInstruction(payer, owner, mint);
    return { signature: this.send([create, mintTo]), tokenAccount: account.toBase58() };
  }

  private send(instructions: TransactionInstruction[]): string {
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
}
