import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { Keypair, PublicKey } from '@solana/web3.js';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { PlimsollClient } from '../../sdk/client.js';
import { keyPairLogin } from '../../sdk/login.js';
import { binaryForTests } from '../../settlement/bus/server/server-for-tests.fixture.js';
import { usdText } from '../../settlement/custody/usd-text.js';
import { ChainWallet } from '../testing/settlement/chain-wallet.js';
import { eventually } from '../testing/settlement/eventually.js';
import { partsOf } from '../testing/settlement/processes.js';
import { type Facts, SettlingExchange } from '../testing/settlement/settling-exchange.js';
import { compareSides, type ThreeSides } from '../testing/settlement/three-sides.js';

const WITHIN_MS = 120_000;
const PATIENTLY = { timeout: WITHIN_MS };
const START_MS = 240_000;
const ORDER = { market: 'BTC-PERP', side: 'buy', price: '100000', qty: '0.1' } as const;
const USD = 1_000_000n;

const nats = await binaryForTests();
const BUSES = ['embedded', 'nats'] as const;

describe.each(BUSES)('settlement over bus %s', (bus) => {
  const isThere = bus === 'embedded' || nats !== null;
  describe.skipIf(!isThere)('from the first deposit to the last withdrawal', () => {
    const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'plimsoll-settlement-'));
    const clients: PlimsollClient[] = [];
    let exchange: SettlingExchange;
    let facts: Facts;
    let demo: Owner;
    let other: Owner;

    beforeAll(async () => {
      exchange = await SettlingExchange.start(folder, { bus });
      facts = await exchange.facts();
      await exchange.setPrices({ 'BTC-PERP': '100000', 'ETH-PERP': '3500', 'SOL-PERP': '180' });
    }, START_MS);

    afterAll(async () => {
      await Promise.all(clients.map((client) => client.close()));
      await exchange?.process.stop();
      fs.rmSync(folder, { recursive: true, force: true });
    }, START_MS);

    /** In the engine, as its owner sees it. */
    async function connect(wallet: ChainWallet): Promise<PlimsollClient> {
      const login = keyPairLogin(wallet.key.secretKey);
      const client = await PlimsollClient.connect({ url: exchange.process.url, login });
      clients.push(client);
      await client.subscribe('private');
      return client;
    }

    async function newOwner(): Promise<Owner> {
      const wallet = new ChainWallet();
      const { accountId } = await exchange.process.admin<{ accountId: number }>(
        'POST',
        'accounts',
        {
          publicKey: wallet.owner,
        },
      );
      await wallet.fill(exchange, 1_000_000n * USD);
      expect(await accountOnChain(wallet)).toBe(accountId);
      return { wallet, accountId, client: await connect(wallet) };
    }

    /** The first account of the owner, as soon as the ledger has heard of it and made its row. */
    function accountOnChain({ owner }: ChainWallet): Promise<number> {
      return eventually(
        `an account of ${owner} on chain`,
        async () => {
          const { body } = await exchange.custody('GET', `/v1/accounts/${owner}`);
          const found = body.data?.[0];
          return found?.isOnChain === true ? (found.accountId as number) : null;
        },
        WITHIN_MS,
      );
    }

    async function deposit({ wallet, accountId }: Owner, microUsd: bigint): Promise<void> {
      const signature = await wallet.deposit(() => exchange.facts(), accountId, microUsd);
      await eventually(
        `credit for deposit ${signature}`,
        async () => {
          const { body } = await exchange.custody('GET', `/v1/deposits?accountId=${accountId}`);
          const found = body.data?.find((deposit) => deposit.signature === signature);
          return found?.state === 'credited' ? found : null;
        },
        WITHIN_MS,
      );
    }

    /** Asks for it, and waits until it has come to an end. */
    async function withdraw({ wallet, accountId }: Owner, nonce: number, amountMicroUsd: bigint) {
      const body = wallet.withdrawal(facts, { accountId, nonce, amountMicroUsd });
      const asked = await exchange.custody('POST', '/v1/withdrawals', body);
      expect(asked.body).toMatchObject({ accountId, nonce, amount: usdText(amountMicroUsd) });
      const ended = await withdrawalIn(asked.body.id as number, ENDED);
      return { body, ended };
    }

    function withdrawalIn(id: number, states: readonly string[]) {
      return eventually(
        `withdrawal ${id} to be ${states}`,
        async () => {
          const { body } = await exchange.custody('GET', `/v1/withdrawals/${id}`);
          if (states.includes(body.state as string)) return body;
          throw new Error(JSON.stringify(body));
        },
        WITHIN_MS,
      );
    }

    function agreement(): Promise<ThreeSides> {
      return eventually(
        'engine = ledger = chain',
        async () => {
          const sides = await compareSides(exchange.dataDir, await exchange.facts());
          if (sides.differences.length === 0) return sides;
          throw new Error(sides.differences.join('\n'));
        },
        WITHIN_MS,
      );
    }

    it(
      'makes a deposit of the demo key collateral, exactly once',
      async () => {
        const secret = JSON.parse(fs.readFileSync(`${exchange.dataDir}/demo-key.json`, 'utf8'));
        const wallet = new ChainWallet(Keypair.fromSecretKey(Uint8Array.from(secret)));
        const accountId = await accountOnChain(wallet);
        demo = { wallet, accountId, client: await connect(wallet) };
        const before = await wallet.tokens(facts);
        await deposit(demo, 40_000n * USD + 1n);
        // The same amount again is another deposit.
        await deposit(demo, 40_000n * USD + 1n);
        await expect.poll(() => demo.client.account.collateral, PATIENTLY).toBe('80000.000002');
        expect(before - (await wallet.tokens(facts))).toBe(80_000n * USD + 2n);
        const { rows } = await agreement();
        expect(rows.get(accountId)?.depositedMicroUsd).toBe(80_000n * USD + 2n);
        const listed = await exchange.custody('GET', `/v1/deposits?accountId=${accountId}`);
        expect(listed.body.data).toHaveLength(2);
      },
      START_MS,
    );

    it(
      'settles what was traded, to the last micro-dollar',
      async () => {
        other = await newOwner();
        await deposit(other, 100_000n * USD);
        const before = await exchange.facts();
        for (let i = 0; i < 20; i++) {
          const price = (100_000 + (i % 7) * 10.1).toFixed(1);
          const sides = i % 3 === 0 ? (['sell', 'buy'] as const) : (['buy', 'sell'] as const);
          await demo.client.place({ ...ORDER, price, side: sides[0] });
          await other.client.place({ ...ORDER, price, side: sides[1], timeInForce: 'ioc' });
        }
        const { fills, batches, rows } = await agreement();
        expect(fills).toBeGreaterThanOrEqual(20);
        expect(batches).toBeGreaterThan(before.settledBatch);
        expect(rows.get(demo.accountId)?.positions).toHaveLength(1);
      },
      START_MS,
    );

    it(
      'pays out what its owner has signed, and shows each step',
      async () => {
        const before = await demo.wallet.tokens(facts);
        const { body, ended } = await withdraw(demo, 1, 1_234_567_891n);
        const history = ended.history as { state: string }[];
        expect(history.map(({ state }) => state)).toEqual(STEPS);
        expect((await demo.wallet.tokens(facts)) - before).toBe(1_234_567_891n);
        // Asked again it is the same one, and nothing is paid twice.
        const again = await exchange.custody('POST', '/v1/withdrawals', body);
        expect(again).toMatchObject({ status: 200, body: { id: ended.id, state: 'completed' } });
        const { rows } = await agreement();
        expect(rows.get(demo.accountId)?.withdrawnMicroUsd).toBe(1_234_567_891n);
        expect((await demo.wallet.tokens(facts)) - before).toBe(1_234_567_891n);
      },
      START_MS,
    );

    it(
      'moves on chain what its owner transfers to a sub-account, which can be withdrawn from there',
      async () => {
        const { client, wallet, accountId } = other;
        const made = await client.createSubAccount();
        const sub = { wallet, accountId: made.accountId, client };
        const amount = '7000.000001';
        await client.transfer({ to: made.accountId, amount, idempotencyKey: 'first' });
        await client.transfer({ to: made.accountId, amount, idempotencyKey: 'first' });
        await client.transfer({ from: made.accountId, to: accountId, amount: '1000' });
        const { rows } = await agreement();
        expect(rows.get(made.accountId)?.collateralMicroUsd).toBe(6_000n * USD + 1n);
        expect(rows.get(made.accountId)?.depositedMicroUsd).toBe(0n);
        await deposit(sub, 3n);
        const before = await wallet.tokens(facts);
        const { ended } = await withdraw(sub, 1, 6_000n * USD + 4n);
        expect(ended).toMatchObject({ state: 'completed' });
        expect((await wallet.tokens(facts)) - before).toBe(6_000n * USD + 4n);
        const after = await agreement();
        expect(after.rows.get(made.accountId)?.collateralMicroUsd).toBe(0n);
      },
      START_MS,
    );

    it(
      'refuses more than is free, and leaves the collateral as it was',
      async () => {
        const tokens = await demo.wallet.tokens(facts);
        const { collateral } = demo.client.account;
        const { ended } = await withdraw(demo, 2, 1_000_000n * USD);
        const reason = expect.stringMatching(
          /1000000\.000000 is more than may leave: \d+\.\d{6}, /,
        );
        expect(ended).toMatchObject({ state: 'refused', reason });
        // The next nonce works as if nothing had been.
        await withdraw(demo, 3, 1n);
        expect((await demo.wallet.tokens(facts)) - tokens).toBe(1n);
        await agreement();
        const micro = (text = '0') => BigInt(text.replace('.', ''));
        expect(micro(collateral) - micro(demo.client.account.collateral)).toBe(1n);
      },
      START_MS,
    );

    it(
      'takes one withdrawal of an account at a time, however they come',
      async () => {
        const { accountId, wallet } = demo;
        const tokens = await wallet.tokens(facts);
        const wishes = [10, 11, 12, 13].map((nonce) => {
          return wallet.withdrawal(facts, { accountId, nonce, amountMicroUsd: 3n });
        });
        // The first of them twice at once: that is one request.
        const bodies = [...wishes, wishes[0] as (typeof wishes)[0]];
        const answers = await Promise.all(
          bodies.map((body) => exchange.custody('POST', '/v1/withdrawals', body)),
        );
        const taken = new Set(
          answers.flatMap(({ status, body }) => (status === 200 ? [body.id] : [])),
        );
        expect(taken.size).toBe(1);
        for (const { status, body } of answers) {
          if (status !== 200) expect(body.error?.code).toBe('withdrawal_is_under_way');
        }
        const [id] = taken;
        expect(await withdrawalIn(id as number, ENDED)).toMatchObject({ state: 'completed' });
        expect((await wallet.tokens(facts)) - tokens).toBe(3n);
      },
      START_MS,
    );

    it(
      'says what is wrong with a request, and keeps none of it',
      async () => {
        const { wallet, accountId } = demo;
        const list = `/v1/withdrawals?accountId=${accountId}`;
        const known = (await exchange.custody('GET', list)).body.data;
        const good = wallet.withdrawal(facts, { accountId, nonce: 20, amountMicroUsd: USD });
        const foreign = new ChainWallet().withdrawal(facts, {
          accountId,
          nonce: 20,
          amountMicroUsd: USD,
        });
        const now = Math.floor(Date.now() / 1_000);
        const cases: [change: object, status: number, code: string, field: string][] = [
          [{ signature: foreign.signature }, 401, 'signature_is_wrong', 'signature'],
          [{ amount: '1.000001' }, 401, 'signature_is_wrong', 'signature'],
          [{ destination: facts.vault }, 401, 'signature_is_wrong', 'signature'],
          [{ accountId: 999_999 }, 404, 'unknown_account', 'accountId'],
          [{ nonce: 3 }, 409, 'nonce_is_used', 'nonce'],
          [{ accountId: 0 }, 400, 'field_is_invalid', 'accountId'],
          [{ accountId: '1' }, 400, 'field_is_invalid', 'accountId'],
          [{ nonce: 0 }, 400, 'field_is_invalid', 'nonce'],
          [{ nonce: 1.5 }, 400, 'field_is_invalid', 'nonce'],
          [{ amount: 5 }, 400, 'field_is_invalid', 'amount'],
          [{ amount: '-1' }, 400, 'field_is_invalid', 'amount'],
          [{ amount: '0' }, 400, 'field_is_invalid', 'amount'],
          [{ amount: '1.0000001' }, 400, 'field_is_invalid', 'amount'],
          [{ destination: 'nonsense' }, 400, 'field_is_invalid', 'destination'],
          [{ expiresAt: 'soon' }, 400, 'field_is_invalid', 'expiresAt'],
          [{ signature: '' }, 400, 'field_is_invalid', 'signature'],
          [{ colour: 'red' }, 400, 'field_is_invalid', 'colour'],
          [{ amount: undefined }, 400, 'field_is_invalid', 'amount'],
        ];
        for (const [change, status, code, field] of cases) {
          const answer = await exchange.custody('POST', '/v1/withdrawals', { ...good, ...change });
          expect(answer, JSON.stringify(change)).toMatchObject({
            status,
            body: { error: { code, field, message: expect.stringContaining(field) } },
          });
        }
        // Signed as it should be, but nobody can be paid there.
        for (const destination of [new ChainWallet().key.publicKey, new PublicKey(facts.mint)]) {
          const wish = { accountId, nonce: 20, amountMicroUsd: USD, destination };
          const body = wallet.withdrawal(facts, wish);
          expect(await exchange.custody('POST', '/v1/withdrawals', body)).toMatchObject({
            status: 400,
            body: { error: { code: 'field_is_invalid', field: 'destination' } },
          });
        }
        for (const expiresAt of [now + 10, now + 8 * 86_400]) {
          const late = wallet.withdrawal(facts, {
            accountId,
            nonce: 20,
            amountMicroUsd: USD,
            expiresAt,
          });
          const answer = await exchange.custody('POST', '/v1/withdrawals', late);
          expect(answer).toMatchObject({ status: 400, body: { error: { field: 'expiresAt' } } });
        }
        const others: [
          method: 'GET' | 'POST',
          route: string,
          body: string | undefined,
          status: number,
        ][] = [
          ['POST', '/v1/withdrawals', '{', 400],
          ['POST', '/v1/withdrawals', '[]', 400],
          ['POST', '/v1/withdrawals', JSON.stringify({ much: 'x'.repeat(20_000) }), 413],
          ['GET', '/v1/withdrawals', undefined, 400],
          ['GET', '/v1/withdrawals/abc', undefined, 400],
          ['GET', '/v1/withdrawals/999999', undefined, 404],
          ['GET', '/v1/deposits?accountId=-1', undefined, 400],
          ['GET', '/v1/nothing', undefined, 404],
          ['POST', '/v1/custody', '{}', 405],
        ];
        for (const [method, route, body, status] of others) {
          const answer = await exchange.custody(method, route, body);
          expect(answer, route).toMatchObject({
            status,
            body: { error: { code: expect.any(String) } },
          });
        }
        expect((await exchange.custody('GET', list)).body.data).toEqual(known);
      },
      START_MS,
    );

    // It waits longer than the shortest life of a signature, a minute: `.ci/run` does.
    it.skipIf(bus === 'nats' || process.env.PLIMSOLL_LONG === undefined)(
      'gives back what the chain could not pay in time',
      async () => {
        const { wallet, accountId } = other;
        const tokens = await wallet.tokens(facts);
        const { collateral } = other.client.account;
        const chain = partsOf(exchange.process.pid).get('chain') as number;
        // Ten seconds more than the least, which a busy machine may take to hear of it.
        const expiresAt = Math.floor(Date.now() / 1_000) + 70;
        const wish = { accountId, nonce: 1, amountMicroUsd: 77n * USD, expiresAt };
        const signed = wallet.withdrawal(facts, wish);
        const { body } = await exchange.custody('POST', '/v1/withdrawals', signed);
        // Away, and not back before the signature has expired.
        process.kill(chain, 'SIGSTOP');
        try {
          await expect.poll(() => other.client.account.collateral, PATIENTLY).not.toBe(collateral);
          await eventually(
            'the expiry',
            () => (Date.now() / 1_000 > expiresAt ? true : null),
            WITHIN_MS,
          );
        } finally {
          process.kill(chain, 'SIGCONT');
        }
        const ended = await withdrawalIn(body.id as number, ENDED);
        expect(ended.state).toBe('givenBack');
        await expect.poll(() => other.client.account.collateral, PATIENTLY).toBe(collateral);
        expect(await wallet.tokens(facts)).toBe(tokens);
        const { rows } = await agreement();
        expect(rows.get(accountId)?.withdrawnMicroUsd).toBe(0n);
        await withdraw(other, 2, 5n * USD);
        expect((await wallet.tokens(facts)) - tokens).toBe(5n * USD);
      },
      START_MS,
    );

    it(
      'settles a liquidation, whoever takes the position',
      async () => {
        const weak = await newOwner();
        await deposit(weak, 1_000n * USD);
        await other.client.place({ ...ORDER, qty: '0.4', side: 'sell' });
        await weak.client.place({ ...ORDER, qty: '0.4', timeInForce: 'ioc' });
        const position = () =>
          Number(weak.client.account.positions.get(ORDER.market)?.position ?? 0);
        await expect.poll(position, PATIENTLY).toBe(0.4);
        // There is nobody in the book to sell to.
        await exchange.setPrices({ [ORDER.market]: '98500' });
        await exchange.setPrices({ [ORDER.market]: '97400' });
        await expect.poll(position, PATIENTLY).toBe(0);
        const { rows } = await agreement();
        expect(rows.get(weak.accountId)?.positions).toEqual([]);
        await exchange.setPrices({ [ORDER.market]: '100000' });
      },
      START_MS,
    );

    it(
      'is all there after a restart, and goes on',
      async () => {
        const before = await agreement();
        for (const client of clients.splice(0)) await client.close();
        expect(await exchange.process.stop()).toBe(0);
        exchange = await SettlingExchange.start(folder, { bus });
        facts = await exchange.facts();
        expect((await agreement()).batches).toBe(before.batches);
        demo.client = await connect(demo.wallet);
        other.client = await connect(other.wallet);
        await deposit(demo, 7n);
        await demo.client.place({ ...ORDER, side: 'sell' });
        await other.client.place({ ...ORDER, timeInForce: 'ioc' });
        await withdraw(demo, 21, 8n);
        const after = await agreement();
        expect(after.fills).toBeGreaterThan(before.fills);
        expect(after.batches).toBeGreaterThan(before.batches);
      },
      START_MS,
    );
  });
});

interface Owner {
  wallet: ChainWallet;
  accountId: number;
  client: PlimsollClient;
}

const STEPS = ['requested', 'reserved', 'settled', 'submitted', 'completed'];
const ENDED = ['completed', 'refused', 'givenBack'];
