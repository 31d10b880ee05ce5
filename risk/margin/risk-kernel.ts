import { assert } from '../../engine/assert.js';
import { bindFunctions, type KernelFlavour } from '../../engine/kernel/host/flavours.js';
import type { Kernel } from '../../engine/kernel/host/kernel.js';
import * as functions from '../kernel/kernel.js';

/** The functions of the engine's kernel together with the margin actor's. */
export type RiskCalls = typeof functions;
/** A kernel that has them. */
export type RiskKernel = Kernel<RiskCalls>;

/** The sources as they are: for tests and debugging, and the oracle of the compiled kernel. */
export const javascriptRiskKernel: KernelFlavour<RiskCalls> = (memory, ledger) =>
  bindFunctions(functions, memory, ledger);

/** The kernel of a shard has the margin actor's functions, too. */
export function riskKernelOf(kernel: Kernel): RiskKernel {
  assert('settleEvent' in kernel.calls, 'the kernel must have the functions of the margin actor');
  return kernel as RiskKernel;
}
