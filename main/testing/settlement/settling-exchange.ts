import fs from 'node:fs';
import path from 'node:path';
import { ExchangeProcess } from '../exchange-process.js';
import { eventually } from './eventually.js';

/** What the door of deposits and withdrawals says of itself. */
export interface Facts {
  exchange: string;
  mint: string;
  vault: string;
  rpcUrl: string;
  isTestChain: boolean;
  settledBatch: number;
  lagItems: number;
  lagSeconds: number;
  isHalted: boolean;
}

export interface Answer {
  status: number;
  body: {
    data?: Record<string, unknown>[];
    error?: { code: string; message: string; field?: string };
    [field: string]: unknown;
  };
}

const READY_WITHIN_MS = 180_000;
/** Small snapshots often, and limits that no load of a test reaches. */
const CONFIG = `
[snapshots]
everyMessages = 1000
[gateway]
requestsPerSecond = 1000000
requestsBurst = 1000000
`;

/** An exchange with its settlement on an embedded chain, and prices that are set by hand. */
export class SettlingExchange {
  readonly dataDir: string;
  readonly process: ExchangeProcess;

  /** `folder` keeps everything, over restarts too. */
  static async start(
    folder: string,
    bus: 'nats' | 'embedded',
    ...more: readonly string[]
  ): Promise<SettlingExchange> {
    const config = path.join(folder, 'settling.toml');
    const dataDir = path.join(folder, 'data');
    fs.writeFileSync(config, `${CONFIG}[settlement]\nbus = "${bus}"\nwindowMs = 500\n`);
    const own = ['--data', dataDir, '--config', config, '--oracle', 'manual', '--no-bots'];
    const args = [...own, '--fsync', 'always', '--settlement', 'on', ...more];
    return new SettlingExchange(dataDir, await ExchangeProcess.start(args));
  }

  private constructor(dataDir: string, process: ExchangeProcess) {
    this.dataDir = dataDir;
    this.process = process;
  }

  /** Asks the door of deposits and withdrawals, which is there some seconds after the exchange. Rejects while it is not. */
  async custody(method: 'GET' | 'POST', route: string, body?: object | string): Promise<Answer> {
    const said = this.process.sentences.newest(DOOR);
    if (said === null) throw new Error('the door of deposits and withdrawals is not open yet');
    const text = typeof body === 'string' ? body : JSON.stringify(body);
    const response = await fetch(`${said[1]}${route}`, {
      method,
      headers: { 'content-type': 'application/json', connection: 'close' },
      ...(body === undefined ? {} : { body: text as string }),
      signal: AbortSignal.timeout(20_000),
    });
    return { status: response.status, body: (await response.json()) as Answer['body'] };
  }

  /** As soon as the door answers. */
  facts(): Promise<Facts> {
    return eventually('the door', () => this.factsNow(), READY_WITHIN_MS);
  }

  async factsNow(): Promise<Facts> {
    return (await this.custody('GET', '/v1/custody')).body as unknown as Facts;
  }

  async setPrices(prices: Readonly<Record<string, string>>): Promise<void> {
    for (const [market, index] of Object.entries(prices)) {
      await this.process.admin('POST', 'prices', { market, index });
    }
  }
}

const DOOR = /deposits and withdrawals: (http:\/\/\S+)\/v1\/custody$/;
