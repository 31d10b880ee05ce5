import * as functions from '../kernel.js';
import { type OutsideLedger, useLedger } from '../ledger.js';
import { useMemory } from '../memory.js';

/** The kernel's exported functions. Addresses are byte offsets into its memory. */
export type KernelCalls = typeof functions;

/** Makes the functions of a kernel over one memory. */
export type KernelFlavour<Calls extends KernelCalls = KernelCalls> = (
  memory: WebAssembly.Memory,
  ledger: OutsideLedger,
) => Calls;

/** The sources as they are: for tests and debugging, and the oracle of the compiled kernel. */
export const javascriptKernel: KernelFlavour = (memory, ledger) =>
  bindFunctions(functions, memory, ledger);

/** Functions of kernel sources, each of which first turns to this memory. */
export function bindFunctions<Calls extends KernelCalls>(
  sources: Calls,
  memory: WebAssembly.Memory,
  ledger: OutsideLedger,
): Calls {
  const bound = Object.entries(sources).map(([name, call]) => {
    const run = (...values: number[]): unknown => {
      useMemory(memory);
      useLedger(ledger);
      return (call as (...values: number[]) => unknown)(...values);
    };
    return [name, run];
  });
  return Object.fromEntries(bound) as Calls;
}

/** The sources compiled to WebAssembly (`main/build-kernel.mjs`), which is what runs in production. */
export function webAssemblyKernel<Calls extends KernelCalls = KernelCalls>(
  module: WebAssembly.Module,
): KernelFlavour<Calls> {
  return (memory, ledger) => {
    const imports = {
      env: { memory },
      // Named after the source file that declares them (wasm/ledger.ts).
      'ledger.js': {
        closableLotsOutside: ledger.closableLots,
        settleFillOutside: ledger.settleFill,
      },
    };
    return new WebAssembly.Instance(module, imports).exports as Calls;
  };
}
