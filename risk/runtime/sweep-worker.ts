import { workerData } from 'node:worker_threads';
import { webAssemblyKernel } from '../../engine/kernel/host/flavours.js';
import { javascriptRiskKernel, type RiskCalls } from '../margin/risk-kernel.js';
import { SweepBoard } from './sweep-board.js';
import { forEachBelow } from './sweep-here.js';

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
 * function or variables of its own, and `nextBelowMargin` and `tableSizes` write nothing.
 */
export default function serve(thread: number): void {
  const start = workerData as SweepStart;
  const board = new SweepBoard(start.board);
  const calls = callsOf(start);
  while (!board.stopped) {
    const waited = board.calls;
    for (let range = board.take(thread); range >= 0; range = board.take(thread)) {
      sweep(calls, board, thread, range);
      board.finish(range);
    }
    board.waitForWork(waited);
  }
}

/**
 * When a table of accounts or rows has moved meanwhile, what was read through the old one may be anything, so the range is looked
 * through again. Tables double; that ends.
 */
function sweep(calls: SweepCalls, board: SweepBoard, thread: number, range: number): void {
  const { first, end } = board.bounds(range);
  let before: number;
  do {
    before = calls.tableSizes();
    forEachBelow(calls, first, end, (account) => board.tell(thread, account));
  } while (calls.tableSizes() !== before);
}

type SweepCalls = Pick<RiskCalls, 'nextBelowMargin' | 'tableSizes'>;

/** Books that keep their positions outside of the kernel are for tests alone, and not looked at here. */
function callsOf({ module, memory }: SweepStart): SweepCalls {
  const flavour = module === null ? javascriptRiskKernel : webAssemblyKernel<RiskCalls>(module);
  return flavour(memory, { closableLots: () => 0, settleFill: () => {} });
}
