/**
 * Compiles a kernel (engine/kernel/, risk/kernel/) to WebAssembly: AssemblyScript takes the TypeScript sources as they are, but for
 * the few files of engine/kernel/wasm/, which stand in for those of the same name (access to memory is one instruction there).
 * binaryen then inlines nearly everything into the exported functions: a command takes a dozen calls otherwise, and each costs
 * as much as the work in it. What runs rarely (rare-functions.mjs) stays a call: V8 has sixteen registers for a function, and
 * spills what the everyday path needs when a function is as large as everything that could happen.
 */
import fs from 'node:fs';
import path from 'node:path';
import asc from 'assemblyscript/asc';
import binaryen from 'binaryen';
import { RARE_FUNCTIONS } from './rare-functions.mjs';

/** Sizes in binaryen's own unit, about one an instruction. */
const INLINE_ALWAYS = 1000;
const INLINE_FLEXIBLE = 4000;
const INLINE_ONE_CALLER = 1_000_000;

/** What Node 20 has without a flag. */
const FEATURES = [
  'Atomics',
  'BulkMemory',
  'BulkMemoryOpt',
  'MutableGlobals',
  'NontrappingFPToInt',
  'SignExt',
].reduce((all, name) => all | binaryen.Features[name], 0);

const OPTIONS = [
  // Nothing is inlined yet and functions have names, so that the rare ones can be found.
  ['--optimizeLevel', '0', '--debug', '--runtime', 'stub', '--use', 'abort='],
  ['--importMemory', '--sharedMemory', '--enable', 'threads', '--noExportMemory'],
  // As in engine/kernel/host/kernel.ts: 64 pages at first, 2 GiB at most.
  ['--initialMemory', '64', '--maximumMemory', '32768'],
].flat();

export async function buildKernel(root, entry, target) {
  const bytes = await compile(root, entry);
  fs.mkdirSync(path.dirname(target), { recursive: true });
  fs.writeFileSync(target, inline(bytes, rareFunctionsOf(entry)));
}

async function compile(root, entry) {
  let bytes = null;
  let complaints = '';
  const files = {
    // Imports name the compiled file, x.js; the compiler asks for x.js.ts then.
    readFile: (name) => readSource(root, name.replace(/\.js\.ts$/, '.ts')),
    writeFile: (_name, content) => {
      bytes = content;
    },
    listFiles: () => [],
    stdout: { write: () => {} },
    stderr: {
      write: (text) => {
        complaints += text;
      },
    },
  };
  const { error } = await asc.main([entry, '--outFile', 'kernel.wasm', ...OPTIONS], files);
  if (error !== null) throw new Error(`${entry} does not compile to WebAssembly:\n${complaints}`);
  return bytes;
}

function readSource(root, name) {
  const [folder, file] = [path.dirname(name), path.basename(name)];
  const standIn = path.join(root, folder, 'wasm', file);
  const source = path.join(root, name);
  for (const each of [standIn, source])
    if (fs.existsSync(each)) return fs.readFileSync(each, 'utf8');
  return null;
}

/** A bare book has only the engine's functions in it. */
function rareFunctionsOf(entry) {
  return RARE_FUNCTIONS.filter((name) => name.startsWith('engine/') || entry.startsWith('risk/'));
}

function inline(bytes, rareFunctions) {
  const module = binaryen.readBinary(bytes);
  module.setFeatures(FEATURES);
  for (const name of rareFunctions) keepAsCall(module, name);
  binaryen.setDebugInfo(false);
  binaryen.setOptimizeLevel(3);
  binaryen.setShrinkLevel(0);
  // Nothing is kept below address 1024, so an offset can be part of the instruction.
  binaryen.setLowMemoryUnused(true);
  binaryen.setAlwaysInlineMaxSize(INLINE_ALWAYS);
  binaryen.setFlexibleInlineMaxSize(INLINE_FLEXIBLE);
  binaryen.setOneCallerInlineMaxSize(INLINE_ONE_CALLER);
  module.optimize();
  module.optimize();
  return module.emitBinary();
}

function keepAsCall(module, name) {
  const at = name.lastIndexOf('/');
  const compiled = `${name.slice(0, at)}.js${name.slice(at)}`;
  if (module.getFunction(compiled) === 0)
    throw new Error(`rare-functions.mjs: there is no ${name}`);
  binaryen.setPassArgument('no-inline', compiled);
  module.runPasses(['no-inline']);
}
