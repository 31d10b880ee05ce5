import { type ChildProcess, spawn } from 'node:child_process';

export interface ServerProcess {
  /** What the server said in its `ready` line. */
  ready: Record<string, unknown>;
  pid: number;
  /** For what a module given with `nodeOptions` wants to be asked. */
  child: ChildProcess;
  stop(): Promise<void>;
}

const READY_WITHIN_MS = 60_000;
const STOP_WITHIN_MS = 10_000;

/** Starts a server with Node and waits for its line `ready {…}`. */
export async function startServer(
  file: string,
  args: readonly string[],
  nodeOptions: readonly string[] = [],
): Promise<ServerProcess> {
  const child = spawn(process.execPath, [...nodeOptions, file, ...args], {
    stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
  });
  let complaints = '';
  child.stderr?.on('data', (chunk: Buffer) => {
    complaints = (complaints + chunk.toString()).slice(-4000);
  });
  try {
    const ready = await readyLine(child);
    return { ready, pid: child.pid as number, child, stop: () => stop(child) };
  } catch (error) {
    await stop(child);
    const sentence = error instanceof Error ? error.message : String(error);
    throw new Error(`${file}: ${sentence}\n${complaints}`);
  }
}

function readyLine(child: ChildProcess): Promise<Record<string, unknown>> {
  return new Promise((resolve, reject) => {
    let said = '';
    const timer = setTimeout(() => reject(new Error('did not get ready in time')), READY_WITHIN_MS);
    child.stdout?.on('data', (chunk: Buffer) => {
      said += chunk.toString();
      const line = /^ready (\{.*\})$/m.exec(said);
      if (line === null) return;
      clearTimeout(timer);
      // What follows is status for people; reading on keeps the pipe from filling up.
      said = '';
      resolve(JSON.parse(line[1] as string));
    });
    child.on('error', reject);
    child.on('close', (code) => {
      clearTimeout(timer);
      reject(new Error(`ended with code ${code} before it was ready`));
    });
  });
}

function stop(child: ChildProcess): Promise<void> {
  return new Promise((resolve) => {
    if (child.exitCode !== null || child.signalCode !== null || child.pid === undefined) {
      resolve();
      return;
    }
    const timer = setTimeout(() => child.kill('SIGKILL'), STOP_WITHIN_MS);
    child.on('close', () => {
      clearTimeout(timer);
      resolve();
    });
    child.kill('SIGTERM');
  });
}
