import { base64 } from '@scure/base';
import { PublicKey } from '@solana/web3.js';
import { PROGRAM_ID } from './addresses.js';
import { ByteReader } from './byte-reader.js';
import { discriminator, startsWith } from './discriminator.js';

/** What the program has told. Every event names the exchange. */
export type ProgramEvent = { exchange: PublicKey } & (
  | { kind: 'marketAdded'; slot: number; engineMarketId: number; openFromSeconds: bigint }
  | { kind: 'userCreated'; accountId: number; owner: PublicKey }
  | {
      kind: 'deposited';
      accountId: number;
      amountMicroUsd: bigint;
      /** All deposits of the row with this one. Account and total name a deposit: no two have the same. */
      depositedTotalMicroUsd: bigint;
      payer: PublicKey;
    }
  | { kind: 'insuranceFunded'; slot: number; amountMicroUsd: bigint; insuranceMicroUsd: bigint }
  | {
      kind: 'batchSettled';
      sequence: bigint;
      hash: Uint8Array;
      entries: number;
      notionalMicroUsd: bigint;
    }
  | {
      kind: 'withdrawn';
      accountId: number;
      nonce: bigint;
      amountMicroUsd: bigint;
      withdrawnTotalMicroUsd: bigint;
      destination: PublicKey;
    }
  | {
      kind: 'forcedRequested';
      accountId: number;
      amountMicroUsd: bigint;
      requestedAtSeconds: bigint;
      destination: PublicKey;
    }
  | {
      kind: 'forcedServed';
      accountId: number;
      amountMicroUsd: bigint;
      withdrawnTotalMicroUsd: bigint;
    }
  | { kind: 'forcedReduced'; accountId: number; amountMicroUsd: bigint }
  | { kind: 'statusChanged'; status: number }
  | { kind: 'exitPriceSet'; slot: number; priceTicks: bigint }
  | { kind: 'exitTallied'; claimsMicroUsd: bigint; assetsMicroUsd: bigint }
  | {
      kind: 'escaped';
      accountId: number;
      equityMicroUsd: bigint;
      amountMicroUsd: bigint;
      destination: PublicKey;
    }
  | {
      kind: 'collateralTransferred';
      fromAccountId: number;
      toAccountId: number;
      amountMicroUsd: bigint;
      number: number;
    }
  | { kind: 'changeProposed'; number: number; applyFromSeconds: bigint }
  | { kind: 'changeEnded'; number: number; isApplied: boolean }
  | { kind: 'feesSwept'; slot: number; amountMicroUsd: bigint; feesMicroUsd: bigint }
);

type Fields<T> = T extends unknown ? Omit<T, 'exchange'> : never;
type Decoder = (reader: ByteReader) => Fields<ProgramEvent>;

const decoders: Readonly<Record<string, Decoder>> = {
  MarketAdded: (r) => ({
    kind: 'marketAdded',
    slot: r.u8(),
    engineMarketId: r.u16(),
    openFromSeconds: r.i64(),
  }),
  UserCreated: (r) => ({ kind: 'userCreated', accountId: r.u32(), owner: key(r) }),
  Deposited: (r) => ({
    kind: 'deposited',
    accountId: r.u32(),
    amountMicroUsd: r.u64(),
    depositedTotalMicroUsd: r.u64(),
    payer: key(r),
  }),
  InsuranceFunded: (r) => ({
    kind: 'insuranceFunded',
    slot: r.u8(),
    amountMicroUsd: r.u64(),
    insuranceMicroUsd: r.i64(),
  }),
  BatchSettled: (r) => ({
    kind: 'batchSettled',
    sequence: r.u64(),
    hash: r.raw(32),
    entries: r.u32(),
    notionalMicroUsd: r.u64(),
  }),
  Withdrawn: (r) => ({
    kind: 'withdrawn',
    accountId: r.u32(),
    nonce: r.u64(),
    amountMicroUsd: r.u64(),
    withdrawnTotalMicroUsd: r.u64(),
    destination: key(r),
  }),
  ForcedRequested: (r) => ({
    kind: 'forcedRequested',
    accountId: r.u32(),
    amountMicroUsd: r.u64(),
    requestedAtSeconds: r.i64(),
    destination: key(r),
  }),
  ForcedServed: (r) => ({
    kind: 'forcedServed',
    accountId: r.u32(),
    amountMicroUsd: r.u64(),
    withdrawnTotalMicroUsd: r.u64(),
  }),
  ForcedReduced: (r) => ({ kind: 'forcedReduced', accountId: r.u32(), amountMicroUsd: r.u64() }),
  StatusChanged: (r) => ({ kind: 'statusChanged', status: r.u8() }),
  ExitPriceSet: (r) => ({ kind: 'exitPriceSet', slot: r.u8(), priceTicks: r.u64() }),
  ExitTallied: (r) => ({ kind: 'exitTallied', claimsMicroUsd: r.u64(), assetsMicroUsd: r.u64() }),
  Escaped: (r) => ({
    kind: 'escaped',
    accountId: r.u32(),
    equityMicroUsd: r.i64(),
    amountMicroUsd: r.u64(),
    destination: key(r),
  }),
  ChangeProposed: (r) => ({ kind: 'changeProposed', number: r.u32(), applyFromSeconds: r.i64() }),
  ChangeEnded: (r) => ({ kind: 'changeEnded', number: r.u32(), isApplied: r.u8() === 1 }),
  CollateralTransferred: (r) => ({
    kind: 'collateralTransferred',
    fromAccountId: r.u32(),
    toAccountId: r.u32(),
    amountMicroUsd: r.u64(),
    number: r.u32(),
  }),
  FeesSwept: (r) => ({
    kind: 'feesSwept',
    slot: r.u8(),
    amountMicroUsd: r.u64(),
    feesMicroUsd: r.i64(),
  }),
};

const byDiscriminator = Object.entries(decoders).map(
  ([name, decode]) => [discriminator('event', name), decode] as const,
);

/**
 * Events in the log of a transaction that succeeded, in order. Only lines that this program itself has written count: any program may
 * write lines that look the same, so the log is followed from call to call. A log that was cut (`Log truncated`) may miss events at its
 * end; `isTruncated` says so, and the totals in the accounts tell what is missing.
 */
export function decodeEvents(logs: readonly string[]): {
  events: ProgramEvent[];
  isTruncated: boolean;
} {
  const own = PROGRAM_ID.toBase58();
  const callers: string[] = [];
  const events: ProgramEvent[] = [];
  let isTruncated = false;
  for (const line of logs) {
    const call = /^Program (\w{32,44}) invoke \[(\d+)\]$/.exec(line);
    if (call !== null) {
      callers.push(call[1] as string);
    } else if (/^Program \w{32,44} (success|failed)/.test(line)) {
      callers.pop();
    } else if (line === 'Log truncated') {
      isTruncated = true;
    } else if (line.startsWith('Program data: ') && callers.at(-1) === own) {
      const event = decodeEvent(base64.decode(line.slice('Program data: '.length)));
      if (event !== null) events.push(event);
    }
  }
  return { events, isTruncated };
}

/** One event; null when its kind is unknown, as one of a later version is. */
export function decodeEvent(data: Uint8Array): ProgramEvent | null {
  const found = byDiscriminator.find(([beginning]) => startsWith(data, beginning));
  if (found === undefined) return null;
  const reader = new ByteReader(data, 'event');
  reader.skip(8);
  const exchange = key(reader);
  const event = { exchange, ...found[1](reader) };
  reader.end();
  return event;
}

function key(reader: ByteReader): PublicKey {
  return new PublicKey(reader.raw(32));
}
