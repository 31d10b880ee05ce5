import fs from 'node:fs';
import path from 'node:path';
import {
  ComputeBudgetProgram,
  Connection,
  Keypair,
  LAMPORTS_PER_SOL,
  PublicKey,
  SystemProgram,
  Transaction,
  TransactionMessage,
  VersionedTransaction,
} from '@solana/web3.js';
import { afterAll, describe, expect, it } from 'vitest';
import { makeScratch, removeScratch } from '../testing/scratch.js';
import { EmbeddedChain, type EmbeddedChainOptions } from './embedded-chain.js';
import { RpcFront } from './rpc-front.js';
import { RpcServer } from './rpc-server.js';

afterAll(removeScratch);

const TOKEN = 'a token for tests';

function open(folder = makeScratch(), options: Partial<EmbeddedChainOptions> = {}) {
  const chain = EmbeddedChain.open({ folder, ...options });
  const front = new RpcFront(chain, { token: TOKEN });
  const fetch = front.fetch as never;
  const connection = new Connection('http://chain', { fetch, commitment: 'confirmed' });
  return { chain, front, connection, folder };
}

async function ask(
  front: RpcFront,
  method: string,
  params: unknown[],
  token: string | null = TOKEN,
) {
  const body = JSON.stringify({ jsonrpc: '2.0', id: 1, method, params });
  return JSON.parse(await front.answer(body, token === null ? null : `Bearer ${token}`));
}

async function funded(connection: Connection, sol = 10): Promise<Keypair> {
  const key = Keypair.generate();
  await connection.requestAirdrop(key.publicKey, sol * LAMPORTS_PER_SOL);
  return key;
}

async function transfer(connection: Connection, from: Keypair, to: PublicKey, lamports: number) {
  const { blockhash } = await connection.getLatestBlockhash();
  const transaction = new Transaction({
    feePayer: from.publicKey,
    recentBlockhash: blockhash,
  } as never);
  transaction.add(SystemProgram.transfer({ fromPubkey: from.publicKey, toPubkey: to, lamports }));
  transaction.sign(from);
  return transaction.serialize();
}

/** The same questions on the chain in this process and through its HTTP server. */
describe.each(['in process', 'over HTTP'])('the chain %s', (way) => {
  let server: RpcServer | null = null;
  const opened = open();
  const connect = async () => {
    if (way === 'in process') return opened.connection;
    server ??= await RpcServer.listen(opened.front);
    return new Connection(server.url, 'confirmed');
  };
  afterAll(async () => {
    await server?.close();
    await opened.chain.close();
  });

  it('executes a transfer once and tells all about it', async () => {
    const connection = await connect();
    const from = await funded(connection);
    const to = Keypair.generate().publicKey;
    const wire = await transfer(connection, from, to, LAMPORTS_PER_SOL);
    const signature = await connection.sendRawTransaction(wire);
    expect(await connection.getBalance(to)).toBe(LAMPORTS_PER_SOL);
    expect(await connection.getBalance(from.publicKey)).toBe(9 * LAMPORTS_PER_SOL - 5_000);
    const status = (await connection.getSignatureStatuses([signature])).value[0];
    expect(status).toMatchObject({
      err: null,
      confirmationStatus: 'finalized',
      confirmations: null,
    });
    const found = await connection.getTransaction(signature, { maxSupportedTransactionVersion: 0 });
    expect(found?.meta).toMatchObject({ err: null, fee: 5_000, computeUnitsConsumed: 150 });
    expect(found?.meta?.logMessages?.at(-1)).toBe(
      'Program 11111111111111111111111111111111 success',
    );
    expect(found?.meta?.postBalances[1]).toBe(LAMPORTS_PER_SOL);
    expect(found?.transaction.message.staticAccountKeys[0]?.equals(from.publicKey)).toBe(true);
    const listed = await connection.getSignaturesForAddress(to);
    expect(listed.map((one) => one.signature)).toEqual([signature]);
    await expect(connection.sendRawTransaction(wire)).rejects.toThrow(/already been processed/);
    await connection.sendRawTransaction(wire, { skipPreflight: true });
    expect(await connection.getBalance(to)).toBe(LAMPORTS_PER_SOL);
  });

  it('answers what a client asks of a node', async () => {
    const connection = await connect();
    const slot = await connection.getSlot();
    expect(await connection.getBlockHeight()).toBeGreaterThanOrEqual(slot - 1_000);
    const epoch = await connection.getEpochInfo();
    expect(epoch.absoluteSlot - (epoch.blockHeight ?? 0)).toBe(1_000);
    const { blockhash, lastValidBlockHeight } = await connection.getLatestBlockhash();
    expect(lastValidBlockHeight).toBeGreaterThanOrEqual((await connection.getBlockHeight()) + 140);
    expect((await connection.isBlockhashValid(blockhash)).value).toBe(true);
    expect((await connection.isBlockhashValid(PublicKey.default.toBase58())).value).toBe(false);
    expect((await connection.getVersion())['solana-core']).toContain('embedded');
    expect(await connection.getGenesisHash()).toBe(opened.chain.genesis.hash);
    const time = (await connection.getBlockTime(slot)) as number;
    expect(Math.abs(time - Date.now() / 1000)).toBeLessThan(60);
    expect(await connection.getMinimumBalanceForRentExemption(165)).toBe(2_039_280);
    expect(await connection.getAccountInfo(Keypair.generate().publicKey)).toBeNull();
    const mint = new PublicKey(opened.chain.genesis.testUsdcMint);
    const many = await connection.getMultipleAccountsInfo([mint, Keypair.generate().publicKey]);
    expect(many.map((one) => one?.data.length)).toEqual([82, undefined]);
    await expect(connection.getTokenAccountBalance(mint)).rejects.toThrow(/could not find account/);
    await expect(connection.getBlock(slot)).rejects.toThrow(/Method not found/);
  });

  it('tells why a transaction is refused, and that a failed one costs its fee', async () => {
    const connection = await connect();
    const from = await funded(connection, 1);
    const wire = await transfer(
      connection,
      from,
      Keypair.generate().publicKey,
      2 * LAMPORTS_PER_SOL,
    );
    await expect(connection.sendRawTransaction(wire)).rejects.toThrow(/custom program error: 0x1/);
    expect(await connection.getBalance(from.publicKey)).toBe(LAMPORTS_PER_SOL);
    const signature = await connection.sendRawTransaction(wire, { skipPreflight: true });
    const status = (await connection.getSignatureStatuses([signature])).value[0];
    expect(status?.err).toEqual({ InstructionError: [0, { Custom: 1 }] });
    expect(await connection.getBalance(from.publicKey)).toBe(LAMPORTS_PER_SOL - 5_000);
    const poor = Keypair.generate();
    const unpaid = await transfer(connection, poor, from.publicKey, 1);
    await expect(connection.sendRawTransaction(unpaid)).rejects.toThrow(/prior credit/);
    const dropped = await connection.sendRawTransaction(unpaid, { skipPreflight: true });
    expect((await connection.getSignatureStatuses([dropped])).value[0]).toBeNull();
    const forged = await transfer(connection, from, Keypair.generate().publicKey, 1_000_000);
    forged[5] = (forged[5] as number) ^ 1;
    await expect(connection.sendRawTransaction(forged)).rejects.toThrow(/signature verification/);
  });

  it('takes the priority fee that it announces', async () => {
    const connection = await connect();
    const from = await funded(connection);
    const { blockhash } = await connection.getLatestBlockhash();
    const message = new TransactionMessage({
      payerKey: from.publicKey,
      recentBlockhash: blockhash,
      instructions: [
        ComputeBudgetProgram.setComputeUnitPrice({ microLamports: 333_333 }),
        ComputeBudgetProgram.setComputeUnitLimit({ units: 10_001 }),
        SystemProgram.transfer({
          fromPubkey: from.publicKey,
          toPubkey: Keypair.generate().publicKey,
          lamports: 1_000_000,
        }),
      ],
    }).compileToV0Message();
    const fee = (await connection.getFeeForMessage(message)).value;
    const transaction = new VersionedTransaction(message);
    transaction.sign([from]);
    expect((await connection.simulateTransaction(transaction)).value).toMatchObject({
      err: null,
      unitsConsumed: 450,
    });
    const paid = message.staticAccountKeys[1] as PublicKey;
    const after = await connection.simulateTransaction(transaction, {
      accounts: { encoding: 'base64', addresses: [paid.toBase58()] },
    });
    expect(after.value.accounts?.[0]?.lamports).toBe(1_000_000);
    expect(await connection.getAccountInfo(paid)).toBeNull();
    const signature = await connection.sendTransaction(transaction);
    const found = await connection.getTransaction(signature, { maxSupportedTransactionVersion: 0 });
    expect(found?.meta?.fee).toBe(fee);
    expect(fee).toBe(5_000 + 3_334);
  });

  it('keeps the limit of a packet', async () => {
    const connection = await connect();
    const text = Buffer.alloc(1_233).toString('base64');
    const body = { method: 'sendTransaction', params: [text, { encoding: 'base64' }] };
    const answer = await ask(opened.front, body.method, body.params);
    expect(answer.error.message).toContain('too large: 1233 bytes');
    expect(await connection.getSlot()).toBeGreaterThan(0);
  });
});

describe('the methods of the operator', () => {
  it('need the token', async () => {
    const { front, chain } = open();
    const key = Keypair.generate().publicKey.toBase58();
    for (const token of [null, 'wrong', `${TOKEN}x`]) {
      const answer = await ask(front, 'plimsoll_giveTestUsdc', [key, '1'], token);
      expect(answer.error.code).toBe(-32050);
    }
    await chain.close();
  });

  it('never run out, whoever asks for how much', async () => {
    const { connection, chain, front } = open();
    const key = Keypair.generate().publicKey;
    const thousand = 1_000 * LAMPORTS_PER_SOL;
    await expect(connection.requestAirdrop(key, thousand + 1)).rejects.toThrow(
      /whole number 1\.\./,
    );
    const faucet = chain.genesis.faucet.publicKey;
    const owner = PublicKey.default.toBase58();
    const low = { address: faucet.toBase58(), owner, data: '', lamports: 1_500 * LAMPORTS_PER_SOL };
    await ask(front, 'plimsoll_setAccounts', [[low]]);
    expect(await connection.getBalance(faucet)).toBe(1_500 * LAMPORTS_PER_SOL);
    for (let i = 0; i < 3; i++) await connection.requestAirdrop(key, thousand);
    expect(await connection.getBalance(key)).toBe(3 * thousand);
    expect(await connection.getBalance(faucet)).toBeGreaterThan(900_000 * LAMPORTS_PER_SOL);
    await chain.close();
  });

  it('give test USDC and write accounts, which stay over a restart', async () => {
    const { front, chain, folder } = open();
    const owner = Keypair.generate().publicKey;
    const given = await ask(front, 'plimsoll_giveTestUsdc', [owner.toBase58(), '2500001']);
    await ask(front, 'plimsoll_giveTestUsdc', [owner.toBase58(), '2500001']);
    const address = Keypair.generate().publicKey.toBase58();
    const account = {
      address,
      owner: owner.toBase58(),
      data: Buffer.from('hello').toString('base64'),
    };
    expect((await ask(front, 'plimsoll_setAccounts', [[account]])).result).toBe(1);
    await chain.close();
    const again = open(folder);
    const tokens = await again.connection.getTokenAccountBalance(
      new PublicKey(given.result.tokenAccount),
    );
    expect(tokens.value).toMatchObject({
      amount: '5000002',
      decimals: 6,
      uiAmountString: '5.000002',
    });
    const found = await again.connection.getAccountInfo(new PublicKey(address));
    expect(found?.data.toString()).toBe('hello');
    const programs = await again.connection.getProgramAccounts(owner, {
      filters: [{ dataSize: 5 }, { memcmp: { offset: 1, bytes: '8r' } }],
    });
    expect(programs.length).toBeLessThanOrEqual(1);
    const all = await again.connection.getProgramAccounts(owner, { filters: [{ dataSize: 5 }] });
    expect(all.map((one) => one.pubkey.toBase58())).toEqual([address]);
    await again.chain.close();
  });

  it.each([
    ['plimsoll_giveTestUsdc', ['not a key', '1'], '32 bytes in base58'],
    ['plimsoll_giveTestUsdc', [PublicKey.default.toBase58(), '-1'], 'whole number of micro-USDC'],
    ['plimsoll_setAccounts', [[{ address: 1 }]], 'address must be 32 bytes'],
    ['plimsoll_setAccounts', ['x'], 'must be an array'],
    ['plimsoll_deployProgram', [PublicKey.default.toBase58(), 'AAAAAAAA'], 'an ELF file'],
    ['getBalance', ['!'], '32 bytes in base58'],
    ['getSignatureStatuses', [['x']], '64 bytes in base58'],
    ['getSlot', [{ commitment: 'soon' }], 'unknown commitment soon'],
    ['getSlot', [{ minContextSlot: 9e15 }], 'Minimum context slot'],
    ['toString', [], 'Method not found'],
  ])('%s of %j is refused', async (method, params, sentence) => {
    const { front, chain } = open();
    expect((await ask(front, method, params as unknown[])).error.message).toContain(sentence);
    await chain.close();
  });
});

describe('time', () => {
  it('ends a blockhash after 150 slots, exactly', async () => {
    let nowMs = 1_790_000_000_000;
    const { connection, chain } = open(makeScratch(), { nowMs: () => nowMs });
    const from = await funded(connection);
    const { blockhash, lastValidBlockHeight } = await connection.getLatestBlockhash();
    const first = await transfer(connection, from, Keypair.generate().publicKey, 1_000_000);
    const second = await transfer(connection, from, Keypair.generate().publicKey, 1_000_000);
    nowMs += 150 * 400;
    expect(await connection.getBlockHeight()).toBe(lastValidBlockHeight);
    await connection.sendRawTransaction(first);
    nowMs += 400;
    expect((await connection.isBlockhashValid(blockhash)).value).toBe(false);
    await expect(connection.sendRawTransaction(second)).rejects.toThrow(/Blockhash not found/);
    await chain.close();
  });

  it('goes on behind all slots that were handed out, and keeps blockhashes over a restart', async () => {
    let nowMs = 1_790_000_000_000;
    const options = { nowMs: () => nowMs };
    const { connection, chain, folder } = open(makeScratch(), options);
    const from = await funded(connection);
    const wire = await transfer(connection, from, Keypair.generate().publicKey, 1_000_000);
    const executed = await transfer(connection, from, Keypair.generate().publicKey, 2_000_000);
    await connection.sendRawTransaction(executed);
    nowMs += 14 * 400;
    const slot = await connection.getSlot();
    // Not closed: as after a crash. The clock is set back meanwhile.
    nowMs -= 3_600_000;
    const copy = makeScratch();
    fs.cpSync(folder, copy, { recursive: true });
    const again = open(copy, options);
    expect(await again.connection.getSlot()).toBeGreaterThan(slot);
    expect(await again.connection.getSlot()).toBeLessThan(slot + 40);
    await expect(again.connection.sendRawTransaction(executed)).rejects.toThrow(/already been/);
    await again.connection.sendRawTransaction(wire);
    nowMs += 4_000;
    expect(await again.connection.getSlot()).toBeGreaterThanOrEqual(slot + 11);
    await again.chain.close();
    await chain.close();
  });
});

describe('what is on the disk', () => {
  async function chainWithTransfers(count: number, options: Partial<EmbeddedChainOptions> = {}) {
    const opened = open(makeScratch(), options);
    const from = await funded(opened.connection);
    const to = Keypair.generate().publicKey;
    const signatures: string[] = [];
    for (let i = 0; i < count; i++) {
      const wire = await transfer(opened.connection, from, to, 1_000_000 + i);
      signatures.push(await opened.connection.sendRawTransaction(wire));
    }
    // A copy of the folder as it is now is what a crash leaves.
    const copy = makeScratch();
    fs.cpSync(opened.folder, copy, { recursive: true });
    await opened.chain.close();
    return { copy, to, signatures };
  }
  const logOf = (folder: string) =>
    path.join(
      folder,
      fs
        .readdirSync(folder)
        .filter((name) => name.endsWith('.chainlog'))
        .sort()
        .at(-1) as string,
    );

  it.each([{}, { checkpointRecords: 3 }])('is all there after a crash (%j)', async (options) => {
    const { copy, to, signatures } = await chainWithTransfers(8, options);
    const again = open(copy);
    expect(await again.connection.getBalance(to)).toBe(8_000_028);
    const listed = await again.connection.getSignaturesForAddress(to);
    expect(listed.map((one) => one.signature)).toEqual([...signatures].reverse());
    const page = await again.connection.getSignaturesForAddress(to, {
      limit: 3,
      before: signatures[6] as string,
      until: signatures[1] as string,
    });
    expect(page.map((one) => one.signature)).toEqual([5, 4, 3].map((i) => signatures[i]));
    await again.chain.close();
  });

  it('is all there when the crash came between the checkpoint and the new log', async () => {
    const { connection, chain, folder } = open();
    const from = await funded(connection);
    const to = Keypair.generate().publicKey;
    for (let i = 0; i < 4; i++) {
      await connection.sendRawTransaction(await transfer(connection, from, to, 1_000_000 + i));
    }
    const place = makeScratch();
    fs.cpSync(folder, place, { recursive: true });
    const oldLog = logOf(place);
    await chain.close();
    // The store has it all; the log that it has it from is still there, and a new one was just made, or not.
    for (const name of ['chain.db', 'chain.db-wal', 'chain.db-shm']) {
      fs.rmSync(path.join(place, name), { force: true });
      const source = path.join(folder, name);
      if (fs.existsSync(source)) fs.cpSync(source, path.join(place, name));
    }
    fs.writeFileSync(path.join(place, path.basename(logOf(folder))), '');
    expect(fs.existsSync(oldLog)).toBe(true);
    const again = open(place);
    expect(await again.connection.getBalance(to)).toBe(4_000_006);
    expect(await again.connection.getSignaturesForAddress(to)).toHaveLength(4);
    expect(fs.existsSync(oldLog)).toBe(false);
    await again.chain.close();
  });

  it('is all there when checkpoints come between transactions of many at once', async () => {
    const { connection, chain, folder } = open(makeScratch(), { checkpointRecords: 2 });
    const to = Keypair.generate().publicKey;
    const keys = await Promise.all(Array.from({ length: 6 }, () => funded(connection)));
    const lanes = keys.map(async (key, i) => {
      for (let n = 0; n < 8; n++) {
        const wire = await transfer(connection, key, to, 1_000_000 + i * 8 + n);
        await connection.sendRawTransaction(wire);
      }
    });
    await Promise.all(lanes);
    const copy = makeScratch();
    fs.cpSync(folder, copy, { recursive: true });
    await chain.close();
    for (const place of [copy, folder]) {
      const again = open(place);
      expect(await again.connection.getBalance(to)).toBe(48_000_000 + (47 * 48) / 2);
      expect(await again.connection.getSignaturesForAddress(to)).toHaveLength(48);
      await again.chain.close();
    }
  });

  it('loses a torn tail with a notice, never what is before it', async () => {
    const { copy, to } = await chainWithTransfers(4);
    const log = logOf(copy);
    fs.truncateSync(log, fs.statSync(log).size - 5);
    const again = open(copy);
    expect(again.chain.notices).toHaveLength(1);
    expect(again.chain.notices[0]).toMatch(/torn tail of \d+ bytes at byte \d+ cut/);
    expect(await again.connection.getBalance(to)).toBe(3_000_003);
    await again.chain.close();
    const third = open(copy);
    expect(third.chain.notices).toEqual([]);
    await third.chain.close();
  });

  it('is refused with the position when its middle is damaged', async () => {
    const { copy } = await chainWithTransfers(4);
    const log = logOf(copy);
    const bytes = fs.readFileSync(log);
    const at = Math.floor(bytes.length / 3);
    bytes[at] = (bytes[at] as number) ^ 0x10;
    fs.writeFileSync(log, bytes);
    expect(() => open(copy)).toThrow(/damaged at byte \d+.*Nothing was changed/);
    expect(fs.readFileSync(log).equals(bytes)).toBe(true);
    // The lock was given back: the second try says the same, not that the chain is open.
    expect(() => open(copy)).toThrow(/damaged at byte/);
  });

  it('is refused when the last record was written whole and then changed', async () => {
    const { copy } = await chainWithTransfers(2);
    const log = logOf(copy);
    const bytes = fs.readFileSync(log);
    bytes[bytes.length - 40] = (bytes[bytes.length - 40] as number) ^ 1;
    fs.writeFileSync(log, bytes);
    expect(() => open(copy)).toThrow(/does not match its CRC/);
  });

  it('is refused when the log is gone', async () => {
    const { copy } = await chainWithTransfers(5, { checkpointRecords: 2 });
    fs.rmSync(logOf(copy));
    expect(() => open(copy)).toThrow(/the log after record \d+ is missing/);
  });

  it('is refused when all but the log is gone', async () => {
    const { copy } = await chainWithTransfers(2);
    for (const name of fs.readdirSync(copy)) {
      if (name.startsWith('chain.db')) fs.rmSync(path.join(copy, name));
    }
    expect(() => open(copy)).toThrow(/there is a log, but its chain.db is gone/);
  });

  it('can be open only once', async () => {
    const { chain, folder } = open();
    expect(() => open(folder)).toThrow(/open in another process/);
    await chain.close();
    await open(folder).chain.close();
  });

  it('answers nothing any more when the disk is full', async () => {
    let isFull = false;
    const disk = {
      write: (fd: number, bytes: Uint8Array, position: number) => {
        if (isFull) throw new Error('ENOSPC: no space left on device');
        fs.writeSync(fd, bytes, 0, bytes.length, position);
      },
      sync: async () => {},
    };
    const { connection, chain, folder } = open(makeScratch(), { disk });
    const from = await funded(connection);
    const to = Keypair.generate().publicKey;
    const wire = await transfer(connection, from, to, 1_000_000);
    isFull = true;
    await expect(connection.sendRawTransaction(wire)).rejects.toThrow(/no space left/);
    await expect(connection.getBalance(to)).rejects.toThrow(/the chain halts/);
    expect((await chain.halted).message).toContain('no space left');
    await expect(chain.close()).rejects.toThrow(/the chain halts/);
    const again = open(folder);
    expect(await again.connection.getBalance(to)).toBe(0);
    expect(await again.connection.getBalance(from.publicKey)).toBe(10 * LAMPORTS_PER_SOL);
    await again.chain.close();
  });
});
