import { MessageBuffer } from '../../engine/messages/message-buffer.js';
import type { Journal } from '../../engine/runtime/journal/journal.js';
import type { ShardCore } from '../../engine/shard/shard-core.js';
import type { Workload, WorkloadResult } from '../workload/format.js';
import { TradeTally } from '../workload/trade-tally.js';
import { sumBook } from './book-engine.js';
import { setUpShard } from './core-setup.js';
import { BENCH_MARKET } from './encode.js';
import type { BenchEngine } from './engine.js';
import { FillReader } from './fill-reader.js';
import { WorkloadCommands } from './workload-commands.js';

/** As many commands as a busy shard finds in its ring at a time. */
const BATCH = 64;
const START_MS = 1_767_225_600_000;
/** Of the exchange's time: a core at work applies a few thousand commands within it. */
const COMMANDS_A_MS = 4096;

/**
 * The whole core in one thread, as a shard runs it in the layout `inline`: commands in frames, margin check, market, positions
 * and fees of both sides, journal frames with their checksums (handed to nobody instead of the disk). The trades are read from
 * the events where they stand, as a gateway in the same thread gets them.
 */
export class CoreEngine implements BenchEngine {
  private readonly shard: ShardCore;
  private readonly journal: Journal;
  private readonly commands: WorkloadCommands;
  private readonly messages = new MessageBuffer(1024);
  private readonly frame = {
    messages: this.messages,
    firstSequence: 1,
    count: 0,
    timeMs: START_MS,
  };
  private readonly tally = new TradeTally();
  private readonly fills = new FillReader(this.tally);

  constructor(shard: ShardCore, journal: Journal, accounts: number, workload: Workload) {
    this.shard = shard;
    this.journal = journal;
    this.commands = WorkloadCommands.forShard(workload, accounts);
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
      this.commands.write(this.messages.words, this.messages.floats, start, end);
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

  get kernelBytes(): number {
    return this.shard.kernel.bytes;
  }

  private applyFrame(count: number): void {
    const { frame, shard, journal } = this;
    frame.count = count;
    journal.append(frame);
    journal.write();
    shard.applyFrame(frame);
    frame.firstSequence += count;
    this.fills.readAll(shard.events);
    shard.events.reset();
  }
}
