import { webAssemblyKernel } from '../../engine/kernel/host/flavours.js';
import { A_EXISTS, A_SEQUENCE, A_STATUS } from '../kernel/layout.js';
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
    // Without a position nothing asks for margin at any mark.
    if ((status & A_EXISTS) === 0 || calls.stressedMargin(account, record, 0) === 0) continue;
    for (let left = TRIES_MAX; left > 0; left--) {
      const sequence = floats[(record + A_SEQUENCE) >> 3];
      const part = noTotals();
      addAccount(part, (percent) => ({
        equityMicroUsd: calls.stressedEquity(account, record, percent),
        marginMicroUsd: calls.stressedMargin(account, record, percent),
      }));
      if (floats[(record + A_SEQUENCE) >> 3] !== sequence && left > 1) continue;
      totals = sumOfTotals([totals, part]);
      break;
    }
  }
  return totals;
}
