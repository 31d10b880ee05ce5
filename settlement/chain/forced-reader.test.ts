import { afterAll, afterEach, describe, expect, it } from 'vitest';
import { cancelForced } from '../program/exit-instructions.js';
import { NoEndpointError } from './endpoint-fault.js';
import { lie, unreachable } from './testing/faulty-fetch.js';
import { requestByForce, sendAlone } from './testing/forced.fixture.js';
import { removeScratch } from './testing/scratch.js';
import { SettlementUnderTest } from './testing/settlement-under-test.js';

const opened: SettlementUnderTest[] = [];
afterEach(async () => {
  for (const one of opened.splice(0)) await one.close();
});
afterAll(removeScratch);

/** Two endpoints, which have to agree, and a request of the trader's. */
async function start() {
  const under = await SettlementUnderTest.start('in process', {}, 2);
  opened.push(under);
  await under.open(2);
  await under.chain.depositFor(1, 9_000_000n, under.trader);
  await requestByForce(under, 1, 2_000_000n);
  const reader = under.chain.forced;
  const cancel = () => {
    const { exchange } = under.chain;
    const step = cancelForced({ exchange, owner: under.trader.publicKey, accountId: 1 });
    return sendAlone(under, under.trader, [step]);
  };
  return { under, reader, cancel };
}

describe('a request on the chain', () => {
  it('is agreed on when enough endpoints show it, and told when one does', async () => {
    const { under, reader } = await start();
    const [shown] = await reader.shown();
    expect(shown).toMatchObject({ accountId: 1, amountMicroUsd: 2_000_000n, isAgreed: true });
    expect(shown?.seenAtSlot).toBeGreaterThan(0);
    const repair = under.test
      .way(0)
      .inject(lie('getProgramAccounts', (result: object) => ({ ...result, value: [] })));
    expect(await reader.shown()).toMatchObject([{ accountId: 1, isAgreed: false }]);
    repair();
    under.test.way(0).inject(unreachable);
    expect(await reader.shown()).toMatchObject([{ accountId: 1, isAgreed: false }]);
    under.test.way(1).inject(unreachable);
    await expect(reader.shown()).rejects.toThrow(NoEndpointError);
  });

  it('is gone only when enough endpoints say so, as of the block that enough of them have reached', async () => {
    const { under, reader, cancel } = await start();
    const [request] = await reader.shown();
    if (request === undefined) throw new Error('there is no request');
    expect(await reader.goneSlot(request)).toBeNull();
    const hide = lie('getAccountInfo', (result: object) => ({ ...result, value: null }));
    const repair = under.test.way(1).inject(hide);
    expect(await reader.goneSlot(request)).toBeNull();
    repair();
    await cancel();
    expect(await reader.goneSlot(request)).toBeGreaterThanOrEqual(request.seenAtSlot);
    const late = lie('getAccountInfo', (result: { context: object }) => ({
      ...result,
      context: { ...result.context, slot: 5_000_000_000 },
    }));
    under.test.way(1).inject(late);
    expect(await reader.goneSlot(request)).toBe(5_000_000_000);
    under.test.way(0).inject(unreachable);
    expect(await reader.goneSlot(request)).toBeNull();
  });

  it('of more than another one of the same second is another one', async () => {
    const { reader } = await start();
    const [request] = await reader.shown();
    if (request === undefined) throw new Error('there is no request');
    const smaller = { ...request, amountMicroUsd: 1_000_000n };
    expect(await reader.goneSlot(smaller)).not.toBeNull();
    const before = { ...request, amountMicroUsd: 3_000_000n };
    expect(await reader.goneSlot(before)).toBeNull();
  });
});
