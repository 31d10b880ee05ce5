import { headOf, SLOT_WORDS, W_HEAD } from '../../engine/messages/layout.js';
import { MessageBuffer } from '../../engine/messages/message-buffer.js';
import { CMD_PLACE, SIDE_BUY, SIDE_SELL } from '../../engine/messages/types.js';
import { createShardCore } from '../../main/compose.js';
import { TradeTally } from '../workload/trade-tally.js';
import { setUpShard } from './core-setup.js';
import { writeCommand } from './encode.js';
import { FillReader } from './fill-reader.js';
import { collectGarbage } from './garbage.js';
import { usedBytes } from './measure-memory.js';

export interface AccountMemoryFigures {
  accounts: number;
  markets: number;
  /** What the shard added to the process: heap, typed arrays, and the kernel's memory. */
  megabytes: number;
  /** The whole process, runtime included, as the operating system counts it. */
  residentMegabytes: number;
}

const MARKETS = 3;
const PRICE_TICKS = 131_072;
const PAIRS_A_FRAME = 128;

/** A shard whose accounts all hold a position in each of three markets. */
export function measureAccounts(accounts: number): AccountMemoryFigures {
  collectGarbage();
  const before = usedBytes();
  const shard = createShardCore();
  const messages = new MessageBuffer(1024);
  const frame = { messages, firstSequence: 1, count: 0, timeMs: 1 };
  const tally = new TradeTally();
  const fills = new FillReader(tally);
  const apply = (write: (messages: MessageBuffer) => number): void => {
    messages.reset();
    frame.count = write(messages);
    shard.applyFrame(frame);
    frame.firstSequence += frame.count;
    fills.readAll(shard.events);
    shard.events.reset();
  };
  setUpShard(accounts, MARKETS, apply);
  for (let market = 1; market <= MARKETS; market++) {
    for (let account = 1; account < accounts; account += 2 * PAIRS_A_FRAME) {
      apply((into) => tradePairs(into, market, account, accounts));
    }
  }
  const pairs = Math.floor(accounts / 2);
  if (tally.trades !== MARKETS * pairs) throw new Error(`${tally.trades} trades are not enough`);
  shard.check();
  collectGarbage();
  const megabytes = Math.round((usedBytes() + shard.kernel.bytes - before) / 1e6);
  const residentMegabytes = Math.round(process.memoryUsage.rss() / 1e6);
  return { accounts, markets: MARKETS, megabytes, residentMegabytes };
}

/** Neighbours trade one lot with each other. */
function tradePairs(into: MessageBuffer, market: number, first: number, accounts: number): number {
  const last = Math.min(first + 2 * PAIRS_A_FRAME - 1, accounts);
  let count = 0;
  for (let seller = first; seller < last; seller += 2) {
    for (const [account, side] of [
      [seller, SIDE_SELL],
      [seller + 1, SIDE_BUY],
    ] as const) {
      const slot = into.push(1);
      const { words, floats } = into;
      writeCommand(words, floats, slot, CMD_PLACE, account, side, PRICE_TICKS, 1, 0, 1);
      words[slot * SLOT_WORDS + W_HEAD] = headOf(CMD_PLACE, 1, market);
      count++;
    }
  }
  return count;
}
