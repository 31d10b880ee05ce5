import path from 'node:path';
import Database from 'better-sqlite3';
import { afterEach, describe, expect, it } from 'vitest';
import type { Bus } from '../bus/bus.js';
import { openEmbeddedBus } from '../bus/embedded/embedded-bus.js';
import { ledgerFile } from './database.js';
import { LedgerLockedError } from './errors.js';
import { Intake, type IntakeOptions } from './intake.js';
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

const buses: Bus[] = [];

afterEach(async () => {
  for (const bus of buses.splice(0)) await bus.close();
  removeScratch();
});

const journal = new RandomJournal(41, 9).run(600);

async function publishedBus(folder: string): Promise<Bus> {
  const bus = openEmbeddedBus({ folder: path.join(folder, 'bus') });
  buses.push(bus);
  const messages = journal.messages(7);
  const stored = messages.map((message, at) =>
    bus.publish(message.subject, message.data, `m${at}`),
  );
  await Promise.all(stored);
  return bus;
}

/** Reads both streams until everything of the journal is in. */
async function takeAll(
  bus: Bus,
  ledger: SettlementLedger,
  options: Partial<IntakeOptions> = {},
): Promise<number[]> {
  const groups: number[] = [];
  const intake = new Intake({
    ledger,
    onTrouble: (error) => {
      if (error !== null) throw error;
    },
    onTaken: (messages) => groups.push(messages),
    againMs: 5,
    ...options,
  });
  const sources = await Promise.all([
    bus.consume('fills', 'ledger'),
    bus.consume('account-events', 'ledger'),
  ]);
  const reading = Promise.all(sources.map((source) => intake.read(source)));
  const wanted = [
    ['account', 0] as const,
    ...MARKETS.map((each) => ['market', each.marketId] as const),
  ];
  const isDone = () => {
    const { streams } = ledger.status();
    return wanted.every(([kind, id]) => {
      const cursor = streams.find((each) => each.kind === kind && each.streamId === id);
      return cursor?.ingestedItem === journal.lastItem(kind, id);
    });
  };
  while (!isDone()) await new Promise((resolve) => setTimeout(resolve, 5));
  await Promise.all(sources.map((source) => source.close()));
  await reading;
  intake.close();
  return groups;
}

function expectComplete(ledger: SettlementLedger): void {
  placeMarkets(ledger);
  while (ledger.buildBatch({ ...NO_LIMITS, itemsMax: 100 }).isFull);
  expectSameBalances(ledger, journal);
}

describe('intake from the bus', () => {
  it('takes several streams in by groups, whichever comes first', async () => {
    const folder = makeScratch();
    const ledger = openLedger(folder);
    const groups = await takeAll(await publishedBus(folder), ledger, { messagesMax: 40 });
    expect(Math.max(...groups)).toBeLessThanOrEqual(40);
    expect(Math.max(...groups)).toBeGreaterThan(5);
    expect(ledger.status().deadLetters).toEqual({ open: 0, parked: 0 });
    expectComplete(ledger);
  });

  it('waits while the ledger is locked, and has everything afterwards', async () => {
    const folder = makeScratch();
    const ledger = openLedger(folder, { lockPatienceMs: 1 });
    const bus = await publishedBus(folder);
    const intruder = new Database(ledgerFile(folder));
    intruder.exec('BEGIN IMMEDIATE');
    const troubles: (Error | null)[] = [];
    const onTrouble = (error: Error | null) => {
      troubles.push(error);
      if (error !== null) setTimeout(() => intruder.exec('ROLLBACK'), 30);
    };
    await takeAll(bus, ledger, { messagesMax: 20, retryMs: 10, onTrouble });
    intruder.close();
    expect(troubles[0]).toBeInstanceOf(LedgerLockedError);
    expect(troubles[1]).toBe(null);
    expect(troubles).toHaveLength(2);
    expectComplete(ledger);
  });

  it('stops at a mistake of the program, and acknowledges nothing then', async () => {
    const folder = makeScratch();
    const ledger = openLedger(folder);
    const bus = await publishedBus(folder);
    const broken = Object.create(ledger) as SettlementLedger;
    broken.ingest = () => {
      throw new TypeError('a mistake');
    };
    const troubles: (Error | null)[] = [];
    const intake = new Intake({
      ledger: broken,
      onTrouble: (error) => troubles.push(error),
      messagesMax: 3,
    });
    const source = await bus.consume('fills', 'ledger');
    await expect(intake.read(source)).rejects.toThrow('a mistake');
    expect(troubles.map(String)).toEqual(['TypeError: a mistake']);
    await source.close();
    await takeAll(bus, ledger);
    expectComplete(ledger);
  });
});
