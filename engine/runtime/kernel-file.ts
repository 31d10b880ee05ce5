import fs from 'node:fs';
import {
  javascriptKernel,
  type KernelFlavour,
  webAssemblyKernel,
} from '../kernel/host/flavours.js';

/**
 * The kernel as the build has compiled it to WebAssembly (beside this file's compiled form); as JavaScript where there is none,
 * that is, when tests run the sources.
 */
export function compiledKernel(): KernelFlavour {
  flavour ??= load();
  return flavour;
}

let flavour: KernelFlavour | null = null;

function load(): KernelFlavour {
  const file = new URL('../kernel/kernel.wasm', import.meta.url);
  if (!fs.existsSync(file)) return javascriptKernel;
  return webAssemblyKernel(new WebAssembly.Module(fs.readFileSync(file)));
}
