import { readFileSync } from 'node:fs';
import { address, getTransactionDecoder, lamports } from '@solana/kit';
import {
  ComputeBudgetProgram,
  Keypair,
  type PublicKey,
  type TransactionInstruction,
  TransactionMessage,
  VersionedTransaction,
} from '@solana/web3.js';
import { FailedTransactionMetadata, LiteSVM } from 'litesvm';
import { packageFile } from '../../../main/package-root.js';
import { PROGRAM_ID, PYTH_RECEIVER_ID, TOKEN_PROGRAM_ID } from '../addresses.js';
import { ByteWriter } from '../byte-writer.js';
import { decodeEvents, type ProgramEvent } from '../events.js';
import { failureOfLogs } from '../failures.js';

const TRANSACTION_BYTES_MAX = 1232;

/** A transaction that the chain refused: the program's own name for it, or what the chain says. */
export class RefusedError extends Error {
  override readonly name = 'RefusedError';
  readonly logs: readonly string[];

  constructor(why: string, logs: readonly string[]) {
    super(`${why}\n${logs.join('\n')}`);
    this.logs = logs;
  }
}

export interface Sent {
  events: ProgramEvent[];
  computeUnits: number;
  /** Length of the transaction as sent. */
  bytes: number;
}

/** The built program in a Solana VM of its own, with a clock that stands still and price accounts that tests write. */
export class TestChain {
  readonly svm = new LiteSVM();
  readonly payer = Keypair.generate();
  nowSeconds = 1_767_225_600n;

  constructor() {
    this.svm.addProgram(address(PROGRAM_ID.toBase58()), builtProgram());
    this.fund(this.payer.publicKey);
    this.advance(0);
  }

  fund(key: PublicKey): void {
    this.svm.airdrop(address(key.toBase58()), lamports(1_000_000_000_000n));
  }

  advance(seconds: number): void {
    this.nowSeconds += BigInt(seconds);
    const clock = this.svm.getClock();
    clock.unixTimestamp = this.nowSeconds;
    this.svm.setClock(clock);
  }

  /** Sends one transaction, paid by the first signer. Throws `RefusedError` when it does not succeed. */
  send(instructions: TransactionInstruction[], signers: Keypair[], computeUnits?: number): Sent {
    const all = [...instructions];
    if (computeUnits !== undefined) {
      all.unshift(ComputeBudgetProgram.setComputeUnitLimit({ units: computeUnits }));
    }
    this.svm.expireBlockhash();
    const message = new TransactionMessage({
      payerKey: (signers[0] ?? this.payer).publicKey,
      recentBlockhash: this.svm.latestBlockhash(),
      instructions: all,
    });
    const transaction = new VersionedTransaction(message.compileToV0Message());
    transaction.sign(signers.length === 0 ? [this.payer] : signers);
    return this.sendWire(transaction.serialize());
  }

  sendWire(wire: Uint8Array): Sent {
    if (wire.length > TRANSACTION_BYTES_MAX) throw new RefusedError(`${wire.length} bytes`, []);
    const result = this.svm.sendTransaction(getTransactionDecoder().decode(wire));
    if (result instanceof FailedTransactionMetadata) {
      const logs = result.meta().logs();
      throw new RefusedError(whyRefused(logs) ?? result.toString(), logs);
    }
    const { events } = decodeEvents(result.logs());
    return { events, computeUnits: Number(result.computeUnitsConsumed()), bytes: wire.length };
  }

  /** Bytes of an account; throws when there is none. */
  read(key: PublicKey): Uint8Array {
    const account = this.svm.getAccount(address(key.toBase58()));
    if (!account.exists) throw new Error(`there is no account ${key.toBase58()}`);
    return new Uint8Array(account.data);
  }

  exists(key: PublicKey): boolean {
    return this.svm.getAccount(address(key.toBase58())).exists;
  }

  /** Writes any account, owned by any program. */
  write(key: PublicKey, owner: PublicKey, data: Uint8Array): void {
    this.svm.setAccount({
      address: address(key.toBase58()),
      programAddress: address(owner.toBase58()),
      data,
      lamports: lamports(this.svm.minimumBalanceForRentExemption(BigInt(data.length))),
      executable: false,
      space: BigInt(data.length),
    });
  }

  /** A mint with 6 decimals, as USDC has. */
  createMint(): PublicKey {
    const writer = new ByteWriter();
    writer.raw(new Uint8Array(36));
    writer.u64(2n ** 63n);
    writer.u8(6);
    writer.u8(1);
    writer.raw(new Uint8Array(36));
    return this.place(TOKEN_PROGRAM_ID, writer.bytes());
  }

  createTokens(mint: PublicKey, owner: PublicKey, amount: bigint): PublicKey {
    const writer = new ByteWriter();
    writer.raw(mint.toBytes());
    writer.raw(owner.toBytes());
    writer.u64(amount);
    writer.raw(new Uint8Array(36));
    writer.u8(1);
    writer.raw(new Uint8Array(56));
    return this.place(TOKEN_PROGRAM_ID, writer.bytes());
  }

  tokensOf(account: PublicKey): bigint {
    return Buffer.from(this.read(account)).readBigUInt64LE(64);
  }

  /** Writes a `PriceUpdateV2` account as Pyth's receiver would. */
  setPrice(key: PublicKey, price: TestPrice, owner = PYTH_RECEIVER_ID): void {
    const publishTime = price.publishTimeSeconds ?? this.nowSeconds;
    const writer = new ByteWriter();
    writer.raw(Buffer.from('22f123639d7ef4cd', 'hex'));
    writer.raw(new Uint8Array(32));
    writer.u8(price.level ?? 1);
    writer.raw(price.feedId);
    writer.i64(price.price);
    writer.u64(price.confidence ?? 0n);
    writer.i32(price.exponent);
    writer.i64(publishTime);
    writer.i64(publishTime);
    writer.i64(price.average ?? price.price);
    writer.u64(0n);
    writer.u64(1n);
    writer.u8(0);
    this.write(key, owner, writer.bytes());
  }

  private place(owner: PublicKey, data: Uint8Array): PublicKey {
    const key = Keypair.generate().publicKey;
    this.write(key, owner, data);
    return key;
  }
}

export interface TestPrice {
  feedId: Uint8Array;
  /** × 10^exponent US dollars. */
  price: bigint;
  exponent: number;
  confidence?: bigint;
  publishTimeSeconds?: bigint;
  average?: bigint;
  /** 1: verified by all guardians that it takes. */
  level?: number;
}

/** The program's own name for it, or Anchor's. */
function whyRefused(logs: readonly string[]): string | undefined {
  const ofAnchor = /Error Code: (\w+)\./.exec(logs.join('\n'));
  return failureOfLogs(logs)?.name ?? ofAnchor?.[1];
}

function builtProgram(): Uint8Array {
  return readFileSync(packageFile('programs/artifacts/plimsoll.so'));
}
