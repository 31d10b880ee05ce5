import { base58 } from '@scure/base';
import {
  type AccountChange,
  type ChainAccount,
  readAccountChange,
  writeAccountChange,
} from './account-change.js';
import { ByteReader, ByteWriter } from './bytes.js';
import type { KeptTime } from './slot-clock.js';
import type { TransactionEntry } from './transaction-entry.js';

/** One thing that happened on the chain, as the log keeps it: results, so that replay needs no execution. */
export type ChainRecord = { time: KeptTime } & (
  | { kind: 'time' }
  | { kind: 'accounts'; changes: AccountChange[] }
  | { kind: 'program'; address: string; elf: Uint8Array }
  | { kind: 'transaction'; entry: Omit<TransactionEntry, 'record'>; changes: AccountChange[] }
);

/** What replay does with a record, in this order. */
export interface RecordSink {
  account(address: string): ChainAccount | null;
  setTime(time: KeptTime): void;
  setAccount(address: string, account: ChainAccount | null): void;
  addProgram(address: string, elf: Uint8Array): void;
  addTransaction(entry: TransactionEntry): void;
}

const KINDS = ['time', 'accounts', 'program', 'transaction'] as const;

export function encodeChainRecord(record: ChainRecord): Buffer {
  const to = new ByteWriter();
  to.u8(KINDS.indexOf(record.kind));
  to.u64(BigInt(record.time.slot));
  to.u64(BigInt(record.time.unixSeconds));
  if (record.kind === 'program') {
    to.raw(base58.decode(record.address));
    to.sized(record.elf);
  }
  if (record.kind === 'transaction') to.sized(Buffer.from(JSON.stringify(record.entry)));
  if (record.kind === 'transaction' || record.kind === 'accounts') {
    to.u32(record.changes.length);
    for (const change of record.changes) writeAccountChange(to, change);
  }
  return to.finish();
}

/** Throws a RangeError or SyntaxError for what no `encodeChainRecord` wrote. */
export function replayChainRecord(number: number, payload: Uint8Array, sink: RecordSink): void {
  const from = new ByteReader(payload);
  const code = from.u8();
  const kind = KINDS[code];
  if (kind === undefined) throw new RangeError(`unknown kind of record ${code}`);
  sink.setTime({ slot: Number(from.u64()), unixSeconds: Number(from.u64()) });
  if (kind === 'program') {
    const address = base58.encode(from.raw(32));
    sink.addProgram(address, from.sized());
  }
  const entry = kind === 'transaction' ? JSON.parse(from.sized().toString()) : null;
  if (kind === 'transaction' || kind === 'accounts') {
    for (let left = from.u32(); left > 0; left--) {
      const change = readAccountChange(from, (address) => sink.account(address));
      sink.setAccount(change.address, change.after);
    }
  }
  if (entry !== null) sink.addTransaction({ ...entry, record: number });
}
