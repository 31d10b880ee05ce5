import { Keypair, type TransactionInstruction } from '@solana/web3.js';
import { describe, expect, test } from 'vitest';
import { decodeChange } from './accounts.js';
import { changeAddress, exchangeAddress, pageAddress } from './addresses.js';
import { applyChange, cancelChange, proposeChange, unpause } from './admin-instructions.js';
import { openStage } from './batch-instructions.js';
import { requestForced } from './exit-instructions.js';
import { addMarket, createPage, growPage, initialize } from './set-up-instructions.js';
import {
  type Change,
  DEFAULT_EXCHANGE_LIMITS,
  DEFAULT_MARKET_LIMITS,
  type ExchangeLimits,
  type MarketTerms,
} from './terms.js';
import { NaiveEngine } from './testing/naive-engine.js';
import { plainMarket, TestExchange } from './testing/test-exchange.js';

const DAY = 86_400;
const LOCK = Number(DEFAULT_EXCHANGE_LIMITS.timeLockSeconds);

describe('an exchange', () => {
  const world = new TestExchange();
  const { chain, mint } = world;
  const founder = Keypair.generate();
  chain.fund(founder.publicKey);
  const keys = [Keypair.generate().publicKey, Keypair.generate().publicKey] as const;
  const make = (change: Partial<Parameters<typeof initialize>[0]> = {}) => {
    const feeDestination = chain.createTokens(mint, founder.publicKey, 0n);
    const [operator, coSigner] = keys;
    const of = { founder: founder.publicKey, operator, coSigner, mint, feeDestination };
    return initialize({ ...of, limits: DEFAULT_EXCHANGE_LIMITS, ...change });
  };

  test('has three keys that are apart', () => {
    expect(() => chain.send([make({ operator: founder.publicKey })], [founder])).toThrow(
      'keysNotApart',
    );
    expect(() => chain.send([make({ coSigner: founder.publicKey })], [founder])).toThrow(
      'keysNotApart',
    );
    expect(() => chain.send([make({ coSigner: keys[0] })], [founder])).toThrow('keysNotApart');
    const none = new Uint8Array(32);
    const zero = new (keys[0].constructor as typeof import('@solana/web3.js').PublicKey)(none);
    expect(() => chain.send([make({ coSigner: zero })], [founder])).toThrow('keysNotApart');
  });

  const badLimits: [string, Partial<ExchangeLimits>][] = [
    ['no freeze delay', { freezeDelaySeconds: 0n }],
    [
      'a freeze delay of months',
      { freezeDelaySeconds: 90n * 86_400n, timeLockSeconds: 90n * 86_400n },
    ],
    ['a time lock shorter than the freeze delay', { timeLockSeconds: 86_399n }],
    ['a time lock below zero', { timeLockSeconds: -1n }],
  ];
  test.each(badLimits)('refuses %s', (_, change) => {
    const limits = { ...DEFAULT_EXCHANGE_LIMITS, ...change };
    expect(() => chain.send([make({ limits })], [founder])).toThrow('badLimits');
  });

  test('lies at an address that only its founder can take, once, with fees in its own mint', () => {
    const stolen = make();
    stolen.keys[2]!.pubkey = exchangeAddress(Keypair.generate().publicKey);
    expect(() => chain.send([stolen], [founder])).toThrow('ConstraintSeeds');
    const feeDestination = chain.createTokens(chain.createMint(), founder.publicKey, 0n);
    expect(() => chain.send([make({ feeDestination })], [founder])).toThrow('ConstraintTokenMint');
    chain.send([make()], [founder]);
    expect(() => chain.send([make()], [founder])).toThrow('already in use');
  });
});

describe('a market', () => {
  const world = new TestExchange([]);
  const { chain, exchange, founder } = world;
  const add = (terms: MarketTerms, slot = 0, admin = founder) =>
    chain.send([addMarket({ exchange, admin: admin.publicKey, slot, terms })], [admin]);

  test('is added by the administrator, in the order of slots', () => {
    expect(() => add(plainMarket(), 0, world.operator)).toThrow('wrongAdmin');
    expect(() => add(plainMarket(), 1)).toThrow('wrongSlot');
  });

  const tier = (floorMicroUsd: bigint, initialPpm: number, maintenancePpm: number) => {
    return { floorMicroUsd, initialPpm, maintenancePpm };
  };
  const bad: [string, string, Partial<MarketTerms>][] = [
    ['no value of a tick·lot', 'badMarket', { microUsdNumerator: 0n }],
    ['a zero denominator', 'badMarket', { microUsdDenominator: 0n }],
    ['no tick', 'badMarket', { tickMantissa: 0n }],
    ['a tick beyond reason', 'badMarket', { tickExponent: -19 }],
    ['no feed', 'badMarket', { feedId: new Uint8Array(32) }],
    ['no tier', 'badMarket', { tiers: [] }],
    [
      'nine tiers',
      'badMarket',
      { tiers: Array.from({ length: 9 }, (_, i) => tier(BigInt(i), 1, 1)) },
    ],
    ['a first tier above zero', 'badMarket', { tiers: [tier(1n, 10, 5)] }],
    ['floors that do not rise', 'badMarket', { tiers: [tier(0n, 10, 5), tier(0n, 20, 5)] }],
    ['rates that fall', 'badMarket', { tiers: [tier(0n, 10, 5), tier(9n, 9, 5)] }],
    ['maintenance above initial', 'badMarket', { tiers: [tier(0n, 10, 11)] }],
    ['a rate above one', 'badMarket', { tiers: [tier(0n, 1_000_001, 5)] }],
    ['no band', 'badLimits', { limits: { ...DEFAULT_MARKET_LIMITS, bandPpm: 0 } }],
    [
      'a band as wide as the price',
      'badLimits',
      { limits: { ...DEFAULT_MARKET_LIMITS, bandPpm: 1_000_000 } },
    ],
    [
      'prices of any age',
      'badLimits',
      { limits: { ...DEFAULT_MARKET_LIMITS, maxPriceAgeSeconds: 90_000 } },
    ],
    ['no leap guard', 'badLimits', { limits: { ...DEFAULT_MARKET_LIMITS, jumpPpm: 0 } }],
  ];
  test.each(bad)('with %s is refused', (_, why, change) => {
    expect(() => add(plainMarket(change))).toThrow(why);
  });

  test('waits for the time lock when the exchange holds money: its feed is a way to move it', () => {
    const live = new TestExchange();
    live.addUsers(1, 2);
    live.deposit(1, 1_000_000_000n);
    live.addMarket(plainMarket({ engineMarketId: 9 }));
    live.setPrice(1, 10_000);
    const engine = new NaiveEngine();
    engine.trade(1, 1, 2, 10n, 10_000);
    const sections = engine.takeSections();
    expect(() => live.settle(sections)).toThrow('marketNotOpen');
    live.chain.advance(LOCK);
    live.setPrice(1, 10_000);
    live.settle(sections);
  });
});

describe('pages', () => {
  const world = new TestExchange();
  const { chain, exchange, operator } = world;

  test('are made by the operator, in order, once', () => {
    const wrong = world.coSigner;
    const steps = createPage({ exchange, operator: wrong.publicKey, number: 1 });
    expect(() => chain.send([steps[0]!], [wrong])).toThrow('wrongOperator');
    expect(() => world.addPage(2)).toThrow('wrongPageNumber');
    expect(() => world.addPage(0)).toThrow('already in use');
  });

  test('cannot be used before they are whole, and grow by anybody’s hand', () => {
    const [create] = createPage({ exchange, operator: operator.publicKey, number: 1 });
    chain.send([create!], [operator]);
    expect(() => world.addUsers(1_024)).toThrow('pageMissing');
    for (let step = 0; step < 40; step++) chain.send([growPage(exchange, 1)], []);
    expect(chain.read(pageAddress(exchange, 1)).length).toBe(
      chain.read(pageAddress(exchange, 0)).length,
    );
    world.addUsers(1_024, 2_047);
    expect(world.row(2_047).owner).toEqual(world.owners.get(2_047)!.publicKey);
    const other = growPage(exchange, 0);
    other.keys[0]!.pubkey = world.exchange;
    expect(() => chain.send([other], [])).toThrow('pageMissing');
  });
});

describe('an account at another address than its own', () => {
  const world = new TestExchange();
  const { chain, exchange, founder, operator } = world;
  const admin = founder.publicKey;
  const wrong = pageAddress(exchange, 77);
  const validUntilSeconds = chain.nowSeconds + 60n;
  const change = { kind: 'operator', key: Keypair.generate().publicKey } as const;
  const place = { exchange, operator: operator.publicKey, index: 0, capacityBytes: 900 };
  world.addUsers(3);
  world.deposit(3, 5_000_000n);
  const owner = world.owners.get(3)!;
  const destination = chain.createTokens(world.mint, owner.publicKey, 0n);
  const mine = { exchange, mint: world.mint, owner: owner.publicKey, accountId: 3, destination };
  const cases: [string, () => TransactionInstruction, number, Keypair][] = [
    ['market', () => addMarket({ exchange, admin, slot: 1, terms: plainMarket() }), 2, founder],
    [
      'page',
      () => createPage({ exchange, operator: operator.publicKey, number: 1 })[0]!,
      2,
      operator,
    ],
    ['stage', () => openStage(place)[0]!, 2, operator],
    ['request', () => requestForced({ ...mine, amountMicroUsd: 5_000_000n }), 3, owner],
    [
      'change',
      () => proposeChange({ exchange, admin, number: 0, change, validUntilSeconds }),
      2,
      founder,
    ],
  ];
  test.each(cases)('is no %s', (_, build, at, signer) => {
    const right = build();
    right.keys[at]!.pubkey = wrong;
    expect(() => chain.send([right], [signer])).toThrow('ConstraintSeeds');
    chain.send([build()], [signer]);
  });
});

describe('a change', () => {
  const world = new TestExchange();
  const { chain, exchange, founder } = world;
  const propose = (change: Change, admin = founder, validUntilSeconds = chain.nowSeconds + 60n) => {
    const number = world.state().changeCount;
    chain.send(
      [proposeChange({ exchange, admin: admin.publicKey, number, change, validUntilSeconds })],
      [admin],
    );
    return number;
  };
  const apply = (number: number, slot: number | null = null, admin = founder) =>
    chain.send([applyChange({ exchange, admin: admin.publicKey, number, slot })], [admin]);
  const someKey = () => Keypair.generate().publicKey;

  test('is the administrator’s to propose, apply and cancel', () => {
    const { operator } = world;
    expect(() => propose({ kind: 'operator', key: someKey() }, operator)).toThrow('wrongAdmin');
    const number = propose({ kind: 'operator', key: someKey() });
    chain.advance(LOCK);
    expect(() => apply(number, null, operator)).toThrow('wrongAdmin');
    const of = { exchange, number };
    const byOther = cancelChange({ ...of, admin: operator.publicKey });
    expect(() => chain.send([byOther], [operator])).toThrow('wrongAdmin');
    chain.send([cancelChange({ ...of, admin: founder.publicKey })], [founder]);
    expect(() => apply(number)).toThrow('AccountNotInitialized');
    expect(chain.exists(changeAddress(exchange, number))).toBe(false);
  });

  test('waits for the time lock, and does not wait for ever', () => {
    const operator = someKey();
    const early = propose({ kind: 'operator', key: operator });
    const { applyFromSeconds } = decodeChange(chain.read(changeAddress(exchange, early)));
    expect(applyFromSeconds).toBe(chain.nowSeconds + BigInt(LOCK));
    chain.advance(LOCK - 1);
    expect(() => apply(early)).toThrow('tooEarly');
    chain.advance(1);
    apply(early);
    expect(world.state().operator).toEqual(operator);
    expect(() => apply(early)).toThrow('AccountNotInitialized');
    const late = propose({ kind: 'operator', key: someKey() });
    chain.advance(LOCK + 14 * DAY + 1);
    expect(() => apply(late)).toThrow('tooLate');
  });

  test('of each kind does what it says', () => {
    const limits = { ...DEFAULT_EXCHANGE_LIMITS, sweepCapMicroUsd: 5n };
    const marketLimits = { ...DEFAULT_MARKET_LIMITS, bandPpm: 7 };
    const tiers = [
      { floorMicroUsd: 0n, initialPpm: 20_000, maintenancePpm: 10_000 },
      { floorMicroUsd: 1_000_000n, initialPpm: 500_000, maintenancePpm: 200_000 },
    ];
    const [coSigner, admin, feeDestination] = [someKey(), Keypair.generate(), someKey()];
    chain.fund(admin.publicKey);
    const changes: [Change, number | null][] = [
      [{ kind: 'coSigner', key: coSigner }, null],
      [{ kind: 'feeDestination', key: feeDestination }, null],
      [{ kind: 'limits', limits }, null],
      [{ kind: 'marketLimits', slot: 0, limits: marketLimits }, 0],
      [{ kind: 'marketTiers', slot: 0, tiers }, 0],
      [{ kind: 'admin', key: admin.publicKey }, null],
    ];
    const numbers = changes.map(([change]) => propose(change));
    chain.advance(LOCK);
    for (const [index, [, slot]] of changes.entries()) apply(numbers[index]!, slot);
    expect(world.state()).toMatchObject({
      coSigner,
      feeDestination,
      limits,
      admin: admin.publicKey,
    });
    expect(world.market(0)).toMatchObject({ limits: marketLimits, tiers });
    expect(() => propose({ kind: 'operator', key: someKey() })).toThrow('wrongAdmin');
    // Back, for the tests after this one.
    const back = propose({ kind: 'admin', key: founder.publicKey }, admin);
    chain.advance(LOCK);
    apply(back, null, admin);
  });

  test('that would bring two keys together, or bad limits, is refused when it is applied', () => {
    const { coSigner } = world.state();
    const bad: [Change, number | null, string][] = [
      [{ kind: 'operator', key: coSigner }, null, 'keysNotApart'],
      [
        { kind: 'limits', limits: { ...DEFAULT_EXCHANGE_LIMITS, timeLockSeconds: 1n } },
        null,
        'badLimits',
      ],
      [
        { kind: 'marketLimits', slot: 0, limits: { ...DEFAULT_MARKET_LIMITS, bandPpm: 0 } },
        0,
        'badLimits',
      ],
      [{ kind: 'marketTiers', slot: 0, tiers: [] }, 0, 'badMarket'],
      [{ kind: 'marketTiers', slot: 1, tiers: [] }, 0, 'wrongMarket'],
      [{ kind: 'marketTiers', slot: 0, tiers: [] }, null, 'wrongMarket'],
    ];
    const numbers = bad.map(([change]) => propose(change));
    chain.advance(LOCK);
    for (const [index, [, slot, why]] of bad.entries()) {
      expect(() => apply(numbers[index]!, slot)).toThrow(why);
    }
  });

  test('of another exchange is no change of this one', () => {
    const other = new TestExchange();
    const change: Change = { kind: 'operator', key: someKey() };
    const of = { exchange: other.exchange, admin: other.founder.publicKey, number: 0, change };
    const validUntilSeconds = other.chain.nowSeconds + 60n;
    other.chain.send([proposeChange({ ...of, validUntilSeconds })], [other.founder]);
    const foreign = Keypair.generate().publicKey;
    const apply = applyChange({ exchange, admin: founder.publicKey, number: 0, slot: null });
    chain.write(foreign, apply.programId, other.chain.read(changeAddress(other.exchange, 0)));
    apply.keys[2]!.pubkey = foreign;
    expect(() => chain.send([apply], [founder])).toThrow('wrongExchange');
  });

  test('has to be proposed, and an exchange started, soon after it was signed', () => {
    const change: Change = { kind: 'operator', key: someKey() };
    expect(() => propose(change, founder, chain.nowSeconds - 1n)).toThrow('expired');
    expect(() => propose(change, founder, chain.nowSeconds + BigInt(DAY) + 1n)).toThrow('expired');
    const start = unpause({
      exchange,
      admin: founder.publicKey,
      validUntilSeconds: chain.nowSeconds - 1n,
    });
    expect(() => chain.send([start], [founder])).toThrow('expired');
  });
});
