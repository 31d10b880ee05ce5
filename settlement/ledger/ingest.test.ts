import { afterEach, describe, expect, it } from 'vitest';
import { decodePack, encodePack } from '../packs/pack-codec.js';
import type { MarketPack, Pack } from '../packs/pack-types.js';
import { ConflictError, GapError, LedgerStateError, type RefusedPackError } from './errors.js';
import type { LedgerMessage } from './ingest.js';
import type { SettlementLedger } from './ledger.js';
import { expectSameBalances } from './testing/ledger-check.js';
import { MARKETS, RandomJournal } from './testing/random-journal.js';
import {
  makeScratch,
  NO_LIMITS,
  openLedger,
  placeMarkets,
  removeScratch,
} from './testing/scratch.js';

afterEach(removeScratch);

const journal = new RandomJournal(11, 8).run(300);
const END = journal.lastItem('market', 1);
const SUBJECT = 'fills.1';

interface Bench {
  ledger: SettlementLedger;
  clock: { nowMs: number };
}

/** A ledger that knows accounts and markets, and nothing of the fills yet. */
function prepared(): Bench {
  const clock = { nowMs: 1_000_000 };
  const ledger = openLedger(makeScratch(), { now: () => clock.nowMs, patienceMs: 3_000 });
  ledger.ingest([journal.message('account', 0, 1, journal.lastItem('account', 0))]);
  placeMarkets(ledger);
  return { ledger, clock };
}

function one(ledger: SettlementLedger, message: LedgerMessage) {
  const [result] = ledger.ingest([message]);
  if (result === undefined) throw new Error('there is one result a message');
  return result;
}

function fills(first: number, last: number): LedgerMessage {
  return journal.message('market', 1, first, last);
}

/** The pack with something else in it, and its CRC right again. */
function changed(message: LedgerMessage, change: (pack: MarketPack) => void): LedgerMessage {
  const pack = decodePack(message.data) as MarketPack;
  change(pack);
  return { ...message, data: encodePack(pack as Pack) };
}

function cursorOf(ledger: SettlementLedger, subject = SUBJECT): number {
  const [kind, id] = subject.split('.') as [string, string];
  const stream = ledger
    .status()
    .streams.find(
      (each) =>
        each.kind === (kind === 'fills' ? 'market' : 'account') && each.streamId === Number(id),
    );
  return stream?.ingestedItem ?? 0;
}

function alarmsOf(ledger: SettlementLedger): string[] {
  return ledger.status().alarms.map(({ key }) => key);
}

describe('a gap', () => {
  it('stops its stream, names both items, and is over when the missing ones come', () => {
    const { ledger, clock } = prepared();
    const results = ledger.ingest([
      fills(1, 5),
      fills(9, 12),
      fills(13, 14),
      journal.message('market', 2, 1, 3),
    ]);
    expect(results.map(({ outcome }) => outcome)).toEqual(['stored', 'gap', 'gap', 'stored']);
    expect(results[1]?.isDone).toBe(false);
    expect(results[1]?.error).toBeInstanceOf(GapError);
    expect(results[1]?.error).toMatchObject({ stream: SUBJECT, expectedItem: 6, gotItem: 9 });
    expect(cursorOf(ledger)).toBe(5);
    expect(alarmsOf(ledger)).toEqual([]);
    clock.nowMs += 3_000;
    expect(one(ledger, fills(9, 12)).outcome).toBe('gap');
    expect(alarmsOf(ledger)).toEqual([`gap ${SUBJECT}`]);
    expect(one(ledger, fills(4, 8)).outcome).toBe('cut');
    expect(alarmsOf(ledger)).toEqual([]);
    expect(one(ledger, fills(9, 12)).outcome).toBe('stored');
    expect(cursorOf(ledger)).toBe(12);
  });

  it('is also one when a watermark comes before items that were sent earlier', () => {
    const ledger = openLedger(makeScratch());
    const result = one(ledger, journal.watermark());
    expect(result).toMatchObject({ outcome: 'gap', isDone: false });
  });
});

describe('what came before', () => {
  it('is skipped when it is the same, in the same pack or in another one', () => {
    const { ledger } = prepared();
    ledger.ingest([fills(1, 5), fills(6, 10)]);
    for (const message of [fills(1, 5), fills(2, 3), fills(3, 9), fills(10, 10)]) {
      expect(one(ledger, message)).toEqual({ outcome: 'skipped', isDone: true, error: null });
    }
    expect(one(ledger, fills(7, 11)).outcome).toBe('cut');
    expect(cursorOf(ledger)).toBe(11);
  });

  it('is a conflict when it says something else: the stream stops, and both contents are named', () => {
    const { ledger } = prepared();
    ledger.ingest([fills(1, 5), fills(6, 10)]);
    const other = changed(fills(4, 12), (pack) => {
      const item = pack.items[2];
      if (item !== undefined) item.taker.feeMicroUsd += 1;
    });
    const result = one(ledger, other);
    expect(result.outcome).toBe('deadLetter');
    expect(result.error).toBeInstanceOf(ConflictError);
    expect((result.error as ConflictError).key).toBe('item 6 of fills.1');
    expect(cursorOf(ledger)).toBe(10);
    expect(one(ledger, fills(11, 12)).outcome).toBe('parked');
    expect(ledger.status().deadLetters).toEqual({ open: 1, parked: 1 });
    expect(alarmsOf(ledger)).toEqual([`deadLetter ${SUBJECT}`]);
  });
});

describe('a message that cannot be true', () => {
  const broken: [string, string, () => LedgerMessage][] = [
    [
      'is cut off',
      'truncated',
      () => ({ ...fills(1, 5), data: fills(1, 5).data.subarray(0, 100) }),
    ],
    [
      'has a wrong bit',
      'bad_crc',
      () => ({ ...fills(1, 5), data: flipped(fills(1, 5).data, 200) }),
    ],
    [
      'is of a later version',
      'unknown_version',
      () => ({ ...fills(1, 5), data: flipped(fills(1, 5).data, 4) }),
    ],
    ['is empty', 'truncated', () => ({ ...fills(1, 5), data: new Uint8Array(0) })],
    [
      'came on the subject of another market',
      'wrongSubject',
      () => ({ ...journal.message('market', 2, 1, 5), subject: SUBJECT }),
    ],
    [
      'makes money',
      'doubleEntry',
      () =>
        changed(fills(1, 5), (pack) => {
          for (const item of pack.items) item.maker.realizedMicroUsd += 1;
        }),
    ],
    [
      'leaves more dust than rounding does',
      'doubleEntry',
      () =>
        changed(fills(1, 5), (pack) => {
          for (const item of pack.items) item.maker.realizedMicroUsd -= 2;
        }),
    ],
    [
      'leaves out a trade',
      'tradeSequence',
      () =>
        changed(fills(1, 5), (pack) => {
          for (const item of pack.items) if (item.kind === 'fill') item.tradeSequence += 1;
        }),
    ],
  ];

  it.each(broken)(
    '%s: it is kept as a dead letter, and its subject stands still',
    (_, reason, make) => {
      const { ledger } = prepared();
      const message = make();
      const result = one(ledger, message);
      expect(result).toMatchObject({ outcome: 'deadLetter', isDone: true });
      const [letter] = ledger.deadLetters.list(10);
      expect(letter).toMatchObject({ subject: SUBJECT, state: 'open', reason });
      const view = ledger.deadLetters.inspect(letter?.id as number);
      expect(Buffer.from(view.bytes).equals(message.data)).toBe(true);
      expect(cursorOf(ledger)).toBe(0);
      // Others go on, and what comes on this subject waits behind it, each message once.
      const outcomes = ledger
        .ingest([
          fills(1, 5),
          fills(6, 9),
          fills(1, 5),
          message,
          journal.message('market', 2, 1, 3),
        ])
        .map(({ outcome }) => outcome);
      expect(outcomes).toEqual(['parked', 'parked', 'parked', 'parked', 'stored']);
      expect(ledger.status().deadLetters).toEqual({ open: 1, parked: 2 });
      expect(ledger.deadLetters.discard(letter?.id as number, 'garbage')).toContain('2 messages');
      expect(cursorOf(ledger)).toBe(9);
      expect(ledger.status()).toMatchObject({ deadLetters: { open: 0, parked: 0 }, alarms: [] });
      const [action] = ledger.deadLetters.journal(10);
      expect(action).toMatchObject({ action: 'discard', reason: 'garbage' });
    },
  );

  it('leaves nothing of itself behind when its last item is the bad one', () => {
    const ledger = openLedger(makeScratch());
    ledger.ingest([journal.message('account', 0, 1, 6)]);
    const pack = decodePack(journal.message('account', 0, 7, 12).data);
    if (pack.kind !== 'account') throw new Error('it is one of accounts');
    pack.items[5] = {
      ...pack.items[5],
      kind: 'accountCreated',
      accountId: 1,
      parentId: 0,
      publicKey: null,
    } as never;
    const known = ledger.catalogue.accountsWithoutRow(100).length;
    const result = one(ledger, {
      subject: 'account-events.0',
      sequence: 9,
      data: encodePack(pack),
    });
    expect(result.outcome).toBe('deadLetter');
    expect(ledger.catalogue.accountsWithoutRow(100)).toHaveLength(known);
    expect(cursorOf(ledger, 'account-events.0')).toBe(6);
  });

  it('waits for a market that is not listed yet, is a dead letter when that takes long, and goes on by itself when it is', () => {
    const clock = { nowMs: 0 };
    const ledger = openLedger(makeScratch(), { now: () => clock.nowMs, patienceMs: 2_000 });
    expect(one(ledger, fills(1, 3))).toMatchObject({ outcome: 'waiting', isDone: false });
    clock.nowMs = 1_999;
    expect(one(ledger, fills(1, 3)).outcome).toBe('waiting');
    expect(one(ledger, journal.message('market', 2, 1, 3)).outcome).toBe('waiting');
    clock.nowMs = 2_000;
    const result = one(ledger, fills(1, 3));
    expect(result.outcome).toBe('deadLetter');
    expect((result.error as RefusedPackError).reason).toBe('unknownMarket');
    expect(one(ledger, fills(4, 6)).outcome).toBe('parked');
    expect(alarmsOf(ledger)).toContain(`deadLetter ${SUBJECT}`);
    // The account stream was held up; nobody has to do anything when it has come.
    ledger.ingest([journal.message('account', 0, 1, MARKETS.length)]);
    expect(one(ledger, journal.message('market', 2, 1, 3)).outcome).toBe('stored');
    expect(cursorOf(ledger)).toBe(6);
    expect(ledger.status()).toMatchObject({ deadLetters: { open: 0, parked: 0 }, alarms: [] });
  });
});

describe('dead letters', () => {
  it('stop again where the operator was wrong, and never lose an item', () => {
    const { ledger } = prepared();
    const damaged = { ...fills(4, 6), data: flipped(fills(4, 6).data, 90) };
    ledger.ingest([fills(1, 3), damaged, fills(7, 9), fills(10, END)]);
    const first = ledger.deadLetters.list(10)[0]?.id as number;
    const second = ledger.deadLetters.list(10)[1]?.id as number;
    expect(ledger.deadLetters.retry(first, 'perhaps')).toContain('0 messages');
    expect(() => ledger.deadLetters.discard(second, 'no')).toThrow(LedgerStateError);
    expect(() => ledger.deadLetters.discard(first, ' ')).toThrow('needs a reason');
    // It had items that nobody else brings: what follows is a gap, and says so.
    expect(ledger.deadLetters.discard(first, 'damaged on the way')).toContain(
      'item 4 has not come',
    );
    expect(alarmsOf(ledger)).toContain(`gap ${SUBJECT}`);
    expect(cursorOf(ledger)).toBe(3);
    // The exchange sends them again, and everything goes on.
    expect(one(ledger, fills(4, 6)).outcome).toBe('stored');
    expect(cursorOf(ledger)).toBe(END);
    expect(ledger.status()).toMatchObject({ deadLetters: { open: 0, parked: 0 }, alarms: [] });
    for (const { marketId } of MARKETS.slice(1)) {
      ledger.ingest([journal.message('market', marketId, 1, journal.lastItem('market', marketId))]);
    }
    ledger.buildBatch(NO_LIMITS);
    expectSameBalances(ledger, journal);
    expect(() => ledger.deadLetters.retry(first, 'again')).toThrow('is discarded already');
    expect(() => ledger.deadLetters.inspect(99)).toThrow('there is no dead letter 99');
  });

  it('survive a restart', () => {
    const { ledger } = prepared();
    const dataDir = ledger.status().file.replace('/settlement/ledger.sqlite', '');
    ledger.ingest([{ ...fills(1, 3), data: new Uint8Array(8) }, fills(1, 3)]);
    ledger.close();
    const again = openLedger(dataDir);
    expect(again.status().deadLetters).toEqual({ open: 1, parked: 1 });
    expect(one(again, fills(4, 5)).outcome).toBe('parked');
    again.deadLetters.discard(1, 'zeros');
    expect(cursorOf(again)).toBe(5);
  });
});

function flipped(bytes: Uint8Array, at: number): Uint8Array {
  const copy = bytes.slice();
  copy[at] = (copy[at] as number) ^ 0x55;
  return copy;
}
