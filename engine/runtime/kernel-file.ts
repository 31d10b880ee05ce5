import fs from 'node:fs';
import {
  javascriptKernel,
  type KernelCalls,
  type KernelFlavour,
  webAssemblyKernel,
} from '../kernel/host/flavours.js';

/** The kernel of a bare book, compiled where the build has done it. */
export function compiledKernel(): KernelFlavour {
  return kernelFrom(new URL('../kernel/kernel.wasm', import.meta.url), javascriptKernel);
}

/**
 * The kernel that the build has compiled to WebAssembly into this file; where there is none, that is, when sources
 * run that were not built, the sources themselves.
 */
export function kernelFrom<Calls extends KernelCalls>(
  file: URL,
  sources: KernelFlavour<Calls>,
): KernelFlavour<Calls> {
  const module = compiledModule(file);
  return module === null ? sources : webAssemblyKernel(module);
}

/** What the build has compiled into this file, for other threads; null where there is none. */
export function compiledModule(file: URL): WebAssembly.Module | null {
  const known = modules.get(file.href);
  if (known !== undefined) return known;
  const place = places.get(file.href) ?? file;
  if (!fs.existsSync(place)) return null;
  const module = new WebAssembly.Module(fs.readFileSync(place));
  modules.set(file.href, module);
  return module;
}

/** Says that the kernel of this file lies elsewhere: where sources run, it lies beside what the build has made of them. */
export function placeKernel(file: URL, place: URL): void {
  places.set(file.href, place);
}

const modules = new Map<string, WebAssembly.Module>();
const places = new Map<string, URL>();
