import { base58 } from '@scure/base';
import { address, getTransactionDecoder, type Lamports } from '@solana/kit';
import { AddressLookupTableAccount, type PublicKey, VersionedTransaction } from '@solana/web3.js';
import { FailedTransactionMetadata, LiteSVM, type TransactionMetadata } from 'litesvm';
import { type AccountChange, type ChainAccount, sameAccount } from './account-change.js';
import type { SlotClock } from './slot-clock.js';
import type { InnerInstructionJson, TransactionErrorJson } from './transaction-entry.js';
import { transactionErrorJson } from './transaction-error.js';

/** All keys of a transaction in the order of its account indexes. */
export interface TransactionKeys {
  keys: string[];
  loadedWritable: number;
  loadedReadonly: number;
}

export interface ExecutionResult {
  err: TransactionErrorJson | null;
  logs: string[];
  computeUnits: number;
  returnData: { programId: string; data: [string, 'base64'] } | null;
  innerInstructions: { index: number; instructions: InnerInstructionJson[] }[];
}

export interface Execution extends ExecutionResult {
  /** False: the chain does not take it in, no fee was paid and nothing changed. */
  landed: boolean;
  changes: AccountChange[];
  accountsBefore: (ChainAccount | null)[];
  accountsAfter: (ChainAccount | null)[];
}

/** The VM was asked for something that it cannot read. */
export class BadTransactionError extends Error {
  override readonly name = 'BadTransactionError';
}

const NOTHING: ExecutionResult = {
  err: null,
  logs: [],
  computeUnits: 0,
  returnData: null,
  innerInstructions: [],
};
const SYSTEM_PROGRAM = '11111111111111111111111111111111';

/**
 * litesvm with the chain's clock in it. It knows accounts and programs; blockhashes, signatures that
 * were seen and history are the chain's business, because the VM forgets them.
 */
export class VirtualMachine {
  private readonly svm: LiteSVM;
  private slot = -1;

  constructor() {
    this.svm = new LiteSVM().withBlockhashCheck(false).withTransactionHistory(0n);
  }

  /** Tells programs the time. */
  setTime(clock: SlotClock): void {
    const time = this.svm.getClock();
    time.unixTimestamp = BigInt(clock.unixSeconds);
    time.slot = BigInt(clock.slot);
    this.svm.setClock(time);
    if (this.slot === clock.slot) return;
    this.slot = clock.slot;
    const hashes = clock.recentHashes().slice(1);
    this.svm.setSlotHashes(hashes.map(({ slot, hash }) => ({ slot: BigInt(slot), hash })) as never);
  }

  account(key: string): ChainAccount | null {
    const found = this.svm.getAccount(address(key));
    if (!found.exists || (found.lamports === 0n && found.data.length === 0)) return null;
    return {
      lamports: found.lamports,
      owner: found.programAddress,
      executable: found.executable,
      data: found.data as Uint8Array,
    };
  }

  setAccount(key: string, account: ChainAccount | null): void {
    const content = account ?? {
      lamports: 0n,
      owner: SYSTEM_PROGRAM,
      executable: false,
      data: new Uint8Array(),
    };
    this.svm.setAccount({
      address: address(key),
      programAddress: address(content.owner),
      lamports: content.lamports as Lamports,
      executable: content.executable,
      data: content.data,
      space: BigInt(content.data.length),
    });
  }

  addProgram(key: string, elf: Uint8Array): void {
    this.svm.addProgram(address(key), elf);
  }

  accountsOwnedBy(program: string): { key: string; account: ChainAccount }[] {
    return this.svm
      .getProgramAccounts(address(program))
      .filter((found) => found.lamports > 0n)
      .map((found) => ({
        key: found.address,
        account: {
          lamports: found.lamports,
          owner: found.programAddress,
          executable: found.executable,
          data: found.data as Uint8Array,
        },
      }))
      .sort((a, b) => (a.key < b.key ? -1 : 1));
  }

  minimumBalance(bytes: number): bigint {
    return this.svm.minimumBalanceForRentExemption(BigInt(bytes));
  }

  /** Resolves lookup tables; throws BadTransactionError when a table does not exist. */
  keysOf(transaction: VersionedTransaction): TransactionKeys {
    const message = transaction.message;
    const tables = message.addressTableLookups.map((lookup) => {
      const account = this.account(lookup.accountKey.toBase58());
      if (account === null) {
        throw new BadTransactionError(
          `lookup table ${lookup.accountKey.toBase58()} does not exist`,
        );
      }
      const state = readKeys(() => AddressLookupTableAccount.deserialize(account.data));
      return new AddressLookupTableAccount({ key: lookup.accountKey, state });
    });
    const all = readKeys(() => message.getAccountKeys({ addressLookupTableAccounts: tables }));
    const keys: string[] = [];
    for (let i = 0; i < all.length; i++) keys.push((all.get(i) as PublicKey).toBase58());
    const loaded = all.accountKeysFromLookups;
    return {
      keys,
      loadedWritable: loaded?.writable.length ?? 0,
      loadedReadonly: loaded?.readonly.length ?? 0,
    };
  }

  /** Executes for good and tells what changed. */
  execute(wire: Uint8Array, { keys }: TransactionKeys): Execution {
    const accountsBefore = keys.map((key) => this.account(key));
    const described = this.tryExecute(wire);
    const accountsAfter = keys.map((key) => this.account(key));
    const changes: AccountChange[] = [];
    for (const [i, key] of keys.entries()) {
      const before = accountsBefore[i] ?? null;
      const after = accountsAfter[i] ?? null;
      if (!sameAccount(before, after)) changes.push({ address: key, before, after });
    }
    // Whatever a transaction does, the chain takes its fee; what cannot pay for itself is not taken in.
    const landed = described.err === null || changes.length > 0;
    return { ...described, landed, changes, accountsBefore, accountsAfter };
  }

  /** The VM's own reader refuses some transactions by throwing: unsigned ones, for example. */
  private tryExecute(wire: Uint8Array): ExecutionResult {
    try {
      return describeResult(this.svm.sendTransaction(getTransactionDecoder().decode(wire)));
    } catch (error) {
      return { ...NOTHING, err: 'SignatureFailure', logs: [(error as Error).message] };
    }
  }

  /** Executes without effect. Of the accounts that the transaction names, `wanted` are given as they would be after it. */
  simulate(
    wire: Uint8Array,
    verifySignatures: boolean,
    wanted: readonly string[] = [],
  ): ExecutionResult & { after: Map<string, ChainAccount> } {
    const after = new Map<string, ChainAccount>();
    if (!verifySignatures) this.svm.withSigverify(false);
    try {
      const result = this.svm.simulateTransaction(getTransactionDecoder().decode(wire));
      if (result instanceof FailedTransactionMetadata) return { ...describeResult(result), after };
      // Copies every account, pages of a third of a megabyte too: only when somebody asks.
      for (const found of wanted.length > 0 ? result.postAccounts() : []) {
        if (!wanted.includes(found.address)) continue;
        after.set(found.address, {
          lamports: found.lamports,
          owner: found.programAddress,
          executable: found.executable,
          data: found.data as Uint8Array,
        });
      }
      return { ...describeMeta(result.meta()), err: null, after };
    } catch (error) {
      return { ...NOTHING, err: 'SignatureFailure', logs: [(error as Error).message], after };
    } finally {
      if (!verifySignatures) this.svm.withSigverify(true);
    }
  }
}

/** Parses what `Connection` sends; throws BadTransactionError. */
export function parseTransaction(wire: Uint8Array): VersionedTransaction {
  try {
    return VersionedTransaction.deserialize(wire);
  } catch (error) {
    throw new BadTransactionError(`failed to deserialize transaction: ${(error as Error).message}`);
  }
}

function readKeys<T>(read: () => T): T {
  try {
    return read();
  } catch (error) {
    throw new BadTransactionError(`invalid lookup tables: ${(error as Error).message}`);
  }
}

function describeResult(result: TransactionMetadata | FailedTransactionMetadata): ExecutionResult {
  if (!(result instanceof FailedTransactionMetadata)) return { ...describeMeta(result), err: null };
  return { ...describeMeta(result.meta()), err: transactionErrorJson(result.toString()) };
}

function describeMeta(meta: TransactionMetadata): Omit<ExecutionResult, 'err'> {
  const returned = meta.returnData();
  const data = Buffer.from(returned.data()).toString('base64');
  const innerInstructions = meta.innerInstructions().map((list, index) => ({
    index,
    instructions: list.map((inner) => ({
      programIdIndex: inner.instruction().programIdIndex(),
      accounts: [...inner.instruction().accounts()],
      data: base58.encode(inner.instruction().data()),
      stackHeight: inner.stackHeight(),
    })),
  }));
  return {
    logs: meta.logs(),
    computeUnits: Number(meta.computeUnitsConsumed()),
    returnData:
      data === ''
        ? null
        : { programId: base58.encode(returned.programId()), data: [data, 'base64'] },
    innerInstructions: innerInstructions.filter((list) => list.instructions.length > 0),
  };
}
