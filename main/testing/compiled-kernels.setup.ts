import fs from 'node:fs';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { placeKernel } from '../../engine/runtime/kernel-file.js';
import { packageFile } from '../package-root.js';

/**
 * Tests run the sources of everything but the kernels: of these what the build has compiled, as in production, and several times as fast.
 * (Tests that compare the two name them.) A build that is older than a kernel's source is not used.
 */
for (const kernel of ['engine/kernel', 'risk/kernel']) {
  const built = packageFile(`dist/${kernel}/kernel.wasm`);
  if (fs.existsSync(built) && fs.statSync(built).mtimeMs >= newestSourceMs()) {
    placeKernel(sourceUrl(`${kernel}/kernel.wasm`), pathToFileURL(built));
  }
}

/** Each kernel is made of sources of both folders. */
function newestSourceMs(): number {
  const times = ['engine/kernel', 'risk/kernel'].flatMap((folder) => {
    const names = fs.readdirSync(packageFile(folder), { recursive: true, encoding: 'utf8' });
    const sources = names.filter((name) => name.endsWith('.ts') && !name.endsWith('.test.ts'));
    return sources.map((name) => fs.statSync(packageFile(path.join(folder, name))).mtimeMs);
  });
  return Math.max(...times);
}

function sourceUrl(file: string): URL {
  return new URL(`../../${file}`, import.meta.url);
}
