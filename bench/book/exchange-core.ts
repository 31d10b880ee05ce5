import { spawn, spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { sharedFolder } from '../shared-folder.js';
import type { SpeedFigures } from './measure-speed.js';

/** The name of its faster book, the one that users would pick. */
export const EXCHANGE_CORE = 'exchange-core-direct';

/** Passes in one of its processes; the first third is warm-up, as with ours. */
const PASSES = 9;

function script(): string {
  return join(sharedFolder(), 'bench/exchange-core/run.sh');
}

/** Null when it can be run, else a sentence with what is missing. */
export function exchangeCoreProblem(): string | null {
  if (!existsSync(script())) {
    return `exchange-core: ${script()} does not exist; PLIMSOLL_SHARED may name another folder`;
  }
  const java = spawnSync('java', ['-version'], { stdio: 'ignore' });
  return java.status === 0 ? null : 'exchange-core: java cannot be started; it needs Java 17';
}

/** A fresh Java process over the same file; its CPU time is that of the measuring thread alone. */
export async function runExchangeCore(file: string, timedCount: number): Promise<SpeedFigures> {
  const output = await runToEnd(script(), [file, 'direct', String(PASSES)]);
  const line = output.trim().split('\n').at(-1) ?? '';
  const said = JSON.parse(line) as Record<string, number>;
  const figure = (name: string): number => {
    const value = said[name];
    if (typeof value !== 'number') throw new Error(`exchange-core printed no ${name}: ${line}`);
    return value;
  };
  return {
    ops: timedCount,
    opsPerSecond: figure('wall'),
    opsPerCpuSecond: figure('cpu'),
    gcShare: Number.NaN,
    result: {
      trades: figure('trades'),
      volume: figure('volume'),
      checksum: figure('checksum'),
      restingOrders: figure('restingOrders'),
      restingQtyBid: figure('restingQtyBid'),
      restingQtyAsk: figure('restingQtyAsk'),
    },
  };
}

function runToEnd(command: string, args: string[]): Promise<string> {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, { stdio: ['ignore', 'pipe', 'inherit'] });
    let output = '';
    child.stdout.on('data', (chunk: Buffer) => {
      output += chunk.toString();
    });
    child.on('error', reject);
    child.on('close', (code) => {
      if (code === 0) resolve(output);
      else reject(new Error(`exchange-core ended with code ${code}`));
    });
  });
}
