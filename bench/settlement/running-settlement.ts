import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { readConfig } from '../../main/config/config.js';
import type { ShardAccess } from '../../main/exchange/shard-access.js';
import { Outbox } from '../../main/outbox/outbox.js';
import type { BusReady } from '../../main/settlement/bus-child.js';
import type { SettlementReady, SettlementStart } from '../../main/settlement/settlement-start.js';
import { SupervisedChild } from '../../main/settlement/supervised-child.js';
import type { ChainReady } from '../../settlement/chain/embedded/process-client.js';
import { ledgerFile } from '../../settlement/ledger/database.js';
import { SettlementLedger } from '../../settlement/ledger/ledger.js';
import { say } from '../output.js';
import { cpuMsOf } from './process-times.js';

export type BusWanted = 'nats' | 'embedded' | 'auto';

/** A process of the settlement's. */
interface Part {
  readonly name: string;
  pid(): number | null;
  stop(): Promise<void>;
}

/** Nobody deposits on chain here, so nobody asks the exchange for anything. */
const NO_ADMIN = { host: '127.0.0.1', port: 9, token: '' };
const LOOK_MS = 100;
const READY_WITHIN_MS = 120_000;
const SET_UP_WITHIN_MS = 600_000;
/** Threads that trade and follow the journal: what is beyond them is to spare. */
const BUSY_THREADS = 2;

/**
 * Everything behind a shard as `npm start` runs it, with its defaults: the outbox in a thread of this process; bus, embedded chain with
 * the real program, and settlement in processes of their own.
 */
export class RunningSettlement {
  readonly sentence: string;
  readonly windowMs: number;
  readonly entriesMax: number;
  readonly ledger: SettlementLedger;
  private readonly outbox: Outbox;
  private readonly parts: readonly Part[];

  /** Resolves when markets, accounts and their money are on chain, and everything that has happened is settled. */
  static async start(
    dataDir: string,
    shard: ShardAccess,
    wanted: BusWanted,
  ): Promise<RunningSettlement> {
    const bus = await started<BusReady>('bus', '../../main/settlement/bus-child.js', [
      dataDir,
      wanted,
    ]);
    const chainFolder = path.join(dataDir, 'chain');
    const chain = await started<ChainReady>(
      'embedded chain',
      '../../settlement/chain/embedded/process.js',
      [chainFolder, '0'],
    );
    const { location, sentence } = bus.ready;
    const { windowMs, batchEntriesMax } = readConfig(null).settlement;
    const start: SettlementStart = {
      dataDir,
      bus: location,
      chain: { kind: 'embedded', ready: chain.ready },
      admin: NO_ADMIN,
      host: '127.0.0.1',
      custodyPort: 0,
      windowMs,
      batchEntriesMax,
      feeds: {},
      demoOwner: null,
    };
    const outbox = newOutbox(dataDir, shard, location);
    outbox.start();
    const settlement = await started<SettlementReady>(
      'settlement',
      '../../main/settlement/settlement-child.js',
      [],
      start,
    );
    // In the order in which they are stopped.
    const parts = [settlement.part, chain.part, bus.part];
    const running = new RunningSettlement(dataDir, sentence, start, outbox, parts);
    await running.caughtUp(SET_UP_WITHIN_MS);
    return running;
  }

  private constructor(
    dataDir: string,
    sentence: string,
    start: SettlementStart,
    outbox: Outbox,
    parts: readonly Part[],
  ) {
    this.sentence = sentence;
    this.windowMs = start.windowMs;
    this.entriesMax = start.batchEntriesMax;
    this.outbox = outbox;
    this.parts = parts;
    if (!fs.existsSync(ledgerFile(dataDir))) throw new Error('the settlement has made no ledger');
    this.ledger = new SettlementLedger({ dataDir, mode: 'read' });
  }

  /** Waits until all that the shard has done is on chain. */
  async caughtUp(withinMs: number): Promise<void> {
    const latestMs = performance.now() + withinMs;
    let quiet = 0;
    // Twice in a row: between bus and ledger something may be on its way.
    while (quiet < 2) {
      if (performance.now() > latestMs) throw new Error(`not settled in time: ${this.left()}`);
      await sleep(LOOK_MS);
      quiet = this.isQuiet() ? quiet + 1 : 0;
    }
  }

  /** Processor time of each part so far, by name; `engine` is this process: shard, load and outbox. */
  cpuMs(): Record<string, number | null> {
    const { user, system } = process.cpuUsage();
    const parts = this.parts.map(({ name, pid }) => {
      const now = pid();
      return [name, now === null ? null : cpuMsOf(now)];
    });
    return { engine: (user + system) / 1_000, ...Object.fromEntries(parts) };
  }

  async stop(): Promise<void> {
    this.ledger.close();
    await this.outbox.stop();
    for (const part of this.parts) await part.stop();
  }

  private isQuiet(): boolean {
    const { ledger, outbox } = this;
    const [shard] = outbox.status().shards;
    if (shard === undefined || shard.lagMessages > 0) return false;
    const { catalogue, cash } = ledger;
    if (catalogue.markets().length === 0 || catalogue.accountsWithoutRow(1).length > 0)
      return false;
    if (cash.unlinkedItems(1).length > 0) return false;
    const { waitingItems, unsettledItems } = ledger.status();
    return waitingItems + unsettledItems === 0;
  }

  private left(): string {
    const { waitingItems, unsettledItems, alarms, deadLetters } = this.ledger.status();
    const { lastError } = this.outbox.status();
    return JSON.stringify({ waitingItems, unsettledItems, alarms, deadLetters, lastError });
  }
}

function newOutbox(dataDir: string, shard: ShardAccess, bus: BusReady['location']): Outbox {
  return new Outbox({
    dataDir,
    isSpread: false,
    stats: [shard.stats.memory],
    neverSyncs: false,
    hasSpareCore: os.availableParallelism() > BUSY_THREADS,
    bus,
    onNotice: say,
    onTrouble: say,
    onStopped: say,
  });
}

async function started<Ready>(
  name: string,
  module: string,
  args: string[],
  start: SettlementStart | null = null,
): Promise<{ part: Part; ready: Ready }> {
  let tell: (ready: Ready) => void = () => {};
  let fail: (error: Error) => void = () => {};
  const answer = new Promise<Ready>((resolve, reject) => {
    tell = resolve;
    fail = reject;
  });
  const child = new SupervisedChild<Ready>({
    name: `the ${name}`,
    module: new URL(module, import.meta.url),
    args: () => args,
    ...(start === null ? {} : { start: () => start }),
    onReady: tell,
    onEnded: (sentence) => {
      say(sentence);
      fail(new Error(sentence));
    },
  });
  const late = setTimeout(() => fail(new Error(`the ${name} is not ready`)), READY_WITHIN_MS);
  child.start();
  try {
    const ready = await answer;
    return { part: { name, pid: () => child.pid, stop: () => child.stop() }, ready };
  } catch (error) {
    await child.stop();
    throw error;
  } finally {
    clearTimeout(late);
  }
}
