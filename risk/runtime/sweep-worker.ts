import { workerData } from 'node:worker_threads';
import { webAssemblyKernel } from '../../engine/kernel/host/flavours.js';
import { javascriptRiskKernel, type RiskCalls } from '../margin/risk-kernel.js';
import { SweepBoard } from './sweep-board.js';
import { forEachBelowIn } from './sweep-here.js';
import { type SweepCalls, SweptColumns } from './swept-columns.js';

/** What a thread that sweeps is started with. */
export interface SweepStart {
  /** The kernel as it was compiled; null: its sources. */
  module: WebAssembly.Module | null;
  /** The shard's, which goes on writing. */
  memory: WebAssembly.Memory;
  board: SharedArrayBuffer;
}

/**
 * Sweeps ranges of accounts for as long as it is wanted. It only reads the shard's memory: the compiled kernel has no data, start
 * function or variables of its own, and the functions that are called write nothing.
 */
export default function serve(thread: number): void {
  const start = workerData as SweepStart;
  const board = new SweepBoard(start.board);
  const calls = callsOf(start);
  const columns = new SweptColumns(start.memory, calls);
  board.serve(thread);
  while (!board.stopped) {
    const waited = board.calls;
    for (let range = board.take(thread); range >= 0; range = board.take(thread)) {
      sweep({ board, calls, columns, thread }, range);
      board.finish(range);
    }
    board.waitForWork(waited);
  }
}

interface Sweeping {
  board: SweepBoard;
  calls: SweepCalls;
  columns: SweptColumns;
  thread: number;
}

/**
 * When a table of accounts or rows has moved meanwhile, what was read through the old one may be anything, so the range is looked
 * through again. Tables double; that ends.
 */
function sweep({ board, calls, columns, thread }: Sweeping, range: number): void {
  const { first, end } = board.bounds(range);
  const isCopied = !board.isList && board.isOwn(thread, range);
  const tell = (account: number) => board.tell(thread, account);
  for (;;) {
    const before = calls.tableSizes();
    // Copies of other threads' ranges would be as many again for each thread.
    if (isCopied) columns.sweep(first, end, tell);
    else forEachBelowIn(calls, board, range, tell);
    if (calls.tableSizes() === before) return;
    if (isCopied) columns.forget(first);
  }
}

/** Books that keep their positions outside of the kernel are for tests alone, and not looked at here. */
function callsOf({ module, memory }: SweepStart): SweepCalls {
  const flavour = module === null ? javascriptRiskKernel : webAssemblyKernel<RiskCalls>(module);
  return flavour(memory, { closableLots: () => 0, settleFill: () => {} });
}
