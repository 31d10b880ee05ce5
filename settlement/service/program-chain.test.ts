import { Keypair } from '@solana/web3.js';
import { afterAll, afterEach, describe, expect, it } from 'vitest';
import { closeTokens, requestByForce, sendAlone } from '../chain/testing/forced.fixture.js';
import { removeScratch as removeChains } from '../chain/testing/scratch.js';
import {
  PRICE_TICKS,
  SettlementUnderTest,
  trades,
} from '../chain/testing/settlement-under-test.js';
import { createTokenAccount } from '../chain/token-instructions.js';
import { makeScratch, openLedger, removeScratch } from '../ledger/testing/scratch.js';
import { freeze } from '../program/exit-instructions.js';
import { LedgerBook } from './ledger-book.js';
import { ProgramChain } from './program-chain.js';

const opened: SettlementUnderTest[] = [];
afterEach(async () => {
  for (const one of opened.splice(0)) await one.close();
});
afterAll(() => {
  removeChains();
  removeScratch();
});

const DELAY_SLOTS = 3_700 / 0.4;

/** The door over the program, and an owner of account 3 who has 5 dollars there. */
async function start() {
  const under = await SettlementUnderTest.start();
  opened.push(under);
  const { chain, trader } = under;
  await under.open(2);
  const owner = Keypair.generate();
  await under.operator.giveLamports(owner.publicKey.toBase58(), 1_000_000_000);
  await chain.ensureUsers([{ accountId: 3, owner: owner.publicKey }]);
  for (const accountId of [1, 2, 3]) await chain.depositFor(accountId, 5_000_000n, trader);
  const ledger = openLedger(makeScratch());
  const door = new ProgramChain({
    ...{ chain, book: new LedgerBook(ledger.transactions), catalogue: ledger.catalogue },
    operator: under.keys.operator,
    feedOf: () => new Uint8Array(32),
    embedded: null,
    onTrouble: () => {},
  });
  const asked = async () => {
    const [request] = await door.forcedRequests();
    if (request === undefined) throw new Error('nobody has asked');
    return request;
  };
  /** Anybody, as soon as the program allows it. */
  const freezeOver = async (accountId: number) => {
    const { exchange } = chain;
    const request = await chain.forced.find(accountId);
    if (request === null) throw new Error('nobody has asked');
    const row = (await chain.rows([accountId])).get(accountId);
    const positions = row === undefined ? [] : await chain.pricedMarkets(row);
    const { destination } = request;
    await sendAlone(under, trader, [freeze({ exchange, accountId, destination, positions })]);
  };
  return { under, chain, door, owner, asked, freezeOver };
}

describe('a forced withdrawal', () => {
  it('whose owner has closed its destination is ended, and nobody can freeze the exchange over it', async () => {
    const { under, chain, door, owner, asked, freezeOver } = await start();
    const destination = await requestByForce(under, 3, 1_000_000n, owner);
    await sendAlone(under, owner, [closeTokens(owner, destination)]);
    const request = await asked();
    expect(await door.serveForced(request)).toMatchObject({ kind: 'refused' });
    expect(await door.reduceForced(request)).toEqual({ kind: 'done' });
    expect(await door.forcedRequests()).toEqual([]);
    expect(await door.forcedGoneSlot(request)).toBeGreaterThanOrEqual(request.seenAtSlot);
    // He opens it again; without the cut he would freeze now.
    const { mint } = chain;
    await sendAlone(under, owner, [createTokenAccount(owner.publicKey, owner.publicKey, mint)]);
    under.test.passSlots(DELAY_SLOTS);
    await expect(freezeOver(3)).rejects.toThrow('nobody has asked');
    expect((await chain.state())?.status).toBe('active');
  });

  it('of margin is cut to what can leave, and that is paid', async () => {
    const { under, chain, door, asked } = await start();
    await chain.settle(under.nextBatch([trades(2, 100n)]));
    await under.postPrice(PRICE_TICKS);
    await requestByForce(under, 1, 4_999_000n);
    const request = await asked();
    expect(await door.serveForced(request)).toMatchObject({
      kind: 'refused',
      sentence: expect.stringContaining('not enough is free to leave'),
    });
    expect(await door.reduceForced(request)).toEqual({ kind: 'done' });
    const cut = await asked();
    expect(cut.amountMicroUsd).toBeLessThan(request.amountMicroUsd);
    expect(cut.requestedAtSeconds).toBe(request.requestedAtSeconds);
    expect(await door.serveForced(request)).toEqual({ kind: 'done' });
    expect(await door.forcedRequests()).toEqual([]);
    const { served, completeToSlot } = await door.deposits(null);
    expect(served).toMatchObject([{ accountId: 1, amountMicroUsd: cut.amountMicroUsd }]);
    expect(served[0]).toMatchObject({ eventIndex: 0, signature: expect.any(String) });
    expect(completeToSlot).not.toBeNull();
  });

  it('that can be had is not cut, and of more than was reserved it is not served', async () => {
    const { under, door, owner, asked } = await start();
    await requestByForce(under, 3, 2_000_000n, owner);
    const request = await asked();
    expect(await door.reduceForced(request)).toMatchObject({
      kind: 'refused',
      sentence: expect.stringContaining('all that was asked for can be had'),
    });
    const less = { ...request, amountMicroUsd: 1_500_000 };
    expect(await door.serveForced(less)).toMatchObject({ kind: 'notYet' });
    expect(await door.forcedRequests()).toHaveLength(1);
    expect(await door.freezeDelaySeconds()).toBe(3_600);
  });
});
