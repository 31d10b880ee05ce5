import { type Keypair, type PublicKey, TransactionInstruction } from '@solana/web3.js';
import { TOKEN_PROGRAM_ID } from '../../program/addresses.js';
import { requestForced } from '../../program/exit-instructions.js';
import { TransactionSender } from '../sender.js';
import { associatedTokenAccount, createTokenAccount } from '../token-instructions.js';
import type { SettlementUnderTest } from './settlement-under-test.js';

/** Number of an instruction of the token program. */
const CLOSE_ACCOUNT = 9;

/** Sends past the settlement's own endpoints, whatever is wrong with these. */
export async function sendAlone(
  under: SettlementUnderTest,
  payer: Keypair,
  instructions: TransactionInstruction[],
): Promise<void> {
  const sender = new TransactionSender(under.test.directPool(), { pollMs: 5 });
  const outcome = await sender.send({ label: 'alone', payer, instructions });
  if (outcome.kind !== 'executed') throw new Error(JSON.stringify(outcome));
}

/** The owner asks the chain for money, into his associated token account. */
export async function requestByForce(
  under: SettlementUnderTest,
  accountId: number,
  amountMicroUsd: bigint,
  owner: Keypair = under.trader,
): Promise<PublicKey> {
  const { exchange, mint } = under.chain;
  const destination = associatedTokenAccount(owner.publicKey, mint);
  const of = { exchange, mint, owner: owner.publicKey, accountId, amountMicroUsd, destination };
  await sendAlone(under, owner, [
    createTokenAccount(owner.publicKey, owner.publicKey, mint),
    requestForced(of),
  ]);
  return destination;
}

/** The owner closes his token account, which must be empty. */
export function closeTokens(owner: Keypair, account: PublicKey): TransactionInstruction {
  return new TransactionInstruction({
    programId: TOKEN_PROGRAM_ID,
    keys: [
      { pubkey: account, isSigner: false, isWritable: true },
      { pubkey: owner.publicKey, isSigner: false, isWritable: true },
      { pubkey: owner.publicKey, isSigner: true, isWritable: false },
    ],
    data: Buffer.of(CLOSE_ACCOUNT),
  });
}
