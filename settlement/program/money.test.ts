import { Keypair, SystemProgram } from '@solana/web3.js';
import { beforeEach, describe, expect, test } from 'vitest';
import { marketAddress } from './addresses.js';
import { pause, unpause } from './admin-instructions.js';
import type { Authorisation } from './authorisation.js';
import { deposit, fundInsurance, sweepFees, withdraw } from './money-instructions.js';
import { createUser } from './set-up-instructions.js';
import { NaiveEngine } from './testing/naive-engine.js';
import { plainMarket, TestExchange } from './testing/test-exchange.js';

const PRICE = 10_000;
const CAPITAL = 1_000_000_000n;

/** 1 is long 10,000 lots (100 dollars), 2 short; each has 1,000 dollars. */
const world = new TestExchange([plainMarket(), plainMarket({ engineMarketId: 8 })]);
world.addUsers(1, 2, 3);
for (const accountId of [1, 2, 3]) world.deposit(accountId, CAPITAL);
world.setPrice(0, PRICE);
world.setPrice(1, PRICE);
const engine = new NaiveEngine();
engine.trade(0, 1, 2, 10_000n, PRICE, [0n, 0n]);
world.settle(engine.takeSections());

beforeEach(() => {
  world.setPrice(0, PRICE);
});

function refuses(act: () => unknown, why: string): void {
  const before = world.digest();
  expect(act).toThrow(why);
  expect(world.digest()).toBe(before);
}

function sendWithdraw(
  authorisation: Authorisation,
  change: Partial<Parameters<typeof withdraw>[0]> = {},
  signature = world.sign(authorisation),
) {
  const pay = withdraw({
    authorisation,
    mint: world.mint,
    operator: world.operator.publicKey,
    coSigner: world.coSigner.publicKey,
    positions: world.positionsOf(authorisation.accountId),
    ...change,
  });
  return world.chain.send([signature, pay], [world.operator, world.coSigner]);
}

describe('a deposit', () => {
  const payer = world.chain.payer.publicKey;
  const of = (change: Partial<Parameters<typeof deposit>[0]>) => {
    const source = world.chain.createTokens(world.mint, payer, 100n);
    const { exchange, mint } = world;
    return deposit({
      exchange,
      mint,
      payer,
      source,
      accountId: 3,
      amountMicroUsd: 100n,
      ...change,
    });
  };

  test('is named by its row’s running total', () => {
    const before = world.row(3);
    const first = world.chain.send([of({}), of({ amountMicroUsd: 7n })], []);
    expect(first.events).toMatchObject([
      {
        kind: 'deposited',
        amountMicroUsd: 100n,
        depositedTotalMicroUsd: before.depositedMicroUsd + 100n,
      },
      {
        kind: 'deposited',
        amountMicroUsd: 7n,
        depositedTotalMicroUsd: before.depositedMicroUsd + 107n,
      },
    ]);
    expect(world.row(3).collateralMicroUsd).toBe(before.collateralMicroUsd + 107n);
    world.checkMoney();
  });

  test('is refused for nothing, for a row nobody has, from a foreign mint, and into another vault', () => {
    refuses(() => world.chain.send([of({ amountMicroUsd: 0n })], []), 'zeroAmount');
    refuses(() => world.chain.send([of({ accountId: 4 })], []), 'unknownUser');
    const foreign = world.chain.createMint();
    const source = world.chain.createTokens(foreign, payer, 100n);
    refuses(() => world.chain.send([of({ source })], []), 'wrongMint');
    refuses(() => world.chain.send([of({ mint: foreign, source })], []), 'wrongMint');
    const elsewhere = of({});
    elsewhere.keys[4]!.pubkey = world.chain.createTokens(world.mint, payer, 0n);
    refuses(() => world.chain.send([elsewhere], []), 'wrongVault');
    const page = of({});
    page.keys[2]!.pubkey = world.exchange;
    refuses(() => world.chain.send([page], []), 'AccountDiscriminatorMismatch');
  });

  test('is refused of more than the payer has, or of somebody else’s tokens', () => {
    refuses(() => world.chain.send([of({ amountMicroUsd: 101n })], []), 'insufficient funds');
    const source = world.chain.createTokens(world.mint, world.operator.publicKey, 100n);
    refuses(() => world.chain.send([of({ source })], []), 'owner does not match');
  });

  test('is refused of more than an account may hold', () => {
    const source = world.chain.createTokens(world.mint, payer, 2n ** 63n);
    refuses(() => world.chain.send([of({ source, amountMicroUsd: 2n ** 52n })], []), 'overflow');
    refuses(() => world.chain.send([of({ source, amountMicroUsd: 2n ** 63n })], []), 'overflow');
  });
});

describe('insurance', () => {
  test('is money of a market', () => {
    const before = world.market(1).insuranceMicroUsd;
    world.fundInsurance(1, 500n);
    expect(world.market(1).insuranceMicroUsd).toBe(before + 500n);
    world.checkMoney();
  });

  test('is refused for another exchange’s market and a foreign mint', () => {
    const payer = world.chain.payer.publicKey;
    const { exchange, mint } = world;
    const source = world.chain.createTokens(mint, payer, 100n);
    const fund = fundInsurance({ exchange, mint, payer, source, slot: 0, amountMicroUsd: 100n });
    const foreign = Keypair.generate().publicKey;
    const other = new TestExchange();
    world.chain.write(foreign, fund.programId, other.chain.read(marketAddress(other.exchange, 0)));
    fund.keys[2]!.pubkey = foreign;
    refuses(() => world.chain.send([fund], []), 'wrongExchange');
    const wrongSource = world.chain.createTokens(world.chain.createMint(), payer, 100n);
    const wrong = fundInsurance({
      exchange,
      mint,
      payer,
      source: wrongSource,
      slot: 0,
      amountMicroUsd: 1n,
    });
    refuses(() => world.chain.send([wrong], []), 'wrongMint');
  });
});

describe('a withdrawal', () => {
  test('needs operator and co-signer, each with the key of the exchange', () => {
    const authorisation = world.authorise(3, 10n);
    const { operator, coSigner, founder } = world;
    const send = (a: Keypair, b: Keypair) => () => {
      const pay = withdraw({
        authorisation,
        mint: world.mint,
        operator: a.publicKey,
        coSigner: b.publicKey,
        positions: [],
      });
      return world.chain.send([world.sign(authorisation), pay], [...new Set([a, b])]);
    };
    refuses(send(founder, coSigner), 'wrongOperator');
    refuses(send(operator, founder), 'wrongCoSigner');
    refuses(send(operator, operator), 'wrongCoSigner');
    const unsigned = withdraw({
      authorisation,
      mint: world.mint,
      operator: operator.publicKey,
      coSigner: coSigner.publicKey,
      positions: [],
    });
    unsigned.keys[1]!.isSigner = false;
    refuses(
      () => world.chain.send([world.sign(authorisation), unsigned], [operator]),
      'AccountNotSigner',
    );
  });

  test('is paid once: the same again changes nothing, another one with its nonce is refused', () => {
    const authorisation = world.authorise(3, 10n);
    const first = sendWithdraw(authorisation);
    expect(first.events).toMatchObject([{ kind: 'withdrawn', accountId: 3, amountMicroUsd: 10n }]);
    const before = world.digest();
    expect(sendWithdraw(authorisation).events).toEqual([]);
    // Also after its time is over, and without the owner's signature: it says only that it was done.
    world.chain.advance(4_000);
    expect(sendWithdraw(authorisation).events).toEqual([]);
    expect(world.digest()).toBe(before);
    world.chain.advance(-4_000);
    refuses(() => sendWithdraw({ ...authorisation, amountMicroUsd: 11n }), 'nonceUsed');
    const lower = { ...authorisation, nonce: authorisation.nonce - 1n };
    refuses(() => sendWithdraw(lower), 'nonceUsed');
    expect(world.chain.tokensOf(authorisation.destination)).toBe(10n);
    world.checkMoney();
  });

  test('passes over nonces for ever', () => {
    const skipped = world.authorise(3, 10n);
    const later = { ...skipped, nonce: skipped.nonce + 5n };
    sendWithdraw(later);
    refuses(() => sendWithdraw(skipped), 'nonceUsed');
  });

  test('expires, and may not be authorised for longer than a week', () => {
    const authorisation = world.authorise(3, 10n);
    const expired = { ...authorisation, expiresAtSeconds: world.chain.nowSeconds };
    refuses(() => sendWithdraw(expired), 'expired');
    const long = { ...authorisation, expiresAtSeconds: world.chain.nowSeconds + 604_801n };
    refuses(() => sendWithdraw(long), 'expired');
    refuses(() => sendWithdraw({ ...authorisation, expiresAtSeconds: -(2n ** 63n) }), 'overflow');
  });

  const others: [string, (authorisation: Authorisation) => Authorisation][] = [
    ['amount', (a) => ({ ...a, amountMicroUsd: a.amountMicroUsd + 1n })],
    ['nonce', (a) => ({ ...a, nonce: a.nonce + 1n })],
    ['account', (a) => ({ ...a, accountId: 2 })],
    ['expiry', (a) => ({ ...a, expiresAtSeconds: a.expiresAtSeconds + 1n })],
    ['exchange', (a) => ({ ...a, exchange: Keypair.generate().publicKey })],
    [
      'destination',
      (a) => ({
        ...a,
        destination: world.chain.createTokens(world.mint, world.operator.publicKey, 0n),
      }),
    ],
  ];
  test.each(others)('needs the owner’s signature over its own %s', (_, change) => {
    const authorisation = world.authorise(3, 10n);
    const signature = world.sign(change(authorisation), world.owners.get(3)!);
    refuses(() => sendWithdraw(authorisation, {}, signature), 'notAuthorised');
  });

  test('needs the signature of the owner, right before it, within that instruction', () => {
    const authorisation = world.authorise(3, 10n);
    refuses(
      () => sendWithdraw(authorisation, {}, world.sign(authorisation, world.owners.get(2)!)),
      'notAuthorised',
    );
    const positions = world.positionsOf(3);
    const of = { authorisation, mint: world.mint, operator: world.operator.publicKey, positions };
    const pay = withdraw({ ...of, coSigner: world.coSigner.publicKey });
    const signers = [world.operator, world.coSigner];
    refuses(() => world.chain.send([pay], signers), 'notAuthorised');
    const between = SystemProgram.transfer({
      fromPubkey: world.operator.publicKey,
      toPubkey: world.operator.publicKey,
      lamports: 1,
    });
    const signature = world.sign(authorisation);
    refuses(() => world.chain.send([signature, between, pay], signers), 'notAuthorised');
    refuses(() => world.chain.send([pay, signature], signers), 'notAuthorised');
    // Offsets that point into another instruction could verify something else than what is looked at.
    for (const at of [4, 8, 14]) {
      const elsewhere = world.sign(authorisation);
      elsewhere.data.writeUInt16LE(0, at);
      refuses(() => world.chain.send([elsewhere, pay], signers), 'notAuthorised');
    }
    const forged = world.sign(authorisation);
    forged.data[60]! ^= 1;
    refuses(() => world.chain.send([forged, pay], signers), 'FailedTransactionMetadata');
  });

  test('is refused of nothing, of more than there is, and into a foreign mint', () => {
    refuses(() => sendWithdraw(world.authorise(3, 0n)), 'zeroAmount');
    const all = world.row(3).collateralMicroUsd;
    refuses(() => sendWithdraw(world.authorise(3, all + 1n)), 'notEnoughFree');
    refuses(() => sendWithdraw(world.authorise(3, 2n ** 64n - 1n)), 'overflow');
    const owner = world.owners.get(3)!.publicKey;
    const destination = world.chain.createTokens(world.chain.createMint(), owner, 0n);
    refuses(() => sendWithdraw({ ...world.authorise(3, 1n), destination }), 'wrongMint');
  });

  test('leaves initial margin and losses, and does not count profit that is not realised', () => {
    // 10,000 lots at 100.00 are 100 dollars; 10 % have to stay.
    const free = CAPITAL - 10_000_000n;
    refuses(() => sendWithdraw(world.authorise(1, free + 1n)), 'notEnoughFree');
    world.setPrice(0, 9_900);
    refuses(
      () => sendWithdraw(world.authorise(1, CAPITAL - 1_000_000n - 9_900_000n + 1n)),
      'notEnoughFree',
    );
    world.setPrice(0, 10_100);
    refuses(() => sendWithdraw(world.authorise(1, CAPITAL - 10_100_000n + 1n)), 'notEnoughFree');
    sendWithdraw(world.authorise(1, CAPITAL - 10_100_000n));
    expect(world.row(1).collateralMicroUsd).toBe(10_100_000n);
    world.checkMoney();
  });

  test('needs fresh prices of the markets that the row is in, no others', () => {
    const authorisation = world.authorise(2, 10n);
    refuses(() => sendWithdraw(authorisation, { positions: [] }), 'priceMissing');
    const priceAccount = world.priceAccounts.get(1)!;
    world.setPrice(1, PRICE);
    refuses(
      () => sendWithdraw(authorisation, { positions: [{ slot: 1, priceAccount }] }),
      'wrongMarket',
    );
    const foreign = [{ slot: 0, priceAccount: world.vault }];
    refuses(() => sendWithdraw(authorisation, { positions: foreign }), 'badPrice');
    world.chain.advance(61);
    refuses(() => sendWithdraw(world.authorise(2, 10n)), 'stalePrice');
    world.setPrice(0, PRICE, { confidence: 10n ** 10n });
    refuses(() => sendWithdraw(world.authorise(2, 10n)), 'uncertainPrice');
    world.setPrice(0, 20_000);
    refuses(() => sendWithdraw(world.authorise(2, 10n)), 'priceLeap');
  });
});

describe('while the exchange is paused', () => {
  test('no money comes in or leaves, and only the administrator ends it', () => {
    const { exchange, operator, founder, coSigner, chain } = world;
    const until = chain.nowSeconds + 60n;
    for (const wrong of [coSigner, chain.payer]) {
      refuses(
        () => chain.send([pause({ exchange, authority: wrong.publicKey })], [wrong]),
        'wrongOperator',
      );
    }
    const authorisation = world.authorise(3, 10n);
    chain.send([pause({ exchange, authority: operator.publicKey })], [operator]);
    refuses(() => world.deposit(3, 1n), 'notActive');
    refuses(() => world.fundInsurance(0, 1n), 'notActive');
    refuses(() => sendWithdraw(authorisation), 'notActive');
    refuses(
      () => chain.send([pause({ exchange, authority: founder.publicKey })], [founder]),
      'notActive',
    );
    for (const wrong of [operator, coSigner]) {
      const start = unpause({ exchange, admin: wrong.publicKey, validUntilSeconds: until });
      refuses(() => chain.send([start], [wrong]), 'wrongAdmin');
    }
    const start = unpause({ exchange, admin: founder.publicKey, validUntilSeconds: until });
    chain.send([start], [founder]);
    refuses(() => chain.send([start], [founder]), 'notActive');
    world.deposit(3, 1n);
  });
});

describe('fees', () => {
  const { exchange, mint, operator, feeDestination } = world;
  const sweep = (amountMicroUsd: bigint, change: Partial<Parameters<typeof sweepFees>[0]> = {}) =>
    sweepFees({
      exchange,
      mint,
      operator: operator.publicKey,
      feeDestination,
      slot: 1,
      amountMicroUsd,
      ...change,
    });

  test('leave to the fee destination alone, as far as they were settled', () => {
    const fees = new NaiveEngine();
    fees.trade(1, 2, 3, 1_000_000n, PRICE, [600_000n, 400_000n]);
    world.setPrice(1, PRICE);
    world.settle(fees.takeSections());
    const { chain } = world;
    refuses(() => chain.send([sweep(1_000_001n)], [operator]), 'purseBelowZero');
    refuses(() => chain.send([sweep(0n)], [operator]), 'zeroAmount');
    const wrong = chain.createTokens(mint, operator.publicKey, 0n);
    refuses(
      () => chain.send([sweep(1n, { feeDestination: wrong })], [operator]),
      'wrongDestination',
    );
    const { coSigner } = world;
    refuses(
      () => chain.send([sweep(1n, { operator: coSigner.publicKey })], [coSigner]),
      'wrongOperator',
    );
    const sent = chain.send([sweep(1_000_000n)], [operator]);
    expect(sent.events).toMatchObject([
      { kind: 'feesSwept', amountMicroUsd: 1_000_000n, feesMicroUsd: 0n },
    ]);
    expect(chain.tokensOf(feeDestination)).toBe(1_000_000n);
    world.checkMoney();
  });

  test('leave up to the cap of a day', () => {
    const cap = world.state().limits.sweepCapMicroUsd;
    refuses(() => world.chain.send([sweep(cap)], [operator]), 'sweepCap');
  });
});

describe('a row', () => {
  const { exchange, operator, chain } = world;
  const of = (accountId: number, owner = Keypair.generate().publicKey, by = operator) =>
    createUser({ exchange, operator: by.publicKey, accountId, owner });

  test('has one owner, for good', () => {
    const owner = world.owners.get(1)!.publicKey;
    const before = world.digest();
    chain.send([of(1, owner)], [operator]);
    expect(world.digest()).toBe(before);
    refuses(() => chain.send([of(1)], [operator]), 'rowTaken');
  });

  test('is given by the operator alone, on its own page, to somebody', () => {
    refuses(
      () => chain.send([of(9, undefined, world.coSigner)], [world.coSigner]),
      'wrongOperator',
    );
    refuses(() => chain.send([of(0)], [operator]), 'unknownUser');
    refuses(() => chain.send([of(9, SystemProgram.programId)], [operator]), 'unknownUser');
    const elsewhere = of(1_024);
    elsewhere.keys[2]!.pubkey = of(1).keys[2]!.pubkey;
    refuses(() => chain.send([elsewhere], [operator]), 'pageMissing');
  });
});
