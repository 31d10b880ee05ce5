import type { ShardPort } from '../../engine/shard/shard-port.js';
import type { LoadLevels } from '../session/load-levels.js';
import type { OrderCounts } from '../session/order-ratios.js';
import type { CommandWriter } from './command-writer.js';
import { type Problem, problem } from './problem.js';

/** What all doors look at before they send. */
export interface Sending {
  readonly ratios: OrderCounts;
  readonly load: LoadLevels;
}

/** Commands one behind the other. */
export type Written = Pick<CommandWriter, 'commands' | 'slots' | 'words'>;

/** Every door answers with it what it had no room for. */
export const BUSY: Problem = problem(
  'busy',
  'the exchange takes no more at this moment; nothing was sent, try again',
);

/**
 * Puts all commands that were written into the ring, or none; null: they are on their way. Cancels take any room that there is, and wait
 * when there is none. All else leaves a part of the ring to them, and is refused while any wait, or when this thread is too late.
 */
export function submit(
  port: ShardPort,
  writer: CommandWriter,
  account: number,
  { ratios, load }: Sending,
  nowMs: number,
): Problem | null {
  const { orders, onlyCancels } = writer;
  const over = ratios.take(account, orders, nowMs);
  if (over !== null) return over;
  const found = onlyCancels ? submitCancels(port, writer, load) : submitOthers(port, writer, load);
  // What was not sent does not count against what the account trades.
  if (found !== null) ratios.giveBack(account, orders);
  return found;
}

/** As `submit`, for commands that are neither orders nor cancels as well. */
export function submitOthers(port: ShardPort, all: Written, load: LoadLevels): Problem | null {
  const mayGo = !load.cancels.isWaiting(port) && !load.refusesOrders;
  return mayGo && tryAll(port, all, true) ? null : shed(load);
}

function submitCancels(port: ShardPort, all: Written, load: LoadLevels): Problem | null {
  if (!load.cancels.isWaiting(port) && tryAll(port, all, false)) return null;
  return load.cancels.push(port, all.words, all.slots) ? null : shed(load);
}

function tryAll(port: ShardPort, { commands, slots, words }: Written, leavesRoom: boolean) {
  if (commands === 1) return port.trySend(words, 0, slots, leavesRoom);
  return port.trySendAll(words, 0, slots, leavesRoom);
}

function shed(load: LoadLevels): Problem {
  load.shedRequests++;
  return BUSY;
}
