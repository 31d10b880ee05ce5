import { type ChildProcess, fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';

/** What a chain process tells when it serves. */
export interface ChainReady {
  port: number;
  genesisHash: string;
  testUsdcMint: string;
  /** Opens the methods of the operator. */
  token: string;
}

export interface ChainProcessOptions {
  folder: string;
  /** 0, the default: a free one. */
  port?: number;
  /** The compiled program; by default the one beside this file. */
  program?: string;
  readyWithinMs?: number;
  /** Gets what the process prints to standard error: notices of recovery, and why it ended. */
  onNotice?: (text: string) => void;
}

const READY_WITHIN_MS = 30_000;

/** A chain that runs in a process of its own, as a child of this one. */
export class ChainProcess {
  readonly ready: ChainReady;
  /** Resolves with the exit code, null after a signal. */
  readonly ended: Promise<number | null>;
  private readonly child: ChildProcess;

  /** Rejects with what the process said when it ends before it serves. */
  static async start(options: ChainProcessOptions): Promise<ChainProcess> {
    const program = options.program ?? fileURLToPath(new URL('./process.js', import.meta.url));
    const child = fork(program, [options.folder, String(options.port ?? 0)], {
      stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
      execArgv: [],
    });
    let said = '';
    child.stderr?.on('data', (chunk: Buffer) => {
      said = (said + chunk.toString()).slice(-4_000);
      options.onNotice?.(chunk.toString());
    });
    const ended = new Promise<number | null>((resolve) => {
      child.once('close', (code) => resolve(code));
    });
    const ready = await new Promise<ChainReady>((resolve, reject) => {
      const timer = setTimeout(() => {
        child.kill('SIGKILL');
        reject(new Error('the chain process did not get ready in time'));
      }, options.readyWithinMs ?? READY_WITHIN_MS);
      child.once('error', reject);
      child.once('message', (message) => {
        clearTimeout(timer);
        resolve(message as ChainReady);
      });
      void ended.then((code) => {
        clearTimeout(timer);
        reject(new Error(`the chain process ended with code ${code}: ${said.trim()}`));
      });
    });
    return new ChainProcess(child, ready, ended);
  }

  private constructor(child: ChildProcess, ready: ChainReady, ended: Promise<number | null>) {
    this.child = child;
    this.ready = ready;
    this.ended = ended;
  }

  get url(): string {
    return `http://127.0.0.1:${this.ready.port}`;
  }

  get pid(): number {
    return this.child.pid ?? 0;
  }

  /** Asks it to write everything down and end. */
  async stop(): Promise<void> {
    this.child.kill('SIGTERM');
    await this.ended;
  }

  /** Ends it as a crash does. */
  async kill(): Promise<void> {
    this.child.kill('SIGKILL');
    await this.ended;
  }
}
