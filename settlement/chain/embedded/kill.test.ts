import { spawn } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { base58 } from '@scure/base';
import { Connection, Keypair, SystemProgram, Transaction } from '@solana/web3.js';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { compileProgram } from '../testing/compiled.js';
import { makeScratch, removeScratch } from '../testing/scratch.js';
import { ChainProcess } from './process-client.js';

/** The full run kills more often: PLIMSOLL_CHAIN_KILLS=100. */
const KILLS = Number(process.env.PLIMSOLL_CHAIN_KILLS ?? 4);
/** Catches what hangs. */
const BOUND_MS = 120_000 + KILLS * 10_000;
const IN_FLIGHT = 4;
const RUN_MS_MAX = 120;
/** A start takes about as long: some kills hit recovery and the moments before the chain serves. */
const START_MS_MAX = 400;

let program: string;
beforeAll(() => {
  program = compileProgram(path.join(import.meta.dirname, 'process.ts'));
});
afterAll(removeScratch);

interface Sent {
  signature: string;
  wire: Buffer;
  lamports: number;
  isAnswered: boolean;
}

class Load {
  readonly to = Keypair.generate().publicKey;
  readonly from = Keypair.generate();
  readonly sent: Sent[] = [];
  private lamports = 1_000_000;
  private isStopped = false;

  stop(): void {
    this.isStopped = true;
  }

  /** Sends until the chain is gone; what was not answered stays in the list as such. */
  async run(connection: Connection): Promise<void> {
    this.isStopped = false;
    const lane = async () => {
      while (!this.isStopped) await this.sendOne(connection);
    };
    await Promise.all(Array.from({ length: IN_FLIGHT }, () => lane().catch(() => {})));
  }

  private async sendOne(connection: Connection): Promise<void> {
    const lamports = this.lamports++;
    const { blockhash } = await connection.getLatestBlockhash();
    const transaction = new Transaction();
    transaction.recentBlockhash = blockhash;
    transaction.feePayer = this.from.publicKey;
    const fromPubkey = this.from.publicKey;
    transaction.add(SystemProgram.transfer({ fromPubkey, toPubkey: this.to, lamports }));
    transaction.sign(this.from);
    const wire = transaction.serialize();
    const sent: Sent = { signature: '', wire, lamports, isAnswered: false };
    this.sent.push(sent);
    sent.signature = await connection.sendRawTransaction(wire, { maxRetries: 0 });
    sent.isAnswered = true;
  }
}

function connect(url: string): Connection {
  return new Connection(url, { commitment: 'confirmed', disableRetryOnRateLimit: true });
}

describe('the chain process', () => {
  it(
    `loses nothing that was answered and executes nothing twice over ${KILLS} kills`,
    async () => {
      const folder = makeScratch();
      const load = new Load();
      let random = 20_261_121;
      const next = (below: number) => {
        random = (Math.imul(random, 1_103_515_245) + 12_345) & 0x7fff_ffff;
        return random % below;
      };
      let chain = await ChainProcess.start({ folder, program });
      await connect(chain.url).requestAirdrop(load.from.publicKey, 1_000_000_000_000);
      // A machine that pauses may come to hardly any work between some of them.
      for (let kill = 0; kill < KILLS || load.sent.length <= KILLS; kill++) {
        const running = load.run(connect(chain.url));
        await new Promise((resolve) => setTimeout(resolve, 1 + next(RUN_MS_MAX)));
        await chain.kill();
        load.stop();
        await running;
        if (kill % 4 === 3) await startAndKill(folder, next(START_MS_MAX));
        chain = await ChainProcess.start({ folder, program });
        const connection = connect(chain.url);
        // What got no answer is sent again, as a client does: it must come once, or not at all.
        for (const sent of load.sent.filter(({ isAnswered }) => !isAnswered)) {
          await connection.sendRawTransaction(sent.wire).catch(() => {});
          sent.signature = signatureOf(sent.wire);
          sent.isAnswered = true;
        }
        await compare(connection, load);
      }
      expect(load.sent.length).toBeGreaterThan(KILLS);
      await chain.stop();
      expect(await chain.ended).toBe(0);
    },
    BOUND_MS,
  );

  it('refuses a folder that is open, a damaged one and a taken port, and says why', async () => {
    const folder = makeScratch();
    const chain = await ChainProcess.start({ folder, program });
    await expect(ChainProcess.start({ folder, program })).rejects.toThrow(
      /open in another process/,
    );
    const other = makeScratch();
    const taken = { folder: other, program, port: chain.ready.port };
    await expect(ChainProcess.start(taken)).rejects.toThrow(/EADDRINUSE/);
    await chain.stop();
    fs.writeFileSync(path.join(folder, 'chain.db'), 'x'.repeat(8192));
    await expect(ChainProcess.start({ folder, program })).rejects.toThrow(/chain\.db: damaged/);
  });
});

/** Kills it while it starts, wherever it has come to. */
async function startAndKill(folder: string, afterMs: number): Promise<void> {
  const child = spawn(process.execPath, [program, folder, '0'], { stdio: 'ignore' });
  const ended = new Promise((resolve) => child.once('exit', resolve));
  await new Promise((resolve) => setTimeout(resolve, afterMs));
  child.kill('SIGKILL');
  await ended;
}

function signatureOf(wire: Buffer): string {
  return base58.encode(Transaction.from(wire).signature as Buffer);
}

async function compare(connection: Connection, load: Load): Promise<void> {
  let expected = 0;
  for (let from = 0; from < load.sent.length; from += 256) {
    const page = load.sent.slice(from, from + 256);
    const signatures = page.map(({ signature }) => signature);
    const statuses = (await connection.getSignatureStatuses(signatures)).value;
    for (const [i, status] of statuses.entries()) {
      expect(status, `transaction ${from + i} is lost`).not.toBeNull();
      expect(status?.err).toBeNull();
      expected += (page[i] as Sent).lamports;
    }
  }
  expect(await connection.getBalance(load.to)).toBe(expected);
}
