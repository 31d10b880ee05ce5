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

const DATA = 'data';
const CONFIG_FILE = 'settling.toml';
const READY_WITHIN_MS = 180_000;
export interface SettlingOptions {
  bus: 'nats' | 'embedded';
  /** Funding is paid each minute. */
  hasFunding?: boolean;
}

/** Small snapshots often, limits that no load of a test reaches, and marks that follow what the test says. */
function configOf({ bus, hasFunding = false }: SettlingOptions): string {
  return `
[snapshots]
everyMessages = 1000
[gateway]
requestsPerSecond = 1000000
requestsBurst = 1000000
[pricing]
markIntervalMs = 0
fundingIntervalMinutes = ${hasFunding ? 1 : 0}
[settlement]
bus = "${bus}"
windowMs = 500
`;
}

/** An exchange with its settlement on an embedded chain, and prices that are set by hand. */
export class SettlingExchange {
  readonly dataDir: string;
  readonly process: ExchangeProcess;

  /** `folder` keeps everything, over restarts too. */
  static async start(
    folder: string,
    options: SettlingOptions,
    ...more: readonly string[]
  ): Promise<SettlingExchange> {
    fs.writeFileSync(path.join(folder, CONFIG_FILE), configOf(options));
    const started = await ExchangeProcess.start(SettlingExchange.argsFor(folder, ...more));
    return new SettlingExchange(path.join(folder, DATA), started);
  }

  /** Of one that was started there before. */
  static argsFor(folder: string, ...more: readonly string[]): string[] {
    const files = ['--data', path.join(folder, DATA), '--config', path.join(folder, CONFIG_FILE)];
    const own = ['--oracle', 'manual', '--no-bots', '--fsync', 'always', '--settlement', 'on'];
    return [...files, ...own, ...more];
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
    const { status, body } = await this.custody('GET', '/v1/custody');
    // Who asks too often is told to wait.
    if (status !== 200) throw new Error(JSON.stringify(body));
    return body as unknown as Facts;
  }

  async setPrices(prices: Readonly<Record<string, string>>): Promise<void> {
    for (const [market, index] of Object.entries(prices)) {
      await this.process.admin('POST', 'prices', { market, index });
    }
  }
}

const DOOR = /deposits and withdrawals: (http:\/\/\S+)\/v1\/custody$/;
