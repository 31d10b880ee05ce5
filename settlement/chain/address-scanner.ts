import type {
  ConfirmedSignatureInfo,
  Connection,
  PublicKey,
  VersionedMessage,
} from '@solana/web3.js';
import type { EndpointPool } from './endpoint-pool.js';

/** How far an address was read. Keep it together with what it gave: both, or neither. */
export interface ScanCursor {
  /** The last transaction that was given. */
  signature: string;
  slot: number;
  /** All of its slot that were given: nodes do not agree on the order within one. */
  sameSlot: readonly string[];
}

/** One event that a transaction caused; `signature` and `index` name it for ever. */
export interface ScannedEvent<Event> {
  signature: string;
  /** Place among the events of its transaction, from 0. */
  index: number;
  slot: number;
  /** Unix seconds; null: the endpoint did not keep it. */
  blockTime: number | null;
  event: Event;
}

export interface ScanResult<Event> {
  /** In the order of the chain. */
  events: ScannedEvent<Event>[];
  /** To go on from; null: the address has no transactions yet. */
  cursor: ScanCursor | null;
  /** Why it could not read on to the end; '' when it did. The next scan tries again. */
  stoppedBecause: string;
  /**
   * Whatever happened up to this slot was given, by this scan or before its cursor, as enough endpoints say; null: that is not known. Only
   * what is missing up to here has not happened.
   */
  completeToSlot: number | null;
  /** Transactions that could not be read as they should: given once, for people to look at. */
  unreadable: { signature: string; reason: string }[];
}

export interface DecodedLogs<Event> {
  events: readonly Event[];
  /** The chain had cut the logs: events at their end may be missing. */
  isTruncated: boolean;
}

/** An instruction of the transaction itself; those that programs called are not in it. */
export interface ScannedInstruction {
  /** Base58; null: it comes from a lookup table. */
  programId: string | null;
  data: Uint8Array;
}

export interface AddressScannerOptions<Event> {
  pool: EndpointPool;
  /** Every transaction that can cause an event names it. */
  address: PublicKey;
  /** Reads a transaction that succeeded. May throw for what it cannot read. */
  decode: (
    logs: readonly string[],
    instructions: readonly ScannedInstruction[],
  ) => DecodedLogs<Event>;
  /** Signatures a page; nodes give 1,000 at most. */
  pageSize?: number;
  /** So many transactions are given at most in one scan, so that a long history does not fill the memory. */
  transactionsMax?: number;
}

/** Transactions as one endpoint lists them, oldest first. */
interface Listing {
  listed: ConfirmedSignatureInfo[];
  /** It lists all up to this slot; null: it did not come to the end. */
  toSlot: number | null;
}

interface ReadTransaction {
  slot: number;
  blockTime: number | null;
  err: unknown;
  logs: string[];
  instructions: ScannedInstruction[];
}

const PAGE_SIZE = 1_000;
const TRANSACTIONS_MAX = 2_000;
const PAGES_MAX = 10_000;
/** A node may list transactions of its newest blocks a moment after it shows their effects. */
const LISTED_AFTER_SLOTS = 32;

/**
 * Reads what happened at an address, from the last transaction that is known to the newest, and gives
 * every event exactly once and in the order of the chain. It keeps nothing itself: notifications may be
 * lost, doubled or never come, because each scan asks for all that is missing.
 *
 * Only transactions that the pool's commitment covers are given, and with several endpoints only those of
 * which as many as must agree say the same: what a fork takes back before it is final was never given.
 */
export class AddressScanner<Event> {
  private readonly options: AddressScannerOptions<Event>;

  constructor(options: AddressScannerOptions<Event>) {
    this.options = options;
  }

  /** All that came after `cursor`; null: from the beginning. Rejects with NoEndpointError. */
  async scan(cursor: ScanCursor | null): Promise<ScanResult<Event>> {
    const result: ScanResult<Event> = {
      ...{ events: [], cursor, unreadable: [] },
      ...{ stoppedBecause: '', completeToSlot: null },
    };
    const { transactionsMax = TRANSACTIONS_MAX } = this.options;
    const { listed, stoppedBecause, toSlot } = await this.listAgreed(cursor);
    result.stoppedBecause = stoppedBecause;
    for (const { signature, slot, err } of listed.slice(0, transactionsMax)) {
      const transaction = await this.read(signature);
      if (typeof transaction === 'string') {
        // Nothing behind it may be given before it: the order of the chain would be lost.
        result.stoppedBecause = `${signature}: ${transaction}`;
        return result;
      }
      if (err === null && transaction.err === null) this.give(signature, transaction, result);
      const before = result.cursor?.slot === slot ? result.cursor.sameSlot : [];
      result.cursor = { signature, slot, sameSlot: [...before, signature] };
    }
    if (listed.length > transactionsMax) result.stoppedBecause = 'there is more to read';
    if (result.stoppedBecause === '' && toSlot !== null) {
      result.completeToSlot = toSlot - LISTED_AFTER_SLOTS;
    }
    return result;
  }

  private give(signature: string, transaction: ReadTransaction, result: ScanResult<Event>): void {
    const { slot, blockTime, logs, instructions } = transaction;
    try {
      const { events, isTruncated } = this.options.decode(logs, instructions);
      for (const [index, event] of events.entries()) {
        result.events.push({ signature, index, slot, blockTime, event });
      }
      if (isTruncated) result.unreadable.push({ signature, reason: 'its logs were cut off' });
    } catch (error) {
      result.unreadable.push({ signature, reason: (error as Error).message });
    }
  }

  /**
   * The transactions that enough endpoints list in the same order, oldest first. One that leaves out a
   * transaction would otherwise hide a deposit for good, as the cursor passes by.
   */
  private async listAgreed(cursor: ScanCursor | null) {
    const { pool } = this.options;
    const question = (connection: Connection) => this.listAfter(connection, cursor);
    if (pool.agreement === 1) return { ...(await pool.ask(question)), stoppedBecause: '' };
    const lists = (await pool.askAll(question)).map(({ answer }) => answer);
    if (lists.length < pool.agreement) {
      const stoppedBecause = `${pool.agreement} endpoints have to agree, ${lists.length} answer`;
      return { listed: [], stoppedBecause, toSlot: null };
    }
    return commonBeginning(lists, pool.agreement);
  }

  /** Oldest first. All pages come from one endpoint: two could be at different blocks. */
  private async listAfter(connection: Connection, cursor: ScanCursor | null): Promise<Listing> {
    const found = new Map<string, ConfirmedSignatureInfo>();
    const given = new Set(cursor?.sameSlot);
    // Asked before the list, which no node behind the same address may then give from an earlier block.
    const slot = await connection.getSlot(this.commitment);
    let before: string | undefined;
    let isAtEnd = false;
    for (let page = 0; page < PAGES_MAX && !isAtEnd; page++) {
      const list = await this.listPage(connection, cursor, before, slot);
      isAtEnd = list.length < this.pageSize;
      for (const one of list) {
        // An endpoint that does not know the cursor's transaction goes on behind it.
        if (cursor !== null && one.slot < cursor.slot) isAtEnd = true;
        // A page may overlap the one before when blocks came in between.
        else if (!given.has(one.signature)) found.set(one.signature, one);
      }
      const last = list.at(-1)?.signature;
      if (last === before) break;
      before = last;
    }
    return { listed: [...found.values()].reverse(), toSlot: isAtEnd ? slot : null };
  }

  private listPage(
    connection: Connection,
    cursor: ScanCursor | null,
    before: string | undefined,
    minContextSlot: number,
  ) {
    const options = {
      ...{ limit: this.pageSize, minContextSlot },
      ...(before === undefined ? {} : { before }),
      ...(cursor === null ? {} : { until: cursor.signature }),
    };
    return connection.getSignaturesForAddress(this.options.address, options, this.commitment);
  }

  /** The transaction as enough endpoints tell it, or why not. */
  private async read(signature: string): Promise<ReadTransaction | string> {
    const { pool } = this.options;
    const config = { commitment: this.commitment, maxSupportedTransactionVersion: 0 } as const;
    const answers = await pool.askAll(async (connection) => {
      const found = await connection.getTransaction(signature, config);
      if (found === null) return null;
      const { slot, blockTime = null, meta, transaction } = found;
      const instructions = readInstructions(transaction.message);
      const err = meta?.err ?? null;
      return { slot, blockTime, err, logs: meta?.logMessages ?? null, instructions };
    });
    const groups = new Map<string, ReadTransaction[]>();
    for (const { answer } of answers) {
      if (answer === null || answer.logs === null) continue;
      const { slot, err, logs, instructions } = answer;
      // The time of a block is an estimate of the node: it may differ.
      const key = JSON.stringify([slot, err, logs, instructions]);
      groups.set(key, [...(groups.get(key) ?? []), { ...answer, logs }]);
    }
    for (const group of groups.values()) {
      if (group.length >= pool.agreement) return group[0] as ReadTransaction;
    }
    if (groups.size > 1) return 'the endpoints tell it differently';
    return `${pool.agreement} endpoints have to know it, ${[...groups.values()].flat().length} do`;
  }

  private get pageSize(): number {
    return this.options.pageSize ?? PAGE_SIZE;
  }

  private get commitment(): 'confirmed' | 'finalized' {
    return this.options.pool.commitment === 'finalized' ? 'finalized' : 'confirmed';
  }
}

function readInstructions(message: VersionedMessage): ScannedInstruction[] {
  return message.compiledInstructions.map(({ programIdIndex, data }) => ({
    programId: message.staticAccountKeys[programIdIndex]?.toBase58() ?? null,
    data,
  }));
}

/** As far as `agreement` of the lists have the same transaction at each place. */
function commonBeginning(lists: readonly Listing[], agreement: number) {
  const listed: ConfirmedSignatureInfo[] = [];
  let agreeing = lists;
  for (let place = 0; ; place++) {
    const groups = new Map<string, Listing[]>();
    for (const list of agreeing) {
      const one = list.listed[place];
      if (one === undefined) continue;
      const key = JSON.stringify([one.signature, one.slot, one.err]);
      groups.set(key, [...(groups.get(key) ?? []), list]);
    }
    const best = [...groups.values()].sort((a, b) => b.length - a.length)[0] ?? [];
    if (best.length < agreement) {
      const stoppedBecause = groups.size > 1 ? 'the endpoints list different transactions' : '';
      return { listed, stoppedBecause, toSlot: agreedEnd(agreeing, place, agreement) };
    }
    agreeing = best;
    listed.push((best[0] as Listing).listed[place] as ConfirmedSignatureInfo);
  }
}

/**
 * The slot up to which `agreement` of the lists have nothing from this place on. One list that has something there may be right: nothing is
 * complete beyond it.
 */
function agreedEnd(lists: readonly Listing[], place: number, agreement: number): number | null {
  const nextSlots = lists.flatMap(({ listed }) => listed[place]?.slot ?? []);
  const ends = lists.map(({ toSlot }) => toSlot ?? -1).sort((a, b) => b - a);
  const end = ends[agreement - 1] ?? -1;
  return end < 0 ? null : Math.min(end, ...nextSlots.map((slot) => slot - 1));
}
