import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { Keypair } from '@solana/web3.js';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ChainProcess } from '../../settlement/chain/embedded/process-client.js';
import { EmbeddedOperator } from '../../settlement/chain/embedded-operator.js';
import { exchangeAddress, PROGRAM_ID } from '../../settlement/program/addresses.js';
import { packageFile } from '../package-root.js';
import type { BusReady } from './bus-child.js';
import { keyFile, makeKey } from './chain-keys.js';
import { placeFile } from './cli/chain-access.js';
import type { SettlementReady, SettlementStart } from './settlement-start.js';
import { SupervisedChild } from './supervised-child.js';

const WITHIN_MS = 120_000;
const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'plimsoll-real-chain-'));
const dataDir = path.join(folder, 'data');
const chains: ChainProcess[] = [];
let bus: SupervisedChild<BusReady>;
let known: ChainProcess;

function compiled(module: string): URL {
  return pathToFileURL(packageFile(`dist/main/settlement/${module}.js`));
}

/** A chain with the program on it, at an address that only its owner should know. */
async function newChain(name: string): Promise<ChainProcess> {
  const program = packageFile('dist/settlement/chain/embedded/process.js');
  const chain = await ChainProcess.start({ folder: path.join(folder, name), program });
  chains.push(chain);
  const elf = fs.readFileSync(packageFile('programs/artifacts/plimsoll.so'));
  await operatorOf(chain).deployProgram(PROGRAM_ID.toBase58(), elf);
  return chain;
}

function operatorOf({ ready: { port, token } }: ChainProcess): EmbeddedOperator {
  return new EmbeddedOperator({ url: `http://127.0.0.1:${port}`, token });
}

function urlOf({ ready: { port } }: ChainProcess): string {
  return `http://127.0.0.1:${port}/?api-key=secret`;
}

interface Settled {
  ready: SettlementReady | null;
  /** What the door of deposits says of itself. */
  facts: Record<string, unknown>;
  /** Why it has ended. */
  sentence: string;
}

/** The settlement on a chain that is reached as a real one is, until it serves or has ended. */
async function settleOn(chain: ChainProcess, change: object = {}): Promise<Settled> {
  const real = { kind: 'rpc', urls: [urlOf(chain)], mint: chain.ready.testUsdcMint, founder: null };
  const start: SettlementStart = {
    ...{ dataDir, bus: (bus.ready as BusReady).location, chain: { ...real, ...change } as never },
    ...{ admin: { host: '127.0.0.1', port: 1, token: 'nobody' }, host: '127.0.0.1' },
    ...{ custodyPort: 0, windowMs: 1_000, batchEntriesMax: 100, feeds: {}, demoOwner: null },
  };
  let child: SupervisedChild<SettlementReady> | null = null;
  const outcome = await new Promise<Pick<Settled, 'ready' | 'sentence'>>((resolve) => {
    child = new SupervisedChild<SettlementReady>({
      name: 'the settlement',
      module: compiled('settlement-child'),
      start: () => start,
      onReady: (ready) => resolve({ ready, sentence: '' }),
      onEnded: (sentence) => resolve({ ready: null, sentence }),
    });
    child.start();
  });
  const { ready } = outcome;
  const facts = ready === null ? {} : await factsAt(ready.custodyPort);
  await (child as SupervisedChild<SettlementReady> | null)?.stop();
  return { ...outcome, facts };
}

async function factsAt(port: number): Promise<Record<string, unknown>> {
  const answer = await fetch(`http://127.0.0.1:${port}/v1/custody`, {
    headers: { connection: 'close' },
  });
  return (await answer.json()) as Record<string, unknown>;
}

async function newKey(name: string): Promise<Keypair> {
  fs.rmSync(keyFile(dataDir, name), { force: true });
  const key = makeKey(keyFile(dataDir, name));
  await operatorOf(known).giveLamports(key.publicKey.toBase58(), 100_000_000_000);
  return key;
}

beforeAll(async () => {
  fs.mkdirSync(dataDir);
  known = await newChain('known');
  await new Promise<void>((resolve) => {
    bus = new SupervisedChild<BusReady>({
      name: 'the bus',
      module: compiled('bus-child'),
      args: () => [dataDir, 'embedded'],
      onReady: () => resolve(),
      onEnded: () => {},
    });
    bus.start();
  });
}, WITHIN_MS);

afterAll(async () => {
  await bus.stop();
  for (const chain of chains) await chain.stop();
  fs.rmSync(folder, { recursive: true, force: true });
});

describe('settlement on a chain of others', { timeout: WITHIN_MS }, () => {
  let founder: Keypair;
  let exchange: string;

  it('makes no keys: the chain would not know them', async () => {
    const { ready, sentence } = await settleOn(known, {
      founder: Keypair.generate().publicKey.toBase58(),
    });
    expect(ready).toBeNull();
    expect(sentence).toContain(`there is no key ${keyFile(dataDir, 'operator')}`);
    expect(fs.existsSync(keyFile(dataDir, 'operator'))).toBe(false);
  });

  it('refuses a token that is not counted in micro-USD before it makes anything', async () => {
    for (const name of ['operator', 'co-signer', 'house']) await newKey(name);
    founder = await newKey('admin');
    exchange = exchangeAddress(founder.publicKey).toBase58();
    const stranger = Keypair.generate().publicKey.toBase58();
    const { sentence } = await settleOn(known, { mint: stranger });
    expect(sentence).toContain(
      `the mint must be a token with 6 decimal places, but ${stranger} is none`,
    );
  });

  it("makes the exchange with the administrator's key, and shows nobody the endpoint", async () => {
    const { ready, facts } = await settleOn(known);
    expect(ready?.exchange).toBe(exchange);
    expect(facts).toMatchObject({ exchange, rpcUrl: null, isTestChain: false });
    const log = fs.readFileSync(path.join(dataDir, 'log', 'settlement.log'), 'utf8');
    expect(log).toContain('settlement runs');
    expect(log).not.toContain('secret');
  });

  it('stays with that exchange when another administrator or none has the key', async () => {
    await newKey('admin');
    expect((await settleOn(known)).ready?.exchange).toBe(exchange);
    fs.rmSync(keyFile(dataDir, 'admin'));
    expect((await settleOn(known)).ready?.exchange).toBe(exchange);
  });

  it('asks who made it when its note is lost, instead of making another', async () => {
    fs.rmSync(placeFile(dataDir));
    expect((await settleOn(known)).sentence).toContain('settlement.founder must be set');
    await newKey('admin');
    expect((await settleOn(known)).sentence).toContain(`must be who made ${exchange}`);
    const told = { founder: founder.publicKey.toBase58() };
    expect((await settleOn(known, told)).ready?.exchange).toBe(exchange);
  });

  it('refuses another token, and a chain that does not have the exchange', async () => {
    const mint = Keypair.generate().publicKey.toBase58();
    expect((await settleOn(known, { mint })).sentence).toContain('settlement.mint must be');
    const other = await newChain('other');
    expect((await settleOn(other)).sentence).toContain(
      `the chain has no exchange at ${exchange}, to which the ledger belongs`,
    );
  });
});
