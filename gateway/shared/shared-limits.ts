import { randomBytes } from 'node:crypto';
import type { GatewayLimits } from '../limits.js';
import { restRates } from '../rest/request-rates.js';
import type { AllowanceTable } from '../session/allowances.js';
import type { OrderCounts } from '../session/order-ratios.js';
import { type Rates, timesRates } from '../session/token-bucket.js';
import { ALLOWANCE_WORDS, SharedAllowances } from './shared-allowances.js';
import { clockOffsetMs } from './shared-clock.js';
import { ORDER_COUNT_WORDS, SharedOrderCounts } from './shared-order-counts.js';
import { createSharedSignatures, SharedSignatures } from './shared-signatures.js';
import { createSharedTable, SHARED_SLOTS_MAX, type SharedTableMemory } from './shared-table.js';

/** Keys of a table; memory that nobody has touched costs nothing. */
const PLACES = 1 << 16;
const SECRET_BYTES = 16;
/** The thread in which the exchange itself runs: it sweeps, and counts trades. */
export const MAIN_SLOT = 0;

/** What the threads of one exchange have in common; plain data that can be handed to a thread. */
export interface SharedLimitsMemory {
  accounts: SharedTableMemory;
  addresses: SharedTableMemory;
  binanceAddresses: SharedTableMemory;
  restAddresses: SharedTableMemory;
  restAccounts: SharedTableMemory;
  orders: SharedTableMemory;
  signatures: SharedArrayBuffer;
  /** WebSockets by slot. */
  connections: SharedArrayBuffer;
  /** Sockets of the public port by slot, WebSockets among them. */
  sockets: SharedArrayBuffer;
  /** When the exchange began, in its time: what was signed before may have been taken before. */
  startMs: number;
}

export function createSharedLimits(startMs: number): SharedLimitsMemory {
  const secret = randomBytes(SECRET_BYTES);
  const allowances = () => createSharedTable(PLACES, ALLOWANCE_WORDS, secret);
  return {
    accounts: allowances(),
    addresses: allowances(),
    binanceAddresses: allowances(),
    restAddresses: allowances(),
    restAccounts: allowances(),
    orders: createSharedTable(PLACES, ORDER_COUNT_WORDS, secret),
    signatures: createSharedSignatures(),
    connections: new SharedArrayBuffer(SHARED_SLOTS_MAX * 4),
    sockets: new SharedArrayBuffer(SHARED_SLOTS_MAX * 4),
    startMs,
  };
}

/** The limits of one exchange as one of its threads uses them: whoever comes through several threads has each allowance once. */
export class SharedLimits {
  readonly accounts: AllowanceTable<number>;
  readonly addresses: AllowanceTable<string>;
  readonly binanceAddresses: AllowanceTable<string>;
  readonly restAddresses: AllowanceTable<string>;
  readonly restAccounts: AllowanceTable<number>;
  readonly orders: OrderCounts;
  readonly signatures: SharedSignatures;
  readonly startMs: number;
  private readonly slot: number;
  private readonly connections: Int32Array;
  private readonly sockets: Int32Array;
  private readonly tables: readonly SharedAllowances<never>[];

  /** `slot`: the thread's number, from 0 (`MAIN_SLOT`). */
  constructor(memory: SharedLimitsMemory, slot: number, limits: GatewayLimits) {
    if (slot < 0 || slot >= SHARED_SLOTS_MAX) {
      throw new RangeError(`slot must be from 0 to ${SHARED_SLOTS_MAX - 1}, but is ${slot}`);
    }
    const offsetMs = clockOffsetMs();
    const tables: SharedAllowances<never>[] = [];
    const table = <Key extends number | string>(shared: SharedTableMemory, rates: Rates) => {
      const allowances = new SharedAllowances<Key>(shared, slot, rates, offsetMs);
      tables.push(allowances as SharedAllowances<never>);
      return allowances;
    };
    const { restRequestsBurst, restRequestsPerSecond } = limits;
    const rest = restRates(restRequestsPerSecond, restRequestsBurst);
    const ofAddresses = timesRates(limits, limits.accountsPerAddress);
    this.accounts = table<number>(memory.accounts, limits);
    this.addresses = table<string>(memory.addresses, ofAddresses);
    this.binanceAddresses = table<string>(memory.binanceAddresses, limits);
    this.restAddresses = table<string>(memory.restAddresses, rest);
    this.restAccounts = table<number>(memory.restAccounts, rest);
    this.tables = tables;
    this.orders = new SharedOrderCounts(memory.orders, limits, offsetMs, slot === MAIN_SLOT);
    this.signatures = new SharedSignatures(memory.signatures);
    this.startMs = memory.startMs;
    this.slot = slot;
    this.connections = new Int32Array(memory.connections);
    this.sockets = new Int32Array(memory.sockets);
  }

  /** WebSockets of all threads but this one. */
  get connectionsElsewhere(): number {
    return this.elsewhere(this.connections);
  }

  /** Sockets of all threads but this one. */
  get socketsElsewhere(): number {
    return this.elsewhere(this.sockets);
  }

  /** Tells the others how many WebSockets this thread has. */
  noteConnections(count: number): void {
    Atomics.store(this.connections, this.slot, count);
  }

  /** Tells the others how many sockets this thread has. */
  noteSockets(count: number): void {
    Atomics.store(this.sockets, this.slot, count);
  }

  /** By one thread only, about once a second. */
  sweep(nowMs: number): void {
    if (this.slot !== MAIN_SLOT) return;
    for (const table of this.tables) table.sweep(nowMs);
    this.orders.sweep(nowMs);
  }

  /** The thread with this number is dead, and its connections with it. */
  dropSlot(slot: number): void {
    for (const table of this.tables) table.dropSlot(slot);
    Atomics.store(this.connections, slot, 0);
    Atomics.store(this.sockets, slot, 0);
  }

  private elsewhere(counts: Int32Array): number {
    let sum = 0;
    counts.forEach((_, slot) => {
      if (slot !== this.slot) sum += Atomics.load(counts, slot);
    });
    return sum;
  }
}
