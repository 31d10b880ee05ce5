import { Keypair } from '@solana/web3.js';
import { describe, expect, test } from 'vitest';
import { decodeForced } from './accounts.js';
import { forcedAddress, marketAddress, TOKEN_PROGRAM_ID } from './addresses.js';
import { pause } from './admin-instructions.js';
import {
  cancelForced,
  escapeFunds,
  fixExitPrice,
  freeze,
  reduceForced,
  requestForced,
  serveForced,
  tally,
} from './exit-instructions.js';
import { NaiveEngine } from './testing/naive-engine.js';
import { plainMarket, TestExchange } from './testing/test-exchange.js';

const PRICE = 10_000;
const CAPITAL = 100_000_000n;
const DAY = 86_400;

/** 1 is long 10,000 lots (100 dollars), 2 short, 3 has only money: 100 dollars each. */
class ExitWorld extends TestExchange {
  constructor() {
    super([plainMarket(), plainMarket({ engineMarketId: 8 })]);
    this.addUsers(1, 2, 3);
    for (const accountId of [1, 2, 3]) this.deposit(accountId, CAPITAL);
    this.setPrice(0, PRICE);
    const engine = new NaiveEngine();
    engine.trade(0, 1, 2, 10_000n, PRICE, [0n, 0n]);
    this.settle(engine.takeSections());
  }

  /** A batch that shows that the operator is alive: a trade between 1 and 2 and back. */
  showLife(): void {
    this.setPrice(0, PRICE);
    const engine = new NaiveEngine();
    engine.trade(0, 1, 2, 10n, PRICE, [0n, 0n]);
    engine.trade(0, 1, 2, -10n, PRICE, [0n, 0n]);
    this.settle(engine.takeSections());
  }

  request(accountId: number, amountMicroUsd: bigint, signer = this.owners.get(accountId)!) {
    const { exchange, mint } = this;
    const destination = this.chain.createTokens(mint, signer.publicKey, 0n);
    const of = { exchange, mint, owner: signer.publicKey, accountId, amountMicroUsd, destination };
    this.chain.send([requestForced(of)], [signer]);
    return destination;
  }

  serve(
    accountId: number,
    change: Partial<Parameters<typeof serveForced>[0]> = {},
    signers = [this.operator, this.coSigner],
  ) {
    const { exchange, mint, operator, coSigner } = this;
    const { owner, destination } = this.forced(accountId);
    const of = { exchange, mint, operator: operator.publicKey, coSigner: coSigner.publicKey };
    const positions = this.positionsOf(accountId);
    const pay = serveForced({ ...of, owner, accountId, destination, positions, ...change });
    return this.chain.send([pay], signers);
  }

  reduce(accountId: number) {
    const { exchange } = this;
    const { owner, destination } = this.forced(accountId);
    const positions = this.positionsOf(accountId);
    return this.chain.send(
      [reduceForced({ exchange, owner, accountId, destination, positions })],
      [],
    );
  }

  freeze(accountId: number) {
    const { exchange } = this;
    const { destination } = this.forced(accountId);
    const positions = this.positionsOf(accountId);
    return this.chain.send([freeze({ exchange, accountId, destination, positions })], []);
  }

  fixPrice(slot: number, priceAccount = this.priceAccounts.get(slot) ?? null) {
    return this.chain.send([fixExitPrice({ exchange: this.exchange, slot, priceAccount })], []);
  }

  tally(rows: number, pageNumber = 0) {
    const { exchange } = this;
    return this.chain.send([tally({ exchange, pageNumber, marketCount: 2, rows })], [], 1_400_000);
  }

  escape(accountId: number, signer = this.owners.get(accountId)!) {
    const { exchange, mint, chain } = this;
    const destination = chain.createTokens(mint, signer.publicKey, 0n);
    const of = { exchange, mint, owner: signer.publicKey, accountId, destination, marketCount: 2 };
    chain.send([escapeFunds(of)], [signer]);
    return chain.tokensOf(destination);
  }

  forced(accountId: number) {
    return decodeForced(this.chain.read(forcedAddress(this.exchange, accountId)));
  }

  /** Frozen because nobody has served 3. */
  freezeNow(): void {
    this.request(3, CAPITAL);
    this.chain.advance(DAY + 1);
    this.freeze(3);
    this.chain.advance(1);
  }

  /** Everything that comes before escapes. */
  prepareEscapes(price: number): void {
    this.setPrice(0, price);
    this.fixPrice(0);
    this.fixPrice(1, null);
    this.tally(1_024);
  }
}

describe('a forced withdrawal', () => {
  const world = new ExitWorld();
  const refuses = (act: () => unknown, why: string) => {
    const before = world.digest();
    expect(act).toThrow(why);
    expect(world.digest()).toBe(before);
  };

  test('is asked for by the owner, of what the row has, above the minimum, into the right mint, once at a time', () => {
    refuses(() => world.request(3, CAPITAL, world.owners.get(2)!), 'wrongOwner');
    refuses(() => world.request(3, CAPITAL + 1n), 'notEnoughFree');
    refuses(() => world.request(3, 999_999n), 'zeroAmount');
    const owner = world.owners.get(3)!;
    const destination = world.chain.createTokens(world.chain.createMint(), owner.publicKey, 0n);
    const { exchange, mint } = world;
    const of = { exchange, mint, owner: owner.publicKey, accountId: 3, amountMicroUsd: CAPITAL };
    refuses(() => world.chain.send([requestForced({ ...of, destination })], [owner]), 'wrongMint');
    world.request(3, 5_000_000n);
    refuses(() => world.request(3, 5_000_000n), 'already in use');
  });

  test('is served by operator and co-signer, where it was asked to go', () => {
    const elsewhere = world.chain.createTokens(world.mint, world.operator.publicKey, 0n);
    refuses(() => world.serve(3, { destination: elsewhere }), 'wrongDestination');
    refuses(() => world.serve(3, { owner: world.operator.publicKey }), 'wrongOwner');
    const { founder, operator, coSigner } = world;
    refuses(
      () => world.serve(3, { coSigner: founder.publicKey }, [operator, founder]),
      'wrongCoSigner',
    );
    refuses(
      () => world.serve(3, { operator: founder.publicKey }, [founder, coSigner]),
      'wrongOperator',
    );
    const { destination } = world.forced(3);
    const { events } = world.serve(3);
    expect(events).toMatchObject([
      { kind: 'forcedServed', accountId: 3, amountMicroUsd: 5_000_000n },
    ]);
    expect(world.chain.tokensOf(destination)).toBe(5_000_000n);
    expect(world.chain.exists(forcedAddress(world.exchange, 3))).toBe(false);
    world.checkMoney();
  });

  test('can be taken back by its owner alone', () => {
    world.request(3, 5_000_000n);
    const { exchange } = world;
    const stranger = world.owners.get(2)!;
    const of = { exchange, owner: stranger.publicKey, accountId: 3 };
    refuses(() => world.chain.send([cancelForced(of)], [stranger]), 'wrongOwner');
    const owner = world.owners.get(3)!;
    world.chain.send([cancelForced({ ...of, owner: owner.publicKey })], [owner]);
    expect(world.chain.exists(forcedAddress(exchange, 3))).toBe(false);
  });

  test('of margin is not served, and anybody may cut it to what is free', () => {
    world.setPrice(0, PRICE);
    world.request(1, CAPITAL);
    refuses(() => world.serve(1), 'notEnoughFree');
    world.reduce(1);
    expect(world.forced(1).amountMicroUsd).toBe(CAPITAL - 10_000_000n);
    refuses(() => world.reduce(1), 'servable');
    world.serve(1);
    // 10 dollars are left, all of it margin: a request for it is ended when somebody looks.
    world.request(1, 10_000_000n);
    world.reduce(1);
    expect(world.chain.exists(forcedAddress(world.exchange, 1))).toBe(false);
    world.checkMoney();
  });
});

describe('a destination that nothing can be paid to', () => {
  const payTo = (world: ExitWorld, change: (account: Buffer) => void) => {
    const destination = world.request(3, CAPITAL);
    const account = Buffer.from(world.chain.read(destination));
    change(account);
    world.chain.write(destination, TOKEN_PROGRAM_ID, account);
    return destination;
  };
  const cases: [string, (account: Buffer) => void][] = [
    ['was frozen by the issuer', (account) => account.writeUInt8(2, 108)],
    ['was closed', (account) => account.fill(0)],
    ['was made anew for another mint', (account) => account.writeUInt8(account[0]! ^ 1, 0)],
  ];
  test.each(cases)(
    'because it %s is no reason to freeze, and the request can be ended',
    (_, change) => {
      const world = new ExitWorld();
      payTo(world, change);
      expect(() => world.serve(3)).toThrow();
      world.chain.advance(DAY + 1);
      expect(() => world.freeze(3)).toThrow('notServable');
      world.reduce(3);
      expect(world.chain.exists(forcedAddress(world.exchange, 3))).toBe(false);
      expect(world.row(3).collateralMicroUsd).toBe(CAPITAL);
    },
  );

  test('because it is the vault itself is refused', () => {
    const world = new ExitWorld();
    const { exchange, mint, vault } = world;
    const owner = world.owners.get(3)!;
    const of = { exchange, mint, owner: owner.publicKey, accountId: 3, amountMicroUsd: CAPITAL };
    const request = requestForced({ ...of, destination: vault });
    expect(() => world.chain.send([request], [owner])).toThrow('wrongDestination');
    const authorisation = { ...world.authorise(3, 5n), destination: vault };
    expect(() => world.withdraw(authorisation)).toThrow();
  });
});

describe('the freeze', () => {
  test('needs a request older than the delay, of what can leave', () => {
    const world = new ExitWorld();
    world.request(3, CAPITAL);
    world.request(1, CAPITAL);
    expect(() => world.freeze(3)).toThrow('tooEarly');
    world.chain.advance(DAY);
    expect(() => world.freeze(3)).toThrow('tooEarly');
    world.chain.advance(1);
    world.showLife();
    // 1 asks for the margin of its position: that is no reason.
    expect(() => world.freeze(1)).toThrow('notServable');
    const { events } = world.freeze(3);
    expect(events).toMatchObject([{ kind: 'statusChanged', status: 3 }]);
    expect(() => world.freeze(3)).toThrow('alreadyFrozen');
  });

  test('does not ask for prices when nothing was settled for as long: a dead operator posts none', () => {
    const world = new ExitWorld();
    world.request(1, CAPITAL);
    world.chain.advance(DAY + 1);
    world.freeze(1);
    expect(world.state().status).toBe('frozen');
  });

  test('cannot be kept away by pausing', () => {
    const world = new ExitWorld();
    const { exchange, operator } = world;
    world.chain.send([pause({ exchange, authority: operator.publicKey })], [operator]);
    world.request(3, CAPITAL);
    world.chain.advance(DAY + 1);
    world.freeze(3);
    expect(world.state().status).toBe('frozen');
  });

  test('needs a request of this exchange', () => {
    const world = new ExitWorld();
    const { exchange } = world;
    const without = freeze({ exchange, accountId: 3, destination: world.vault, positions: [] });
    expect(() => world.chain.send([without], [])).toThrow('AccountNotInitialized');
    const other = new ExitWorld();
    other.request(3, CAPITAL);
    const foreign = Keypair.generate().publicKey;
    world.chain.write(
      foreign,
      without.programId,
      other.chain.read(forcedAddress(other.exchange, 3)),
    );
    without.keys[2]!.pubkey = foreign;
    world.chain.advance(DAY + 1);
    expect(() => world.chain.send([without], [])).toThrow('wrongExchange');
  });

  test('ends everything but the way out', () => {
    const world = new ExitWorld();
    const authorisation = world.authorise(3, 10n);
    world.freezeNow();
    world.setPrice(0, PRICE);
    const engine = new NaiveEngine();
    engine.trade(0, 1, 2, 10n, PRICE);
    const sections = engine.takeSections();
    expect(() => world.settle(sections)).toThrow('notActive');
    expect(() => world.deposit(3, 1n)).toThrow('notActive');
    expect(() =>
      world.withdraw({ ...authorisation, expiresAtSeconds: world.chain.nowSeconds + 9n }),
    ).toThrow('notActive');
    expect(() => world.request(2, CAPITAL)).toThrow('alreadyFrozen');
    expect(() => world.serve(3)).toThrow('notActive');
    expect(() => world.addMarket(plainMarket())).toThrow('alreadyFrozen');
    world.checkMoney();
  });
});

describe('exit prices', () => {
  test('are fixed after the freeze only, once, by a price from after it', () => {
    const world = new ExitWorld();
    expect(() => world.fixPrice(0)).toThrow('notFrozen');
    world.freezeNow();
    expect(() => world.fixPrice(0)).toThrow('stalePrice');
    world.setPrice(0, PRICE, { publishTimeSeconds: world.chain.nowSeconds - 5n });
    expect(() => world.fixPrice(0)).toThrow('stalePrice');
    // The oracle's own average counts, not the price of the moment.
    world.setPrice(0, 10_500, { average: 10_100_000_000n });
    const { events } = world.fixPrice(0);
    expect(events).toMatchObject([{ kind: 'exitPriceSet', slot: 0, priceTicks: 10_100n }]);
    expect(() => world.fixPrice(0)).toThrow('exitPriceFixed');
  });

  test('stay near the market’s own average; what that means widens with the hours', () => {
    const world = new ExitWorld();
    world.request(3, CAPITAL);
    world.chain.advance(DAY + 1);
    world.showLife();
    world.freeze(3);
    world.chain.advance(1);
    world.setPrice(0, PRICE, { average: 14_000_000_000n });
    expect(() => world.fixPrice(0)).toThrow('priceLeap');
    world.setPrice(0, 14_000);
    expect(() => world.fixPrice(0)).toThrow('priceLeap');
    world.chain.advance(3_600);
    world.setPrice(0, 14_000);
    world.fixPrice(0);
    expect(world.market(0).exitPriceTicks).toBe(14_000n);
  });

  test('without an oracle are the market’s own average, at once without positions, otherwise after days', () => {
    const world = new ExitWorld();
    world.freezeNow();
    world.fixPrice(1, null);
    const market = { exchange: world.exchange, slot: 0, priceAccount: null };
    expect(() => world.chain.send([fixExitPrice(market)], [])).toThrow('priceMissing');
    world.chain.advance(3 * DAY);
    world.chain.send([fixExitPrice(market)], []);
    expect(world.market(0).exitPriceTicks).toBe(BigInt(PRICE));
  });
});

describe('escapes', () => {
  test('pay every row what it is worth at the exit price, and leave nothing behind', () => {
    const world = new ExitWorld();
    world.freezeNow();
    expect(() => world.tally(1_024)).toThrow('exitNotReady');
    expect(() => world.escape(3)).toThrow('exitNotReady');
    world.prepareEscapes(11_000);
    expect(() => world.tally(1)).toThrow('exitNotReady');
    expect(() => world.escape(1, world.owners.get(2)!)).toThrow('wrongOwner');
    expect(world.escape(1)).toBe(CAPITAL + 10_000_000n);
    expect(world.escape(2)).toBe(CAPITAL - 10_000_000n);
    expect(world.escape(3)).toBe(CAPITAL);
    expect(() => world.escape(3)).toThrow('alreadyEscaped');
    expect(world.chain.tokensOf(world.vault)).toBe(0n);
  });

  test('share in proportion when losses are not covered, whoever comes first', () => {
    const world = new ExitWorld();
    world.freezeNow();
    // 2 is short 100 dollars at 100.00 with 100 dollars: at 300.00 it owes 100 dollars more than it has.
    world.chain.advance(20 * 3_600);
    world.prepareEscapes(30_000);
    const { exitClaimsMicroUsd, exitAssetsMicroUsd } = world.state();
    expect([exitClaimsMicroUsd, exitAssetsMicroUsd]).toEqual([4n * CAPITAL, 3n * CAPITAL]);
    expect(world.escape(3)).toBe((CAPITAL * 3n) / 4n);
    expect(world.escape(1)).toBe((3n * CAPITAL * 3n) / 4n);
    expect(() => world.escape(2)).toThrow('notEnoughFree');
    expect(world.chain.tokensOf(world.vault)).toBe(0n);
  });

  test('wait for the tally of all pages, which goes in steps', () => {
    const world = new ExitWorld();
    world.addPage(1);
    world.addUsers(1_500);
    world.deposit(1_500, 7_000_000n);
    world.freezeNow();
    world.setPrice(0, PRICE);
    world.fixPrice(0);
    world.fixPrice(1, null);
    expect(() => world.tally(10, 1)).toThrow('pageMissing');
    for (let step = 0; step < 4; step++) world.tally(256);
    expect(world.state()).toMatchObject({ talliedRows: 1_024n, isTallied: false });
    expect(() => world.escape(3)).toThrow('exitNotReady');
    expect(() => world.tally(10, 0)).toThrow('pageMissing');
    const { events } = world.tally(65_535, 1);
    expect(events).toMatchObject([
      {
        kind: 'exitTallied',
        claimsMicroUsd: 3n * CAPITAL + 7_000_000n,
        assetsMicroUsd: 3n * CAPITAL + 7_000_000n,
      },
    ]);
    expect(world.escape(1_500)).toBe(7_000_000n);
  });

  test('take the markets in their order, all of this exchange', () => {
    const world = new ExitWorld();
    world.freezeNow();
    world.prepareEscapes(PRICE);
    const { exchange, mint, chain } = world;
    const owner = world.owners.get(1)!;
    const destination = chain.createTokens(mint, owner.publicKey, 0n);
    const of = { exchange, mint, owner: owner.publicKey, accountId: 1, destination };
    expect(() => chain.send([escapeFunds({ ...of, marketCount: 0 })], [owner])).toThrow(
      'wrongMarket',
    );
    const swapped = escapeFunds({ ...of, marketCount: 2 });
    swapped.keys.splice(7, 2, swapped.keys[8]!, swapped.keys[7]!);
    expect(() => chain.send([swapped], [owner])).toThrow('exitNotReady');
    const foreign = Keypair.generate().publicKey;
    const other = new TestExchange();
    chain.write(foreign, swapped.programId, other.chain.read(marketAddress(other.exchange, 0)));
    const stranger = escapeFunds({ ...of, marketCount: 2 });
    stranger.keys[7]!.pubkey = foreign;
    expect(() => chain.send([stranger], [owner])).toThrow('wrongExchange');
  });
});
