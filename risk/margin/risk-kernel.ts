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

/** A kernel that was made with the engine's functions only gets the margin actor's as JavaScript. */
export function riskKernelOf(kernel: Kernel): RiskKernel {
  if ('settleEvent' in kernel.calls) return kernel as RiskKernel;
  // biome-ignore lint/complexity/useLiteralKeys: private, and needed nowhere else
  const calls = javascriptRiskKernel(kernel['memory'], kernel['outsideLedger']());
  return Object.assign(kernel, { calls: { ...calls, ...kernel.calls } });
}
