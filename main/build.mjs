/**
 * Compiles the sources to dist/, one file each, with the constants of other modules written out as numbers; then the programs to bundles.
 *
 * The message and record offsets are constants in a few modules. V8 reads an imported constant from its module's cell
 * each time and cannot fold it into an address; written out, the order book runs about twice as fast
 * (`npm run bench -- book`). Types are checked by tsc before.
 */
import fs from 'node:fs';
import path from 'node:path';
import { rolldown } from 'rolldown';
import { buildKernel } from './build-kernel.mjs';

const [root, ...folders] = process.argv.slice(2);
const dist = path.join(root, 'dist');

/** What operators run. With the threads and processes that these begin they are bundled. */
const PROGRAMS = ['main/start', 'main/journal-cli', 'main/settlement-cli', 'main/calc-cli'];
/** Of these folders no program has code: their own threads stay as they are. */
const APART = ['bench', 'sim'];
const OWN_THREAD = /new URL\('(\.[^']*)\.js', import\.meta\.url\)/g;

function sourcesOf(folder) {
  if (!fs.existsSync(path.join(root, folder))) return [];
  const names = fs.readdirSync(path.join(root, folder), { recursive: true }).map(String);
  return names
    .filter(
      (name) =>
        name.endsWith('.ts') &&
        !/\.(test|d)\.ts$/.test(name) &&
        !name.includes('node_modules') &&
        // Compiled to WebAssembly only.
        !`${folder}/${name}`.startsWith('engine/kernel/wasm/'),
    )
    .map((name) => path.join(root, folder, name));
}

const compiling = {
  cwd: root,
  platform: 'node',
  // Packages stay imports; only the project's own files are compiled.
  external: (id) => !id.startsWith('.') && !path.isAbsolute(id),
  resolve: { extensionAlias: { '.js': ['.ts'] } },
  optimization: { inlineConst: { mode: 'all', pass: 3 } },
  // Without tree shaking every module stays whole, so that dist mirrors the sources.
  treeshake: false,
  logLevel: 'warn',
};
const writing = { dir: dist, format: 'esm', sourcemap: true, entryFileNames: '[name].js' };

async function write(input, { plugins = [], ...how }) {
  const build = await rolldown({ ...compiling, input, plugins });
  const { output } = await build.write({ ...writing, ...how });
  await build.close();
  return output.map(({ fileName }) => fileName);
}

/** Modules from which a thread or process of its own begins, in any source that programs may have. */
function threadsIn(sources) {
  return sources.flatMap((file) => {
    const calls = fs.readFileSync(file, 'utf8').matchAll(OWN_THREAD);
    return [...calls].map(([, thread]) => path.join(path.dirname(file), thread));
  });
}

/**
 * Code finds its neighbours in dist/ by the address of its own module, which in a bundle is in another file than its source says: the
 * address is written out from wherever the code ends up.
 */
const ownAddresses = {
  name: 'own-addresses',
  transform(code, file) {
    if (!code.includes('import.meta.url')) return null;
    const own = path.relative(root, file).replace(/\.ts$/, '.js');
    return {
      code: code.replaceAll('import.meta.url', `addressInDist(${JSON.stringify(own)})`),
      map: null,
    };
  },
  renderChunk(code, chunk) {
    if (!code.includes('addressInDist(')) return null;
    const address = (_, own) => {
      const from = path.posix.relative(path.posix.dirname(chunk.fileName), own);
      return `new URL(${JSON.stringify(from)}, import.meta.url).href`;
    };
    return { code: code.replaceAll(/addressInDist\("([^"]+)"\)/g, address), map: null };
  },
};

await write(folders.flatMap(sourcesOf), { preserveModules: true, preserveModulesRoot: root });

// Node takes some third of a millisecond for each module: seven hundred at a start, and again in each thread. Of bundles an exchange
// is ready in half the time, also after a crash. They take the places of the programs' own modules; all others stay for whoever imports them.
const programs = PROGRAMS.map((program) => path.join(root, program));
const threads = threadsIn(folders.filter((folder) => !APART.includes(folder)).flatMap(sourcesOf));
const entries = [...programs, ...new Set(threads)].map((entry) => [
  path.relative(root, entry),
  `${entry}.ts`,
]);
const written = await write(Object.fromEntries(entries), {
  plugins: [ownAddresses],
  chunkFileNames: 'chunks/[name].js',
});
// Of an earlier build, with other chunks.
for (const name of fs.readdirSync(path.join(dist, 'chunks'))) {
  if (!written.includes(`chunks/${name}`)) fs.rmSync(path.join(dist, 'chunks', name));
}

for (const kernel of ['engine/kernel/kernel', 'risk/kernel/kernel']) {
  await buildKernel(root, `${kernel}.ts`, path.join(dist, `${kernel}.wasm`));
}
