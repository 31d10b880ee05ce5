import { readFileSync } from 'node:fs';
import anchor, { type Idl } from '@coral-xyz/anchor';
import { Keypair, type PublicKey, type TransactionInstruction } from '@solana/web3.js';
import { describe, expect, test } from 'vitest';
import { packageFile } from '../../main/package-root.js';
import { decodeExchange, decodeMarket, decodePageHeader, decodeRow } from './accounts.js';
import { marketAddress, PROGRAM_ID, pageAddress } from './addresses.js';
import * as admin from './admin-instructions.js';
import * as batches from './batch-instructions.js';
import { decodeEvent } from './events.js';
import * as exits from './exit-instructions.js';
import { failureNames, failureOfCode, failureOfLogs } from './failures.js';
import * as money from './money-instructions.js';
import * as setUp from './set-up-instructions.js';
import { PAGE_BYTES, PAGE_HEADER_BYTES, ROW_BYTES, STAGE_HEADER_BYTES } from './sizes.js';
import { DEFAULT_EXCHANGE_LIMITS, DEFAULT_MARKET_LIMITS } from './terms.js';
import { emptySection } from './testing/naive-engine.js';
import { plainMarket, TestExchange } from './testing/test-exchange.js';

interface IdlAccountMeta {
  name: string;
  writable?: boolean;
  signer?: boolean;
  address?: string;
}

interface IdlFile {
  address: string;
  instructions: { name: string; discriminator: number[]; accounts: IdlAccountMeta[] }[];
  accounts: { name: string; discriminator: number[] }[];
  events: { name: string; discriminator: number[] }[];
  errors: { code: number; name: string; msg: string }[];
}

const idl = JSON.parse(
  readFileSync(packageFile('programs/artifacts/plimsoll.json'), 'utf8'),
) as IdlFile;
const coder = new anchor.BorshCoder(idl as unknown as Idl);

const key = () => Keypair.generate().publicKey;
const exchange = key();
const of = {
  exchange,
  mint: key(),
  founder: key(),
  operator: key(),
  coSigner: key(),
  owner: key(),
  admin: key(),
  authority: key(),
  payer: key(),
  source: key(),
  destination: key(),
  feeDestination: key(),
  priceAccount: key(),
  accountId: 77,
  slot: 3,
  number: 5,
  index: 2,
  amountMicroUsd: 123_456n,
  validUntilSeconds: -9n,
  positions: [],
  sections: [],
  priceAccounts: new Map(),
  sequence: 11n,
  previousHash: new Uint8Array(32).fill(5),
  hash: new Uint8Array(32).fill(6),
  bytes: Uint8Array.of(1, 2, 3),
  length: 3,
  capacityBytes: 900,
  pageNumber: 1,
  marketCount: 0,
  rows: 300,
  limits: DEFAULT_EXCHANGE_LIMITS,
};
const authorisation = {
  exchange,
  accountId: 77,
  nonce: 8n,
  amountMicroUsd: 9n,
  destination: of.destination,
  expiresAtSeconds: 10n,
};
const terms = plainMarket();
const change = { kind: 'marketTiers', slot: 1, tiers: terms.tiers } as const;

const built: Record<string, TransactionInstruction> = {
  initialize: setUp.initialize(of),
  add_market: setUp.addMarket({ ...of, terms }),
  create_page: setUp.createPage(of)[0]!,
  grow_page: setUp.growPage(exchange, 5),
  create_user: setUp.createUser(of),
  deposit: money.deposit(of),
  fund_insurance: money.fundInsurance(of),
  settle_batch: batches.settleBatch(of),
  open_stage: batches.openStage(of)[0]!,
  grow_stage: batches.openStage(of)[1]!,
  begin_stage: batches.beginStage(of),
  write_stage: batches.writeStage(of)[0]!,
  commit_stage: batches.commitStage(of),
  abort_stage: batches.abortStage(of),
  close_stage: batches.closeStage(of),
  withdraw: money.withdraw({ ...of, authorisation }),
  transfer_collateral: withoutPages(
    money.transferCollateral({ ...of, fromAccountId: 77, toAccountId: 78 }),
  ),
  request_forced: exits.requestForced(of),
  serve_forced: exits.serveForced(of),
  reduce_forced: exits.reduceForced(of),
  cancel_forced: exits.cancelForced(of),
  freeze: exits.freeze(of),
  fix_exit_price: exits.fixExitPrice(of),
  tally: exits.tally(of),
  escape: exits.escapeFunds(of),
  propose_change: admin.proposeChange({ ...of, change }),
  apply_change: admin.applyChange(of),
  cancel_change: admin.cancelChange(of),
  pause: admin.pause(of),
  unpause: admin.unpause(of),
  sweep_fees: money.sweepFees(of),
};

/** Arguments as Anchor's client wants them. */
const big = (value: bigint | number) => new anchor.BN(value.toString());
const limits = {
  batch_notional_cap: big(of.limits.batchNotionalCapMicroUsd),
  sweep_cap: big(of.limits.sweepCapMicroUsd),
  forced_minimum: big(of.limits.forcedMinimumMicroUsd),
  freeze_delay_seconds: big(of.limits.freezeDelaySeconds),
  time_lock_seconds: big(of.limits.timeLockSeconds),
};
const tiers = terms.tiers.map((tier) => {
  return {
    floor: big(tier.floorMicroUsd),
    initial_ppm: tier.initialPpm,
    maintenance_ppm: tier.maintenancePpm,
  };
});
const marketTerms = {
  engine_market_id: terms.engineMarketId,
  symbol: [...Buffer.from(terms.symbol.padEnd(16, '\0'))],
  feed_id: [...terms.feedId],
  numerator: big(1),
  denominator: big(1),
  tick_mantissa: big(1),
  tick_exponent: -2,
  tiers,
  limits: {
    notional_cap: big(DEFAULT_MARKET_LIMITS.notionalCapMicroUsd),
    band_ppm: DEFAULT_MARKET_LIMITS.bandPpm,
    catch_up_ppm: DEFAULT_MARKET_LIMITS.catchUpPpm,
    jump_ppm: terms.limits.jumpPpm,
    fee_cap_ppm: DEFAULT_MARKET_LIMITS.feeCapPpm,
    payment_cap_ppm: DEFAULT_MARKET_LIMITS.paymentCapPpm,
    payment_window_seconds: DEFAULT_MARKET_LIMITS.paymentWindowSeconds,
    max_price_age_seconds: DEFAULT_MARKET_LIMITS.maxPriceAgeSeconds,
    max_confidence_ppm: DEFAULT_MARKET_LIMITS.maxConfidencePpm,
    average_seconds: DEFAULT_MARKET_LIMITS.averageSeconds,
  },
};
const previous = [5, 5, 5, 5, 5, 5, 5, 5];
const hash = [...of.hash];
const valid_until = big(-9);
const amount = big(of.amountMicroUsd);
const argumentsOf: Record<string, object> = {
  initialize: { operator: of.operator, co_signer: of.coSigner, limits },
  add_market: { slot: 3, terms: marketTerms },
  create_page: { number: 5 },
  create_user: { account: 77, owner: of.owner },
  deposit: { account: 77, amount },
  fund_insurance: { amount },
  settle_batch: { sequence: big(11), previous, bytes: Buffer.of(1, 2, 3) },
  open_stage: { index: 2, capacity: 900 },
  begin_stage: { sequence: big(11), length: 3, hash },
  write_stage: { sequence: big(11), chunk: 0, bytes: Buffer.of(1, 2, 3) },
  commit_stage: { sequence: big(11), previous, hash },
  withdraw: { account: 77, nonce: big(8), amount: big(9), expires_at: big(10) },
  transfer_collateral: { from: 77, to: 78, amount, number: 5 },
  request_forced: { account: 77, amount },
  tally: { rows: 300 },
  escape: { account: 77 },
  propose_change: { kind: { MarketTiers: { slot: 1, tiers } }, valid_until },
  unpause: { valid_until },
  sweep_fees: { amount },
};

describe('the program’s own description (IDL)', () => {
  test('has the same address, and no instruction without a builder', () => {
    expect(idl.address).toBe(PROGRAM_ID.toBase58());
    expect(Object.keys(built).sort()).toEqual(idl.instructions.map(({ name }) => name).sort());
  });

  test.each(idl.instructions)(
    'of $name has these bytes and these accounts',
    ({ name, accounts }) => {
      const instruction = built[name]!;
      const expected = coder.instruction.encode(name, argumentsOf[name] ?? {});
      expect(instruction.data.toString('hex')).toBe(expected.toString('hex'));
      expect(instruction.keys.length).toBe(accounts.length);
      for (const [index, account] of accounts.entries()) {
        const meta = instruction.keys[index]!;
        // The payer of a stage signs for all of its instructions; more rights than asked for do no harm.
        if (account.writable === true)
          expect([account.name, meta.isWritable]).toEqual([account.name, true]);
        expect([account.name, meta.isSigner]).toEqual([account.name, account.signer === true]);
        if (account.address !== undefined) expect(meta.pubkey.toBase58()).toBe(account.address);
      }
    },
  );

  test('names the same refusals in the same order', () => {
    const names = idl.errors.map(({ name }) => name.charAt(0).toLowerCase() + name.slice(1));
    expect(failureNames).toEqual(names);
    for (const { code, msg } of idl.errors) expect(failureOfCode(code)?.sentence).toBe(msg);
    expect(failureOfCode(5_999)).toBeNull();
    expect(failureOfCode(6_000 + names.length)).toBeNull();
  });

  test('has no event that is not decoded', () => {
    for (const { name, discriminator } of idl.events) {
      const longest = Uint8Array.from([...discriminator, ...new Uint8Array(200)]);
      expect(() => decodeEvent(longest), name).toThrow('bytes too many');
    }
    expect(decodeEvent(new Uint8Array(40))).toBeNull();
  });
});

describe('accounts on the chain', () => {
  const world = new TestExchange();
  world.addUsers(1_023);
  world.deposit(1_023, 5_000_000n);
  world.setPrice(0, 10_000);

  test('are read as Anchor’s client reads them', () => {
    const data = Buffer.from(world.chain.read(world.exchange));
    const theirs = coder.accounts.decode('Exchange', data);
    const ours = decodeExchange(data);
    expect(theirs.operator).toEqual(ours.operator);
    expect(theirs.fee_destination).toEqual(ours.feeDestination);
    expect(theirs.collateral.toString()).toBe(ours.collateralMicroUsd.toString());
    expect(theirs.time_lock_seconds.toString()).toBe(ours.limits.timeLockSeconds.toString());
    expect(theirs.page_count).toBe(ours.pageCount);
    expect(theirs.market_count).toBe(ours.marketCount);
    const market = Buffer.from(world.chain.read(marketAddress(world.exchange, 0)));
    const theirMarket = coder.accounts.decode('Market', market);
    const ourMarket = decodeMarket(market);
    expect(theirMarket.average_seconds).toBe(ourMarket.limits.averageSeconds);
    expect(theirMarket.tick_exponent).toBe(ourMarket.tickExponent);
    expect(theirMarket.engine_market_id).toBe(ourMarket.engineMarketId);
    expect(ourMarket).toMatchObject({ symbol: 'TEST-PERP', tiers: terms.tiers, slot: 0 });
  });

  test('have the lengths that are documented', () => {
    const page = world.chain.read(pageAddress(world.exchange, 0));
    expect(page.length).toBe(PAGE_BYTES);
    expect([PAGE_HEADER_BYTES, ROW_BYTES, PAGE_BYTES]).toEqual([48, 336, 344_112]);
    expect(decodePageHeader(page).number).toBe(0);
    expect(decodeRow(page, 1_023)?.owner).toEqual(world.owners.get(1_023)!.publicKey);
    expect(decodeRow(page, 1_022)).toBeNull();
    expect(() => decodeRow(page, 1_024)).toThrow('accountId 1024 is not on page 0');
    const stage = batches.openStage({
      ...world.nextBatch([emptySection(0)]),
      index: 0,
      capacityBytes: 1,
    });
    world.chain.send(stage, [world.operator]);
    const at = stage[1]!.keys[0]!.pubkey;
    expect(world.chain.read(at).length).toBe(STAGE_HEADER_BYTES + 1);
  });

  test('of another kind are refused', () => {
    const data = world.chain.read(world.exchange);
    expect(() => decodeMarket(data)).toThrow('account is no Market account');
    expect(() => decodeExchange(data.slice(0, -1))).toThrow('ends after');
    expect(() =>
      decodeRow(world.chain.read(pageAddress(world.exchange, 0)).slice(0, 10_240), 1),
    ).toThrow('not grown');
  });
});

test('a refusal is found in a log only when this program has said it', () => {
  const line = (program: PublicKey | string) =>
    `Program ${program} failed: custom program error: 0x1770`;
  expect(failureOfLogs([line(PROGRAM_ID.toBase58())])?.name).toBe('overflow');
  expect(failureOfLogs([line(key().toBase58())])).toBeNull();
  expect(failureOfLogs([])).toBeNull();
});

/** Pages stand behind the accounts that the description names. */
function withoutPages(instruction: TransactionInstruction): TransactionInstruction {
  instruction.keys.splice(3);
  return instruction;
}
