import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import fs from 'node:fs';
import net from 'node:net';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { takeLock } from '../../../engine/runtime/journal/lock-file.js';
import { BusUnavailableError } from '../errors.js';
import type { ServerAddress } from '../nats/server-address.js';
import { sentenceOf } from '../waiting.js';

export interface ServerOptions {
  readonly binary: string;
  /** Holds configuration, log and streams; one server at a time. */
  readonly folder: string;
  /** Default: the one it had before in this folder, else a free one. */
  readonly port?: number;
  /** For a cluster: names and route ports of all its nodes. All have the same token. */
  readonly cluster?: ClusterPlace;
  /** Hears when the server dies or cannot be started again. */
  readonly onTrouble?: (sentence: string) => void;
}

export interface ClusterPlace {
  readonly serverName: string;
  readonly routePort: number;
  readonly otherRoutePorts: readonly number[];
  readonly token: string;
}

/** A server that this process has started and looks after. */
export interface NatsServerProcess {
  readonly address: ServerAddress;
  /** 0 while it is down. */
  readonly pid: number;
  close(): Promise<void>;
}

interface Settings {
  readonly port: number;
  readonly token: string;
}

const READY_MS = 15_000;
const STOP_MS = 8_000;
const FIRST_PAUSE_MS = 200;
const LONGEST_PAUSE_MS = 5_000;
/** How often streams are synced to the disk: what a power failure may cost, and the outbox sends again. */
const SYNC_INTERVAL = '1s';
const MAX_STORE = '64G';

/**
 * Starts a server on loopback with JetStream, and starts it again whenever it dies. A server that a
 * killed predecessor left behind in the same folder is stopped first: two on one store would ruin it.
 *
 * @throws LockedError when another process runs a server in this folder
 * @throws BusUnavailableError when it does not come up
 */
export async function startNatsServer(options: ServerOptions): Promise<NatsServerProcess> {
  const unlock = takeLock(options.folder);
  try {
    await stopLeftover(options.folder);
    const settings = await settingsOf(options);
    const server = new ServerProcess(options, settings, unlock);
    await server.start();
    return server;
  } catch (error) {
    unlock();
    throw error;
  }
}

class ServerProcess implements NatsServerProcess {
  readonly address: ServerAddress;
  private readonly options: ServerOptions;
  private readonly settings: Settings;
  private readonly unlock: () => void;
  private child: ChildProcess | null = null;
  private closed = false;
  private pauseMs = FIRST_PAUSE_MS;
  private readonly killAtExit = () => this.child?.kill('SIGKILL');

  constructor(options: ServerOptions, settings: Settings, unlock: () => void) {
    this.options = options;
    this.settings = settings;
    this.unlock = unlock;
    this.address = { servers: [`127.0.0.1:${settings.port}`], token: settings.token };
    process.once('exit', this.killAtExit);
  }

  get pid(): number {
    return this.child?.pid ?? 0;
  }

  async start(): Promise<void> {
    const file = configPath(this.options.folder);
    fs.writeFileSync(file, configOf(this.options, this.settings), { mode: 0o600 });
    try {
      await this.run();
    } catch (error) {
      this.closed = true;
      await this.stopChild();
      process.off('exit', this.killAtExit);
      throw error;
    }
  }

  async close(): Promise<void> {
    if (this.closed) return;
    this.closed = true;
    process.off('exit', this.killAtExit);
    await this.stopChild();
    fs.rmSync(pidPath(this.options.folder), { force: true });
    this.unlock();
  }

  /** Starts the child and waits until it answers. */
  private async run(): Promise<ChildProcess> {
    const { binary, folder } = this.options;
    const child = spawn(binary, ['-c', configPath(folder)], { stdio: 'ignore' });
    this.child = child;
    const gone = new Promise<never>((_, reject) => {
      child.once('error', reject);
      child.once('exit', (code, signal) => {
        reject(new Error(`it ended with ${signal ?? `code ${code}`}; see ${logPath(folder)}`));
      });
    });
    child.once('exit', (code, signal) => this.comeBack(child, `with ${signal ?? `code ${code}`}`));
    child.once('error', (error) => this.comeBack(child, `because ${error.message}`));
    gone.catch(() => {});
    const { pid } = child;
    if (pid !== undefined) fs.writeFileSync(pidPath(folder), String(pid));
    try {
      await Promise.race([waitForGreeting(this.settings.port), gone]);
      return child;
    } catch (error) {
      throw new BusUnavailableError(`nats-server does not start: ${sentenceOf(error)}`);
    }
  }

  private async comeBack(child: ChildProcess, how: string): Promise<void> {
    if (this.child !== child) return;
    this.child = null;
    if (this.closed) return;
    this.options.onTrouble?.(`nats-server ended ${how}, and is started again`);
    await sleep(this.pauseMs);
    // Longer after each death, and short again when it has lived for a while.
    this.pauseMs = Math.min(this.pauseMs * 2, LONGEST_PAUSE_MS);
    if (this.closed) return;
    const startedMs = Date.now();
    try {
      const next = await this.run();
      next.once('exit', () => {
        if (Date.now() - startedMs > LONGEST_PAUSE_MS) this.pauseMs = FIRST_PAUSE_MS;
      });
    } catch (error) {
      this.options.onTrouble?.(sentenceOf(error));
      // One that hangs would never end by itself.
      if (this.pid > 0) process.kill(this.pid, 'SIGKILL');
    }
  }

  private async stopChild(): Promise<void> {
    const { child } = this;
    if (child === null || child.exitCode !== null || child.signalCode !== null) return;
    const ended = new Promise((resolve) => child.once('exit', resolve));
    child.kill('SIGTERM');
    const timer = setTimeout(() => child.kill('SIGKILL'), STOP_MS);
    await ended;
    clearTimeout(timer);
  }
}

/** A server says INFO to whoever connects. */
async function waitForGreeting(port: number): Promise<void> {
  const endMs = Date.now() + READY_MS;
  for (;;) {
    const greets = await new Promise<boolean>((resolve) => {
      const socket = net.connect(port, '127.0.0.1');
      const end = (answer: boolean) => {
        socket.destroy();
        resolve(answer);
      };
      socket.setTimeout(1_000, () => end(false));
      socket.once('error', () => end(false));
      socket.once('close', () => end(false));
      socket.once('data', (data) => end(data.toString('latin1').startsWith('INFO ')));
    });
    if (greets) return;
    if (Date.now() > endMs) throw new Error(`it does not answer within ${READY_MS} ms`);
    await sleep(20);
  }
}

async function settingsOf({ folder, port, cluster }: ServerOptions): Promise<Settings> {
  const file = path.join(folder, 'settings.json');
  let before: Partial<Settings> = {};
  try {
    before = JSON.parse(fs.readFileSync(file, 'utf8')) as Partial<Settings>;
  } catch {
    // The first start, or a file that is of no use: new settings do as well.
  }
  const settings = {
    port: port ?? (await freePort(before.port ?? 0)),
    token: cluster?.token ?? before.token ?? randomBytes(24).toString('hex'),
  };
  fs.writeFileSync(file, JSON.stringify(settings), { mode: 0o600 });
  return settings;
}

/** The wanted port if it is free, else another one. */
async function freePort(wanted = 0): Promise<number> {
  const server = net.createServer();
  const port = await new Promise<number | null>((resolve) => {
    server.once('error', () => resolve(null));
    server.listen(wanted, '127.0.0.1', () => resolve((server.address() as net.AddressInfo).port));
  });
  if (port === null) return await freePort();
  await new Promise((resolve) => server.close(resolve));
  return port;
}

function configOf({ folder, cluster }: ServerOptions, { port, token }: Settings): string {
  const quoted = (text: string) => JSON.stringify(text);
  const lines = [
    `server_name: ${quoted(cluster?.serverName ?? 'plimsoll')}`,
    `listen: "127.0.0.1:${port}"`,
    `authorization { token: ${quoted(token)} }`,
    `log_file: ${quoted(logPath(folder))}`,
    'logfile_size_limit: 10MB',
    'logfile_max_num: 3',
    `jetstream { store_dir: ${quoted(path.join(path.resolve(folder), 'streams'))}`,
    `  max_file_store: ${MAX_STORE}, sync_interval: "${SYNC_INTERVAL}" }`,
  ];
  if (cluster !== undefined) {
    const routes = cluster.otherRoutePorts.map((other) => quoted(`nats://127.0.0.1:${other}`));
    lines.push(`cluster { name: plimsoll, listen: "127.0.0.1:${cluster.routePort}"`);
    lines.push(`  routes: [${routes.join(', ')}] }`);
  }
  return `${lines.join('\n')}\n`;
}

async function stopLeftover(folder: string): Promise<void> {
  const pid = leftoverOf(folder);
  if (pid === null) return;
  process.kill(pid, 'SIGTERM');
  const endMs = Date.now() + STOP_MS;
  while (leftoverOf(folder) === pid && Date.now() < endMs) await sleep(20);
  if (leftoverOf(folder) === pid) process.kill(pid, 'SIGKILL');
  while (leftoverOf(folder) === pid) await sleep(20);
}

/** A living process whose command names this folder's configuration: the number alone may be another's. */
function leftoverOf(folder: string): number | null {
  if (!fs.existsSync(pidPath(folder))) return null;
  const pid = Number(fs.readFileSync(pidPath(folder), 'utf8'));
  if (!Number.isInteger(pid) || pid <= 1) return null;
  return commandOf(pid).includes(configPath(folder)) ? pid : null;
}

function commandOf(pid: number): string {
  try {
    return fs.readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ');
  } catch {
    // Gone, or a system without /proc.
  }
  try {
    return execFileSync('ps', ['-o', 'args=', '-p', String(pid)], { encoding: 'utf8' });
  } catch {
    return '';
  }
}

function configPath(folder: string): string {
  return path.join(path.resolve(folder), 'nats-server.conf');
}

function pidPath(folder: string): string {
  return path.join(folder, 'nats-server.pid');
}

function logPath(folder: string): string {
  return path.join(path.resolve(folder), 'nats-server.log');
}
