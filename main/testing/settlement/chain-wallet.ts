import fs from 'node:fs';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { ed25519 } from '@noble/curves/ed25519.js';
import { base58 } from '@scure/base';
import { Connection, Keypair, PublicKey, Transaction } from '@solana/web3.js';
import { EmbeddedOperator } from '../../../settlement/chain/embedded-operator.js';
import { associatedTokenAccount } from '../../../settlement/chain/token-instructions.js';
import { usdText } from '../../../settlement/custody/usd-text.js';
import { authorisationBytes } from '../../../settlement/program/authorisation.js';
import { deposit } from '../../../settlement/program/money-instructions.js';
import { eventually } from './eventually.js';
import type { Facts, SettlingExchange } from './settling-exchange.js';

/** What an owner asks the door to pay out. */
export interface WithdrawalBody {
  accountId: number;
  nonce: number;
  amount: string;
  destination: string;
  expiresAt: number;
  signature: string;
}

export interface Wish {
  accountId: number;
  nonce: number;
  amountMicroUsd: bigint;
  expiresAt?: number;
  /** Default: the wallet's own token account. */
  destination?: PublicKey;
}

const LAMPORTS = 10_000_000_000;
const WITHIN_MS = 120_000;
const POLL_MS = 50;

/** Somebody with a key of Solana and test USDC, who knows nothing but what the door and the chain tell everybody. */
export class ChainWallet {
  readonly key: Keypair;
  private readonly signatures = new Set<string>();

  constructor(key = Keypair.generate()) {
    this.key = key;
  }

  get owner(): string {
    return this.key.publicKey.toBase58();
  }

  /** From the faucet of the test chain. */
  async fill(exchange: SettlingExchange, microUsd: bigint): Promise<void> {
    const { rpcUrl } = await exchange.facts();
    const token = fs.readFileSync(path.join(exchange.dataDir, 'chain/operator-token'), 'utf8');
    const operator = new EmbeddedOperator({ url: rpcUrl, token: token.trim() });
    await operator.giveTestUsdc(this.owner, microUsd);
    await operator.giveLamports(this.owner, LAMPORTS);
  }

  /**
   * Pays into the account's row, however often the chain goes away meanwhile. Null: the transaction was never executed, and never
   * will be. `facts` is asked for again and again: after a restart they may be others.
   */
  async deposit(
    facts: () => Promise<Facts>,
    accountId: number,
    amountMicroUsd: bigint,
  ): Promise<string | null> {
    const signed = await eventually(
      'a transaction',
      async () => this.signDeposit(await facts(), accountId, amountMicroUsd),
      WITHIN_MS,
    );
    for (const endMs = performance.now() + WITHIN_MS; performance.now() < endMs; ) {
      try {
        const fate = await this.send(connectionTo(await facts()), signed);
        if (fate !== 'open') return fate === 'done' ? signed.signature : null;
      } catch {
        // The chain is away: the same transaction again, so that it is executed once.
      }
      await sleep(POLL_MS);
    }
    throw new Error(`nobody knows what became of ${signed.signature}`);
  }

  /** What is in the wallet. */
  async tokens({ rpcUrl, mint }: Facts): Promise<bigint> {
    const address = associatedTokenAccount(this.key.publicKey, new PublicKey(mint));
    const balance = await connectionTo({ rpcUrl }).getTokenAccountBalance(address);
    return BigInt(balance.value.amount);
  }

  /** The request that the door wants, signed. */
  withdrawal({ exchange, mint }: Facts, wish: Wish): WithdrawalBody {
    const { accountId, nonce, amountMicroUsd } = wish;
    const expiresAt = wish.expiresAt ?? Math.floor(Date.now() / 1_000) + 3_600;
    const own = associatedTokenAccount(this.key.publicKey, new PublicKey(mint));
    const destination = wish.destination ?? own;
    const bytes = authorisationBytes({
      exchange: new PublicKey(exchange),
      accountId,
      nonce: BigInt(nonce),
      amountMicroUsd,
      destination,
      expiresAtSeconds: BigInt(expiresAt),
    });
    return {
      accountId,
      nonce,
      amount: usdText(amountMicroUsd),
      destination: destination.toBase58(),
      expiresAt,
      signature: base58.encode(ed25519.sign(bytes, this.key.secretKey.slice(0, 32))),
    };
  }

  private async signDeposit(facts: Facts, accountId: number, amountMicroUsd: bigint) {
    const [payer, mint] = [this.key.publicKey, new PublicKey(facts.mint)];
    const source = associatedTokenAccount(payer, mint);
    const exchange = new PublicKey(facts.exchange);
    const step = deposit({ exchange, mint, payer, source, accountId, amountMicroUsd });
    const latest = await connectionTo(facts).getLatestBlockhash();
    const transaction = new Transaction({ feePayer: payer, ...latest }).add(step);
    transaction.sign(this.key);
    const signature = base58.encode(transaction.signature as Uint8Array);
    // The same once more within a slot would be the same transaction, and executed once.
    if (this.signatures.has(signature)) return null;
    this.signatures.add(signature);
    return { signature, wire: transaction.serialize(), until: latest.lastValidBlockHeight };
  }

  private async send(
    connection: Connection,
    { signature, wire, until }: NonNullable<Awaited<ReturnType<ChainWallet['signDeposit']>>>,
  ): Promise<'done' | 'never' | 'open'> {
    // Asked first: a status that is missing at this height can only come later when the transaction is still good.
    const height = await connection.getBlockHeight('finalized');
    const { value } = await connection.getSignatureStatus(signature, {
      searchTransactionHistory: true,
    });
    if (value?.err) throw new Error(`deposit ${signature}: ${JSON.stringify(value.err)}`);
    if (value?.confirmationStatus === 'finalized') return 'done';
    if (value === null && height > until) return 'never';
    if (value === null) await connection.sendRawTransaction(wire, { skipPreflight: true });
    return 'open';
  }
}

function connectionTo({ rpcUrl }: Pick<Facts, 'rpcUrl'>): Connection {
  return new Connection(rpcUrl, { commitment: 'confirmed', disableRetryOnRateLimit: true });
}
