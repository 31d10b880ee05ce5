import { MessageBuffer } from '../../engine/messages/message-buffer.js';
import {
  CMD_AMEND,
  CMD_CANCEL,
  CMD_PLACE,
  TIF_GTC,
  TIF_IOC,
  TIF_SHIFT,
} from '../../engine/messages/types.js';
import type { Journal } from '../../engine/runtime/journal/journal.js';
import type { ShardCore } from '../../engine/shard/shard-core.js';
import {
  HEADER_WORDS,
  R_ORDER_ID,
  R_PRICE,
  R_QTY,
  R_SIDE,
  R_TYPE,
  RECORD_WORDS,
  TYPE_CANCEL,
  TYPE_LIMIT_GTC,
  TYPE_MOVE,
  type Workload,
  type WorkloadResult,
} from '../workload/format.js';
import { TradeTally } from '../workload/trade-tally.js';
import { sumBook } from './book-engine.js';
import { setUpShard } from './core-setup.js';
import { BENCH_MARKET, writeCommand } from './encode.js';
import type { BenchEngine } from './engine.js';
import { EventRing } from './event-ring.js';
import { FillReader } from './fill-reader.js';

/** As many commands as a busy shard finds in its ring at a time. */
const BATCH = 64;
const START_MS = 1_767_225_600_000;
/** Of the exchange's time: a core at work applies a few thousand commands within it. */
const COMMANDS_A_MS = 4096;

/** The account of an order: spread over all of them, the same for its cancel and its moves. */
export function accountOfOrder(orderId: number, accounts: number): number {
  return 1 + ((Math.imul(orderId, 0x9e3779b1) >>> 0) % accounts);
}

/**
 * The whole core in one thread, as a shard runs it: commands in frames, margin check, market, positions and
 * fees of both sides, journal frames with their checksums (handed to nobody instead of the disk), events copied
 * out as into a ring. Trades are read back from the copies.
 */
export class CoreEngine implements BenchEngine {
  private readonly shard: ShardCore;
  private readonly journal: Journal;
  private readonly accounts: number;
  private readonly records: Int32Array;
  private readonly messages = new MessageBuffer(1024);
  private readonly frame = {
    messages: this.messages,
    firstSequence: 1,
    count: 0,
    timeMs: START_MS,
  };
  private readonly ring = new EventRing();
  private readonly tally = new TradeTally();
  private readonly fills = new FillReader(this.tally);
  private nextOrderId = 1;

  constructor(shard: ShardCore, journal: Journal, accounts: number, workload: Workload) {
    this.shard = shard;
    this.journal = journal;
    this.accounts = accounts;
    this.records = workload.words;
    setUpShard(accounts, 1, (write) => {
      this.messages.reset();
      this.applyFrame(write(this.messages));
    });
    this.messages.reset();
    this.messages.push(BATCH);
  }

  run(from: number, to: number): void {
    for (let start = from; start < to; start += BATCH) {
      const end = Math.min(start + BATCH, to);
      this.encode(start, end);
      this.messages.length = end - start;
      this.frame.timeMs = START_MS + Math.floor(start / COMMANDS_A_MS);
      this.applyFrame(end - start);
    }
  }

  result(): WorkloadResult {
    const market = this.shard.market(BENCH_MARKET);
    if (market === null) throw new Error('the market was not listed');
    this.shard.check();
    return {
      trades: this.tally.trades,
      volume: this.tally.volume,
      checksum: this.tally.checksum,
      ...sumBook(market.book),
    };
  }

  private applyFrame(count: number): void {
    const { frame, shard, journal } = this;
    frame.count = count;
    journal.append(frame);
    journal.write();
    shard.applyFrame(frame);
    frame.firstSequence += count;
    this.fills.readAll(this.ring.copyIn(shard.events));
    shard.events.reset();
  }

  private encode(from: number, to: number): void {
    const { records, accounts } = this;
    const { words, floats } = this.messages;
    for (let i = from, at = HEADER_WORDS + from * RECORD_WORDS; i < to; i++, at += RECORD_WORDS) {
      const type = records[at + R_TYPE] as number;
      const id = records[at + R_ORDER_ID] as number;
      const price = records[at + R_PRICE] as number;
      const account = accountOfOrder(id, accounts);
      const slot = i - from;
      const request = (i & 0x3fffffff) + 1;
      if (type === TYPE_MOVE) {
        writeCommand(words, floats, slot, CMD_AMEND, account, 0, price, 0, id, request);
      } else if (type === TYPE_CANCEL) {
        writeCommand(words, floats, slot, CMD_CANCEL, account, 0, 0, 0, id, request);
      } else {
        if (id !== this.nextOrderId++) throw new Error(`order id ${id} is out of turn`);
        const tif = type === TYPE_LIMIT_GTC ? TIF_GTC : TIF_IOC;
        const flags = (records[at + R_SIDE] as number) | (tif << TIF_SHIFT);
        const qty = records[at + R_QTY] as number;
        writeCommand(words, floats, slot, CMD_PLACE, account, flags, price, qty, 0, request);
      }
    }
  }
}
