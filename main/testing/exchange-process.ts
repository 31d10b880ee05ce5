import { type ChildProcess, spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { packageFile } from '../package-root.js';
import { Sentences } from './sentences.js';

/** What the line `ready {…}` says. */
export interface Ready {
  port: number;
  fixpPort: number | null;
  fixPort: number | null;
  adminPort: number;
  adminToken: string;
}

const READY_WITHIN_MS = 60_000;

/** The exchange as its operators start it, in a process of its own, on free ports. */
export class ExchangeProcess {
  readonly ready: Ready;
  /** What it says to its operator. */
  readonly sentences: Sentences;
  private readonly child: ChildProcess;
  private readonly ended: Promise<number | null>;

  /** `command` is what the options are appended to; by default the compiled program itself. */
  static async start(
    args: readonly string[],
    command: readonly string[] = [process.execPath, packageFile('dist/main/start.js')],
  ): Promise<ExchangeProcess> {
    const ports = freePorts(args);
    const [program = '', ...own] = command;
    const child = spawn(program, [...own, ...ports, ...args], {
      stdio: ['ignore', 'pipe', 'pipe'],
      cwd: packageFile('.'),
    });
    const sentences = new Sentences(child.stderr);
    const ended = new Promise<number | null>((resolve) => {
      child.once('exit', (code) => resolve(code));
    });
    const ready = await new Promise<Ready>((resolve, reject) => {
      const fail = (why: string) => reject(new Error(`the exchange ${why}:\n${sentences.tail}`));
      const timer = setTimeout(() => {
        child.kill('SIGKILL');
        fail('did not get ready');
      }, READY_WITHIN_MS);
      createInterface({ input: child.stdout }).on('line', (line) => {
        if (!line.startsWith('ready ')) return;
        clearTimeout(timer);
        resolve(JSON.parse(line.slice('ready '.length)));
      });
      void ended.then((code) => {
        clearTimeout(timer);
        fail(`ended with code ${code}`);
      });
    });
    return new ExchangeProcess(child, ready, sentences, ended);
  }

  /** Starts one and kills it so much later, whatever it has come to by then. */
  static async startAndKill(args: readonly string[], afterMs: number): Promise<void> {
    const ports = freePorts(args);
    const program = [packageFile('dist/main/start.js'), ...ports, ...args];
    const child = spawn(process.execPath, program, { stdio: 'ignore', cwd: packageFile('.') });
    const ended = new Promise((resolve) => child.once('exit', resolve));
    await new Promise((resolve) => setTimeout(resolve, afterMs));
    child.kill('SIGKILL');
    await ended;
  }

  private constructor(
    child: ChildProcess,
    ready: Ready,
    sentences: Sentences,
    ended: Promise<number | null>,
  ) {
    this.child = child;
    this.ready = ready;
    this.sentences = sentences;
    this.ended = ended;
  }

  get pid(): number {
    return this.child.pid as number;
  }

  get url(): string {
    return `ws://127.0.0.1:${this.ready.port}/v1`;
  }

  /** Status and text of a page that needs no token. */
  async page(port: number, path: string): Promise<{ status: number; text: string }> {
    const response = await fetch(`http://127.0.0.1:${port}${path}`);
    return { status: response.status, text: await response.text() };
  }

  /** A request to the admin API; refusals are errors with their body. */
  async admin<T>(method: 'GET' | 'POST', path: string, body?: object): Promise<T> {
    const { adminPort, adminToken } = this.ready;
    const response = await fetch(`http://127.0.0.1:${adminPort}/admin/v1/${path}`, {
      method,
      // A connection that was idle while a test ran something else in the foreground may be closed by now.
      headers: { authorization: `Bearer ${adminToken}`, connection: 'close' },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    const text = await response.text();
    if (!response.ok) throw new Error(`${method} ${path}: ${response.status} ${text}`);
    return JSON.parse(text) as T;
  }

  /** As a power cut is to the process, not to the disk. */
  async kill(): Promise<void> {
    this.child.kill('SIGKILL');
    await this.ended;
  }

  /** Asks it to stop; gives the exit code. */
  stop(signal: NodeJS.Signals = 'SIGTERM'): Promise<number | null> {
    this.child.kill(signal);
    return this.ended;
  }
}

/** Settlement is processes of its own, which few tests need: those that do say so. */
function freePorts(args: readonly string[]): string[] {
  const ports = ['--port', '0', '--admin-port', '0', '--fixp-port', '0', '--fix-port', '0'];
  if (!args.includes('--settlement')) return [...ports, '--settlement', 'off'];
  return [...ports, '--custody-port', '0', '--chain-port', '0'];
}
