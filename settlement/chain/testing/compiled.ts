import { execFileSync } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { makeScratch } from './scratch.js';

const root = path.resolve(import.meta.dirname, '../../..');

/**
 * Compiles a source and what it imports into a scratch folder and returns the program's path. A test
 * that starts a process compiles it by itself: it needs no build and cannot meet an old one.
 */
export function compileProgram(source: string): string {
  const out = makeScratch();
  fs.writeFileSync(path.join(out, 'package.json'), '{ "type": "module" }');
  fs.symlinkSync(path.join(root, 'node_modules'), path.join(out, 'node_modules'));
  const compiler = path.join(root, 'node_modules/typescript/bin/tsc');
  const options = ['--noCheck', '--target', 'ES2023', '--module', 'NodeNext', '--types', 'node'];
  const places = ['--skipLibCheck', '--ignoreConfig', '--rootDir', root, '--outDir', out];
  execFileSync(process.execPath, [compiler, ...options, ...places, source], { cwd: root });
  return path.join(out, path.relative(root, source).replace(/\.ts$/, '.js'));
}
