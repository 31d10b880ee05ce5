import path from 'node:path';
import { Keypair, PublicKey } from '@solana/web3.js';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { batchHash, encodeBatch, GENESIS_HASH } from '../program/batch-codec.js';
import type { Attempt } from './attempt.js';
import type { BatchToSettle } from './batch-settler.js';
import { ChainProcess } from './embedded/process-client.js';
import { EmbeddedOperator } from './embedded-operator.js';
import { EndpointFault, NoEndpointError } from './endpoint-fault.js';
import { EndpointPool } from './endpoint-pool.js';
import { SettlementChain } from './settlement-chain.js';
import { compileProgram } from './testing/compiled.js';
import { makeScratch, removeScratch } from './testing/scratch.js';
import {
  FEED,
  marketTerms,
  PRICE_TICKS,
  programFile,
  trades,
} from './testing/settlement-under-test.js';
import type { TransactionBook, TransactionName } from './transaction-book.js';

/** The full run kills more often: PLIMSOLL_SETTLEMENT_KILLS=50. */
const KILLS = Number(process.env.PLIMSOLL_SETTLEMENT_KILLS ?? 2);
/** Catches what hangs. */
const BOUND_MS = 120_000 + KILLS * 20_000;
const RUN_MS_MAX = 400;
/** Every third batch is too large for one transaction. */
const ACCOUNTS = [2, 30, 200];

let program: string;
beforeAll(() => {
  program = compileProgram(path.join(import.meta.dirname, 'embedded/process.ts'));
});
afterAll(removeScratch);

/** What a ledger does: attempts are there before they are sent, and stay until their fate is known. */
class MemoryBook implements TransactionBook {
  readonly attempts = new Map<string, Attempt>();

  openAttempts(name: TransactionName): Attempt[] {
    const key = keyOf(name);
    const all = [...this.attempts].filter(([id]) => id.startsWith(`${key}:`));
    const isOpen = ({ result }: Attempt) => result === 'sending' || result === 'unknown';
    return all.map(([, attempt]) => attempt).filter(isOpen);
  }

  note(name: TransactionName, attempt: Attempt): void {
    // The bytes are not kept: a ledger keeps what names the transaction.
    this.attempts.set(`${keyOf(name)}:${attempt.signature}`, { ...attempt, wire: null });
  }
}

function keyOf({ purpose, reference, part }: TransactionName): string {
  return `${purpose}/${reference}/${part}`;
}

function batchAfter(previous: BatchToSettle | null): BatchToSettle {
  const sequence = (previous?.sequence ?? 0) + 1;
  const before = previous?.previousHash ?? (GENESIS_HASH as Uint8Array);
  const previousHash =
    previous === null ? before : batchHash(before, BigInt(previous.sequence), previous.bytes);
  const accounts = ACCOUNTS[sequence % ACCOUNTS.length] as number;
  return { sequence, previousHash, bytes: encodeBatch([trades(accounts, 1n)]) };
}

describe('settlement', () => {
  it(
    `settles each batch once while the chain is killed ${KILLS} times`,
    async () => {
      const folder = makeScratch();
      let running = await ChainProcess.start({ folder, program });
      const { port, token, testUsdcMint } = running.ready;
      const keys = {
        admin: Keypair.generate(),
        operator: Keypair.generate(),
        coSigner: Keypair.generate(),
      };
      const open = () =>
        new SettlementChain({
          pool: new EndpointPool({
            endpoints: [{ name: 'process', url: running.url, timeoutMs: 2_000 }],
          }),
          keys,
          mint: new PublicKey(testUsdcMint),
          embedded: new EmbeddedOperator({ url: running.url, token }),
          sender: { pollMs: 5, resendMs: 200, unknownAfterMs: 3_000 },
          book,
        });
      const book = new MemoryBook();
      let chain = open();
      await chain.setUp(programFile());
      await chain.ensureMarket(marketTerms());
      const owner = keys.operator.publicKey;
      await chain.ensureUsers(Array.from({ length: 200 }, (_, i) => ({ accountId: i + 1, owner })));

      let isDone = false;
      let settled: BatchToSettle | null = null;
      const settling = (async () => {
        while (!isDone) {
          const batch = batchAfter(settled);
          try {
            const publishTime = Math.floor(Date.now() / 1000);
            const price = BigInt(PRICE_TICKS) * 1_000_000n;
            await chain.postPrices([{ feedId: FEED, price, conf: 1n, exponent: -8, publishTime }]);
            const outcome = await chain.settle(batch);
            if (outcome.kind === 'settled') settled = batch;
            else expect(outcome.kind, JSON.stringify(outcome)).toBe('notYet');
          } catch (error) {
            // While the process is down nobody answers, as a batch is begun or a price is posted.
            const isDown = error instanceof NoEndpointError || error instanceof EndpointFault;
            if (!isDown) throw error;
            await new Promise((resolve) => setTimeout(resolve, 20));
          }
        }
      })();
      settling.catch(() => {});
      for (let kill = 0; kill < KILLS; kill++) {
        await new Promise((resolve) => setTimeout(resolve, Math.random() * RUN_MS_MAX));
        await running.kill();
        running = await ChainProcess.start({ folder, program, port });
        // Every second time settlement is a new one too, which knows only what the book says.
        if (kill % 2 === 1) chain = open();
      }
      const atLastKill = (settled as BatchToSettle | null)?.sequence ?? 0;
      while (((settled as BatchToSettle | null)?.sequence ?? 0) < atLastKill + 3) {
        await Promise.race([new Promise((resolve) => setTimeout(resolve, 20)), settling]);
      }
      isDone = true;
      await settling;

      const last = settled as unknown as BatchToSettle;
      const state = await chain.state();
      const hash = batchHash(last.previousHash, BigInt(last.sequence), last.bytes);
      expect(Number(state?.lastSequence)).toBe(last.sequence);
      expect(Buffer.compare(state?.lastHash as Uint8Array, hash)).toBe(0);
      expect(state?.status).toBe('active');
      const rows = await chain.rows([1, 200]);
      const timesOf = (accounts: number) =>
        Array.from(
          { length: last.sequence },
          (_, i) => ACCOUNTS[(i + 1) % ACCOUNTS.length] as number,
        ).filter((size) => size >= accounts).length;
      expect(rows.get(1)?.positions[0]?.lots).toBe(BigInt(timesOf(1)));
      expect(rows.get(200)?.positions[0]?.lots).toBe(-BigInt(timesOf(200)));
      expect(rows.get(200)?.collateralMicroUsd).toBe(-BigInt(timesOf(200)));
      const hashes = (await chain.allEvents(null)).events.filter(
        ({ event }) => event.kind === 'batchSettled',
      );
      expect(
        hashes.map(({ event }) => event.kind === 'batchSettled' && Number(event.sequence)),
      ).toEqual(Array.from({ length: last.sequence }, (_, i) => i + 1));
      await running.stop();
    },
    BOUND_MS,
  );
});
