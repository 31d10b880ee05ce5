import { webAssemblyKernel } from '../../engine/kernel/host/flavours.js';
import {
  A_EXISTS,
  A_ISOLATES,
  A_SEQUENCE,
  A_STATUS,
  G_MARKETS,
  MARKETS_MAX,
} from '../kernel/layout.js';
import { javascriptRiskKernel, type RiskCalls } from '../margin/risk-kernel.js';
import { addAccount, noTotals, type StressTotals, sumOfTotals } from '../stress/stress.js';

/** A range of accounts in a shard's memory, which goes on being written. */
export interface StressTask {
  module: WebAssembly.Module | null;
  memory: WebAssembly.Memory;
  first: number;
  end: number;
}

/** How often an account is looked at again that trades at that very moment. */
const TRIES_MAX = 100;

/**
 * What moves of all marks would do to the accounts of a range. Functions that write nothing are all that is called. An account
 * is taken when its private feed has no new event since before it was looked at; the range as a whole is not of one moment.
 */
export default function stress({ module, memory, first, end }: StressTask): StressTotals {
  const flavour = module === null ? javascriptRiskKernel : webAssemblyKernel<RiskCalls>(module);
  const calls = flavour(memory, { closableLots: () => 0, settleFill: () => {} });
  const words = new Int32Array(memory.buffer);
  const floats = new Float64Array(memory.buffer);
  let totals = noTotals();
  for (let account = first; account < end; account++) {
    const record = calls.accountAt(account);
    const status = record === 0 ? 0 : (words[(record + A_STATUS) >> 2] as number);
    if ((status & A_EXISTS) === 0) continue;
    for (let left = TRIES_MAX; left > 0; left--) {
      const sequence = floats[(record + A_SEQUENCE) >> 3];
      const part = noTotals();
      addCross(part, calls, account, record);
      if ((status & A_ISOLATES) !== 0) addIsolated(part, calls, words, account, record);
      if (floats[(record + A_SEQUENCE) >> 3] !== sequence && left > 1) continue;
      totals = sumOfTotals([totals, part]);
      break;
    }
  }
  return totals;
}

/** Without a position nothing asks for margin at any mark. */
function addCross(part: StressTotals, calls: RiskCalls, account: number, record: number): void {
  if (calls.stressedMargin(account, record, 0) === 0) return;
  addAccount(part, (percent) => ({
    equityMicroUsd: calls.stressedEquity(account, record, percent),
    marginMicroUsd: calls.stressedMargin(account, record, percent),
  }));
}

/** An isolated position counts like an account of its own. */
function addIsolated(
  part: StressTotals,
  calls: RiskCalls,
  words: Int32Array,
  account: number,
  record: number,
): void {
  for (let k = 0; k < MARKETS_MAX; k++) {
    const block = words[(G_MARKETS >> 2) + k] as number;
    const purse = block === 0 ? 0 : calls.purseOf(block, account, record);
    const row = purse === 0 ? 0 : calls.rowOf(block, account);
    if (row === 0 || calls.stressedMarginOf(block, row, 0) === 0) continue;
    addAccount(part, (percent) => ({
      equityMicroUsd: calls.stressedPurse(block, row, purse, percent),
      marginMicroUsd: calls.stressedMarginOf(block, row, percent),
    }));
  }
}
