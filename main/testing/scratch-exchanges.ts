import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { ExchangeProcess } from './exchange-process.js';

/** Exchanges of one test on data folders of its own, none of which outlives it. */
export class ScratchExchanges {
  private readonly name: string;
  private readonly running: ExchangeProcess[] = [];
  private readonly folders: string[] = [];

  /** `name`: of the test's folders. */
  constructor(name: string) {
    this.name = name;
  }

  folder(): string {
    const folder = fs.mkdtempSync(path.join(os.tmpdir(), `plimsoll-${this.name}-`));
    this.folders.push(folder);
    return folder;
  }

  /** With prices and time by hand, and without bots. */
  async start(data: string, layout: string, ...more: string[]): Promise<ExchangeProcess> {
    const sandbox = ['--oracle', 'manual', '--no-bots', '--clock', 'manual', '--layout', layout];
    const exchange = await ExchangeProcess.start(['--data', data, ...sandbox, ...more]);
    this.running.push(exchange);
    return exchange;
  }

  async end(): Promise<void> {
    for (const exchange of this.running.splice(0)) await exchange.kill();
    for (const folder of this.folders.splice(0)) fs.rmSync(folder, { recursive: true });
  }
}
