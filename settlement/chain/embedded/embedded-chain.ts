import { createHash, randomBytes } from 'node:crypto';
import fs from 'node:fs';
import { base58 } from '@scure/base';
import type { VersionedTransaction } from '@solana/web3.js';
import type { AccountChange, ChainAccount } from './account-change.js';
import { ChainHaltedError, ChainLog, type LogDisk, listLogs, readLogs } from './chain-log.js';
import { type ChainRecord, encodeChainRecord, replayChainRecord } from './chain-record.js';
import { ChainStore } from './chain-store.js';
import { Genesis } from './genesis.js';
import { ChainDamageError } from './log-reader.js';
import { BLOCKHASH_SLOTS, type KeptTime, SlotClock } from './slot-clock.js';
import { readMintDecimals, tokenBalances } from './token-accounts.js';
import type { TransactionEntry, TransactionErrorJson } from './transaction-entry.js';
import {
  type Execution,
  parseTransaction,
  type TransactionKeys,
  VirtualMachine,
} from './virtual-machine.js';

export interface EmbeddedChainOptions {
  /** Where the chain lives; made when missing. */
  folder: string;
  nowMs?: () => number;
  disk?: LogDisk;
  /** A checkpoint is due after so many records of the log, or so many bytes. */
  checkpointRecords?: number;
  checkpointBytes?: number;
}

/** What became of a transaction: taken in (executed or failed, for a fee), or not. */
export type Submission =
  | { taken: true; entry: TransactionEntry }
  | { taken: false; err: TransactionErrorJson; logs: string[]; computeUnits: number };

const CHECKPOINT_RECORDS = 500;
const CHECKPOINT_BYTES = 8 * 1024 * 1024;
/** From this multiple on, requests wait until the checkpoint is made. */
const OVERDUE = 4;

/**
 * A Solana chain of one process: litesvm executes, a log and a store keep. Every effect is in the log
 * and on the disk before any answer that shows it; `run` is the only door, so this holds for reads too.
 * Transactions that were taken in are never executed again, before or after a crash: signatures and
 * messages are remembered for as long as their blockhash lives, and history for ever.
 */
export class EmbeddedChain {
  readonly genesis: Genesis;
  readonly vm = new VirtualMachine();
  readonly clock: SlotClock;
  /** Resolves when the chain can no longer keep what it does: it refuses everything from then on. */
  readonly halted: Promise<Error>;
  /** What recovery had to cut, a sentence each. */
  readonly notices: readonly string[];
  private readonly store: ChainStore;
  private readonly log: ChainLog;
  private readonly options: EmbeddedChainOptions;
  private readonly recent = new Map<string, TransactionEntry>();
  private readonly messages = new Map<string, { slot: number; signature: string }>();
  private readonly dirtyAccounts = new Set<string>();
  private readonly newPrograms = new Map<string, Uint8Array>();
  private readonly hashes = new Map<string, string>();
  private recordsSinceCheckpoint = 0;
  private failure: Error | null = null;
  private announceHalt: (error: Error) => void = () => {};
  private isClosed = false;

  /** Throws ChainDamageError, ChainLockedError, or the system's error. */
  static open(options: EmbeddedChainOptions): EmbeddedChain {
    fs.mkdirSync(options.folder, { recursive: true, mode: 0o700 });
    const store = new ChainStore(options.folder);
    try {
      return new EmbeddedChain(options, store);
    } catch (error) {
      store.close();
      throw error;
    }
  }

  private constructor(options: EmbeddedChainOptions, store: ChainStore) {
    const now = options.nowMs ?? Date.now;
    this.halted = new Promise((resolve) => {
      this.announceHalt = resolve;
    });
    this.options = options;
    this.store = store;
    this.log = new ChainLog(options.folder, options.disk);
    const seed = store.meta('seed');
    this.genesis = new Genesis(
      seed === null ? randomBytes(32) : Buffer.from(seed, 'hex'),
      Number(store.meta('originMs') ?? now()),
    );
    let kept: KeptTime | null = null;
    if (seed === null) this.makeGenesis();
    else kept = this.restore();
    const replayed = this.replay(store.lastRecord, kept);
    this.notices = replayed.notices;
    this.clock = new SlotClock(this.genesis.seed, this.genesis.originMs, replayed.time, now);
    this.vm.setTime(this.clock);
    this.rememberMessages();
    // A torn tail goes with the old file; the new one begins behind all that was recovered.
    this.writeCheckpoint(replayed.lastRecord);
  }

  /** Does one request. Its effects, and all that it can have seen, are on the disk when this resolves. */
  async run<T>(work: () => T): Promise<T> {
    await this.catchUp();
    this.refuseWhenDown();
    this.clock.advance();
    this.vm.setTime(this.clock);
    if (this.clock.mustKeep) this.append({ kind: 'time', time: this.clock.noteKept() });
    let result: T;
    try {
      result = work();
    } finally {
      await this.durable();
    }
    if (this.isDue(1) && !this.log.hasPending && !this.isClosed) this.checkpoint();
    return result;
  }

  /** Executes a signed transaction. Call it inside of `run`. */
  submit(wire: Uint8Array): Submission {
    this.refuseWhenDown();
    const transaction = parseTransaction(wire);
    const refusal = this.refusalOf(transaction);
    if (refusal !== null) return { taken: false, err: refusal, logs: [], computeUnits: 0 };
    const keys = this.vm.keysOf(transaction);
    return this.guard(() => {
      const execution = this.vm.execute(wire, keys);
      if (!execution.landed) {
        const { logs, computeUnits } = execution;
        return { taken: false, err: execution.err as TransactionErrorJson, logs, computeUnits };
      }
      return { taken: true, entry: this.keepTransaction(wire, transaction, keys, execution) };
    });
  }

  /** Why the chain would not even try it: blockhash or repetition. Null: nothing. */
  refusalOf(transaction: VersionedTransaction): TransactionErrorJson | null {
    if (this.clock.slotOf(transaction.message.recentBlockhash) === null) return 'BlockhashNotFound';
    const signature = base58.encode(transaction.signatures[0] as Uint8Array);
    // The same message under another signature is the same transaction.
    if (this.messages.has(messageKey(transaction))) return 'AlreadyProcessed';
    return this.transaction(signature) === null ? null : 'AlreadyProcessed';
  }

  transaction(signature: string): TransactionEntry | null {
    return this.recent.get(signature) ?? this.store.transaction(signature);
  }

  /** Transactions that name the address, newest first, with records in the open range. */
  touching(address: string, before: number, until: number, limit: number): TransactionEntry[] {
    const found = [...this.recent.values()]
      .filter(({ record, keys }) => record < before && record > until && keys.includes(address))
      .reverse()
      .slice(0, limit);
    const left = limit - found.length;
    return left === 0 ? found : [...found, ...this.store.touching(address, before, until, left)];
  }

  /** Writes accounts as no transaction could: what the operator of a test chain may do. Inside of `run`. */
  setAccounts(accounts: readonly { address: string; account: ChainAccount | null }[]): void {
    this.refuseWhenDown();
    this.guard(() => {
      const changes: AccountChange[] = accounts.map(({ address, account }) => {
        const before = this.vm.account(address);
        this.vm.setAccount(address, account);
        return { address, before, after: this.vm.account(address) };
      });
      for (const { address } of changes) this.dirtyAccounts.add(address);
      this.append({ kind: 'accounts', time: this.clock.noteKept(), changes });
    });
  }

  /** SHA-256 in hex of each program that was deployed, by address. */
  get programHashes(): ReadonlyMap<string, string> {
    return this.hashes;
  }

  /** Deploys or replaces a program. Inside of `run`. */
  addProgram(address: string, elf: Uint8Array): void {
    this.refuseWhenDown();
    this.loadProgram(address, elf);
    this.guard(() => {
      this.newPrograms.set(address, elf);
      this.append({ kind: 'program', time: this.clock.noteKept(), address, elf });
    });
  }

  /** Decimals of a mint; null: there is none at this address. */
  mintDecimals(mint: string): number | null {
    return readMintDecimals(this.vm.account(mint));
  }

  async close(): Promise<void> {
    if (this.isClosed) return;
    this.isClosed = true;
    try {
      await this.durable();
      if (this.failure === null) this.checkpoint();
    } finally {
      await this.log.close().catch(() => {});
      this.store.close();
    }
  }

  private keepTransaction(
    wire: Uint8Array,
    transaction: VersionedTransaction,
    keys: TransactionKeys,
    execution: Execution,
  ): TransactionEntry {
    const { accountsBefore, accountsAfter, changes } = execution;
    const decimalsOf = (mint: string) => this.mintDecimals(mint);
    const preBalances = accountsBefore.map((account) => Number(account?.lamports ?? 0n));
    const entry = {
      signature: base58.encode(transaction.signatures[0] as Uint8Array),
      slot: this.clock.slot,
      blockTime: this.clock.unixSeconds,
      wire: Buffer.from(wire).toString('base64'),
      err: execution.err,
      feeLamports: feeOf(execution),
      computeUnits: execution.computeUnits,
      logs: execution.logs,
      innerInstructions: execution.innerInstructions,
      returnData: execution.returnData,
      keys: keys.keys,
      loadedWritable: keys.loadedWritable,
      loadedReadonly: keys.loadedReadonly,
      preBalances,
      postBalances: accountsAfter.map((account) => Number(account?.lamports ?? 0n)),
      tokenBalances: {
        pre: tokenBalances(accountsBefore, decimalsOf),
        post: tokenBalances(accountsAfter, decimalsOf),
      },
    };
    const time = this.clock.noteKept();
    const record = this.append({ kind: 'transaction', time, entry, changes });
    const kept = { ...entry, record };
    for (const { address } of changes) this.dirtyAccounts.add(address);
    this.remember(kept, transaction);
    return kept;
  }

  private remember(entry: TransactionEntry, transaction: VersionedTransaction): void {
    this.recent.set(entry.signature, entry);
    const { slot, signature } = entry;
    this.messages.set(messageKey(transaction), { slot, signature });
    for (const [key, seen] of this.messages) {
      if (seen.slot >= this.clock.slot - BLOCKHASH_SLOTS) break;
      this.messages.delete(key);
    }
  }

  private append(record: ChainRecord): number {
    this.recordsSinceCheckpoint += 1;
    return this.log.append(encodeChainRecord(record));
  }

  /** Between the VM and the log nothing may fail: memory would be ahead of the disk. */
  private guard<T>(work: () => T): T {
    try {
      return work();
    } catch (error) {
      throw this.halt(new ChainHaltedError(`the chain halts: ${(error as Error).message}`));
    }
  }

  private halt(error: Error): Error {
    this.failure ??= error;
    this.announceHalt(this.failure);
    return this.failure;
  }

  private async durable(): Promise<void> {
    try {
      await this.log.durable();
    } catch (error) {
      throw this.halt(error as Error);
    }
  }

  private refuseWhenDown(): void {
    if (this.failure !== null) throw this.failure;
    if (this.isClosed) throw new ChainHaltedError('the chain is closed');
  }

  private async catchUp(): Promise<void> {
    while (this.isDue(OVERDUE) && this.failure === null && !this.isClosed) {
      await this.durable();
      if (!this.log.hasPending && !this.isClosed) this.checkpoint();
    }
  }

  private isDue(times: number): boolean {
    const { checkpointRecords = CHECKPOINT_RECORDS, checkpointBytes = CHECKPOINT_BYTES } =
      this.options;
    if (this.recordsSinceCheckpoint === 0) return false;
    return (
      this.recordsSinceCheckpoint >= checkpointRecords * times ||
      this.log.bytes >= checkpointBytes * times
    );
  }

  private checkpoint(): void {
    this.guard(() => this.writeCheckpoint(this.log.lastRecord));
  }

  private writeCheckpoint(lastRecord: number): void {
    const accounts = new Map<string, ChainAccount | null>();
    for (const address of this.dirtyAccounts) accounts.set(address, this.vm.account(address));
    const kept = this.clock.noteKept();
    this.store.write({
      lastRecord,
      meta: {
        ...this.genesis.meta(),
        slot: String(kept.slot),
        unixSeconds: String(kept.unixSeconds),
      },
      accounts,
      programs: this.newPrograms,
      transactions: [...this.recent.values()],
    });
    this.log.startFile(lastRecord);
    this.dirtyAccounts.clear();
    this.newPrograms.clear();
    this.recent.clear();
    this.recordsSinceCheckpoint = 0;
  }

  private makeGenesis(): void {
    const log = listLogs(this.options.folder)[0];
    if (log !== undefined)
      throw new ChainDamageError(log, 0, 'there is a log, but its chain.db is gone');
    for (const { address, account } of this.genesis.accounts((bytes) =>
      this.vm.minimumBalance(bytes),
    )) {
      this.vm.setAccount(address, account);
      this.dirtyAccounts.add(address);
    }
  }

  private restore(): KeptTime {
    for (const [address, elf] of this.store.programs()) this.loadProgram(address, elf);
    for (const [address, account] of this.store.accounts()) this.vm.setAccount(address, account);
    return {
      slot: Number(this.store.meta('slot')),
      unixSeconds: Number(this.store.meta('unixSeconds')),
    };
  }

  /** Throws when the VM does not take it; nothing has changed then. */
  private loadProgram(address: string, elf: Uint8Array): void {
    this.vm.addProgram(address, elf);
    this.hashes.set(address, createHash('sha256').update(elf).digest('hex'));
  }

  private replay(after: number, kept: KeptTime | null) {
    const { records, notices } = readLogs(this.options.folder, after);
    let time = kept;
    for (const { number, payload } of records) {
      try {
        replayChainRecord(number, payload, {
          account: (address) => this.vm.account(address),
          setTime: (value) => {
            time = value;
          },
          setAccount: (address, account) => {
            this.vm.setAccount(address, account);
            this.dirtyAccounts.add(address);
          },
          addProgram: (address, elf) => {
            this.loadProgram(address, elf);
            this.newPrograms.set(address, elf);
          },
          addTransaction: (entry) => this.recent.set(entry.signature, entry),
        });
      } catch (error) {
        const reason = `record ${number} cannot be applied: ${(error as Error).message}`;
        throw new ChainDamageError(this.options.folder, 0, reason);
      }
    }
    return { notices, time, lastRecord: after + records.length };
  }

  private rememberMessages(): void {
    const since = this.clock.slot - BLOCKHASH_SLOTS;
    const kept = this.store.transactionsSince(since);
    for (const entry of [...kept, ...this.recent.values()]) {
      const transaction = parseTransaction(Buffer.from(entry.wire, 'base64'));
      const { slot, signature } = entry;
      this.messages.set(messageKey(transaction), { slot, signature });
    }
  }
}

function messageKey(transaction: VersionedTransaction): string {
  return createHash('sha256').update(transaction.message.serialize()).digest('base64');
}

/** The VM does not tell the fee; lamports are neither made nor lost otherwise, so it is what is missing. */
function feeOf({ accountsBefore, accountsAfter }: Execution): number {
  const sum = (accounts: readonly (ChainAccount | null)[]) =>
    accounts.reduce((total, account) => total + (account?.lamports ?? 0n), 0n);
  return Number(sum(accountsBefore) - sum(accountsAfter));
}
