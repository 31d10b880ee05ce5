import { base58 } from '@scure/base';
import type { ByteReader, ByteWriter } from './bytes.js';

/** An account as the chain holds it. Addresses are base58 text, as everywhere outside of the VM. */
export interface ChainAccount {
  lamports: bigint;
  owner: string;
  executable: boolean;
  data: Uint8Array;
}

/** An account before and after; null: it does not exist. */
export interface AccountChange {
  address: string;
  before: ChainAccount | null;
  after: ChainAccount | null;
}

const GONE = 0;
const WHOLE = 1;
const PATCHED = 2;

/** Equal bytes between two differences that cost less to write again than to skip. */
const GAP_BYTES = 12;
/** Most of a page is the same after a batch: it is compared in blocks before bytes. */
const BLOCK_BYTES = 1_024;

/**
 * Writes what an account is after a transaction. A page of user rows is large and a batch touches a
 * few rows of it, so only the runs of bytes that differ are written when owner and size stay.
 */
export function writeAccountChange(to: ByteWriter, change: AccountChange): void {
  const { address, before, after } = change;
  to.raw(base58.decode(address));
  if (after === null) {
    to.u8(GONE);
    return;
  }
  const isPatch =
    before !== null &&
    before.owner === after.owner &&
    before.executable === after.executable &&
    before.data.length === after.data.length;
  to.u8(isPatch ? PATCHED : WHOLE);
  to.u64(after.lamports);
  if (isPatch) {
    const runs = differingRuns(before.data, after.data);
    to.u32(runs.length);
    for (const [from, end] of runs) {
      to.u32(from);
      to.sized(after.data.subarray(from, end));
    }
    return;
  }
  to.raw(base58.decode(after.owner));
  to.u8(after.executable ? 1 : 0);
  to.sized(after.data);
}

/** Reads one change; `current` gives the account that a patch applies to. */
export function readAccountChange(
  from: ByteReader,
  current: (address: string) => ChainAccount | null,
): { address: string; after: ChainAccount | null } {
  const address = base58.encode(from.raw(32));
  const form = from.u8();
  if (form === GONE) return { address, after: null };
  const lamports = from.u64();
  if (form === WHOLE) {
    const owner = base58.encode(from.raw(32));
    const executable = from.u8() === 1;
    return { address, after: { lamports, owner, executable, data: from.sized() } };
  }
  if (form !== PATCHED) throw new RangeError(`unknown form ${form} of a change of ${address}`);
  const before = current(address);
  if (before === null) throw new RangeError(`a patch of ${address}, which does not exist`);
  const data = Buffer.from(before.data);
  for (let left = from.u32(); left > 0; left--) {
    const offset = from.u32();
    const bytes = from.sized();
    if (offset + bytes.length > data.length) {
      throw new RangeError(`a patch of ${address} ends behind its ${data.length} bytes`);
    }
    data.set(bytes, offset);
  }
  return { address, after: { ...before, lamports, data } };
}

export function sameAccount(a: ChainAccount | null, b: ChainAccount | null): boolean {
  if (a === null || b === null) return a === b;
  return (
    a.lamports === b.lamports &&
    a.owner === b.owner &&
    a.executable === b.executable &&
    Buffer.compare(a.data, b.data) === 0
  );
}

/** Half-open ranges of bytes that differ; both have the same length. */
function differingRuns(before: Uint8Array, after: Uint8Array): [number, number][] {
  const runs: [number, number][] = [];
  for (let i = 0; i < after.length; i++) {
    if (i % BLOCK_BYTES === 0) {
      const [a, b] = [before, after].map((data) => data.subarray(i, i + BLOCK_BYTES));
      if (Buffer.compare(a as Uint8Array, b as Uint8Array) === 0) {
        i += BLOCK_BYTES - 1;
        continue;
      }
    }
    if (before[i] === after[i]) continue;
    const last = runs.at(-1);
    if (last !== undefined && i - last[1] <= GAP_BYTES) last[1] = i + 1;
    else runs.push([i, i + 1]);
  }
  return runs;
}
