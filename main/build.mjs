/**
 * Compiles the sources to dist/, one file each, with the constants of other modules written out as numbers.
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

const build = await rolldown({
  cwd: root,
  input: folders.flatMap(sourcesOf),
  platform: 'node',
  // Packages stay imports; only the project's own files are compiled.
  external: (id) => !id.startsWith('.') && !path.isAbsolute(id),
  resolve: { extensionAlias: { '.js': ['.ts'] } },
  optimization: { inlineConst: { mode: 'all', pass: 3 } },
  // Without tree shaking every module stays whole, so that dist mirrors the sources.
  treeshake: false,
  logLevel: 'warn',
});
await build.write({
  dir: path.join(root, 'dist'),
  format: 'esm',
  sourcemap: true,
  preserveModules: true,
  preserveModulesRoot: root,
  entryFileNames: '[name].js',
});
await build.close();

for (const kernel of ['engine/kernel/kernel', 'risk/kernel/kernel']) {
  await buildKernel(root, `${kernel}.ts`, path.join(root, 'dist', `${kernel}.wasm`));
}
