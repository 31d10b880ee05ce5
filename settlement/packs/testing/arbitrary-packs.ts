import fc from 'fast-check';
import {
  ACCOUNT_ID_MAX,
  PPM_ONE,
  PRICE_TICKS_MAX,
  QTY_LOTS_MAX,
} from '../../../engine/units/units.js';
import type { AccountItem, AccountPack, MarketItem, MarketPack, Pack } from '../pack-types.js';

const wide = fc.maxSafeInteger().map((value) => value + 0);
const natural = fc.maxSafeNat();
const account = fc.integer({ min: 1, max: ACCOUNT_ID_MAX });
const market = fc.integer({ min: 1, max: 0xfffe });
const positive = (max: number) => fc.integer({ min: 1, max });

export const marketItem: fc.Arbitrary<MarketItem> = fc
  .record({
    kind: fc.constantFrom('fill', 'takeOver', 'deleveraging', 'settlement'),
    trade: positive(Number.MAX_SAFE_INTEGER),
    timeMs: natural,
    priceTicks: positive(PRICE_TICKS_MAX),
    qtyLots: positive(QTY_LOTS_MAX),
    takerSide: fc.constantFrom(0, 1),
    isLiquidation: fc.boolean(),
    accounts: fc.tuple(account, account),
    money: fc.tuple(wide, wide, wide, wide, wide, wide),
  })
  .map(({ kind, trade, accounts, money, ...rest }) => {
    const bought = rest.takerSide === 0 ? rest.qtyLots : -rest.qtyLots;
    const sides = [0, 1].map((i) => ({
      accountId: accounts[i] as number,
      deltaLots: i === 0 ? -bought : bought,
      deltaEntryTickLots: money[i * 3] as number,
      realizedMicroUsd: money[i * 3 + 1] as number,
      feeMicroUsd: money[i * 3 + 2] as number,
    }));
    const [maker, taker] = sides;
    return {
      kind,
      tradeSequence: kind === 'fill' ? trade : 0,
      ...rest,
      maker,
      taker,
    } as MarketItem;
  });

const origin = { timeMs: natural, sequence: positive(Number.MAX_SAFE_INTEGER) };
const ofKind = <K extends AccountItem['kind']>(kind: K) => ({ kind: fc.constant(kind), ...origin });
const cashKey = fc.option(fc.stringMatching(/^[0-9a-f]{32}$/).filter((key) => /[^0]/.test(key)));
export const accountItem = fc.oneof(
  fc.record({
    ...ofKind('accountCreated'),
    accountId: account,
    parentId: fc.integer({ min: 0, max: ACCOUNT_ID_MAX }),
    publicKey: fc.option(fc.uint8Array({ minLength: 32, maxLength: 32 })),
  }),
  fc.record({
    ...ofKind('marketListed'),
    marketId: market,
    symbol: fc.stringMatching(/^[A-Z0-9-]{1,16}$/),
    tickMantissa: positive(PRICE_TICKS_MAX),
    tickDecimals: fc.integer({ min: 0, max: 12 }),
    lotMantissa: positive(PRICE_TICKS_MAX),
    lotDecimals: fc.integer({ min: 0, max: 12 }),
    microUsdNumerator: positive(2 ** 31),
    microUsdDenominator: positive(2 ** 31),
    priceTicksMax: positive(PRICE_TICKS_MAX),
    priceBandPpm: positive(PPM_ONE),
    initialMarginPpm: positive(PPM_ONE),
    maintenanceMarginPpm: positive(PPM_ONE),
  }),
  fc.record({
    ...ofKind('balance'),
    accountId: account,
    changeMicroUsd: wide,
    collateralMicroUsd: wide,
    cashKey,
  }),
  fc.record({
    ...ofKind('transfer'),
    accountId: account,
    toAccountId: account,
    amountMicroUsd: positive(Number.MAX_SAFE_INTEGER),
  }),
  fc.record({ ...ofKind('funding'), accountId: account, marketId: market, paymentMicroUsd: wide }),
  fc.record({
    ...ofKind('insurance'),
    accountId: account,
    marketId: market,
    paymentMicroUsd: wide,
  }),
  fc.record({ ...ofKind('insuranceFunded'), marketId: market, changeMicroUsd: wide, cashKey }),
) as fc.Arbitrary<AccountItem>;

const numbers = fc
  .record({
    shardId: fc.integer({ min: 0, max: 2 ** 32 - 1 }),
    epoch: natural,
    firstItem: positive(2 ** 50),
    sequences: fc.tuple(natural, natural),
    timeMs: natural,
  })
  .map(({ sequences: [a, b], ...rest }) => {
    return { ...rest, firstSequence: Math.min(a, b), lastSequence: Math.max(a, b) };
  });

export const marketPack: fc.Arbitrary<MarketPack> = fc
  .record({ numbers, marketId: market, items: fc.array(marketItem, { minLength: 1 }) })
  .map(({ numbers, marketId, items }) => {
    const lastItem = numbers.firstItem + items.length - 1;
    return { kind: 'market', marketId, ...numbers, lastItem, items };
  });
export const accountPack: fc.Arbitrary<AccountPack> = fc
  .record({ numbers, items: fc.array(accountItem) })
  .map(({ numbers, items }) => {
    return { kind: 'account', ...numbers, lastItem: numbers.firstItem + items.length - 1, items };
  });
const ticks = fc.integer({ min: 0, max: PRICE_TICKS_MAX });
const pricePack = fc.record({
  kind: fc.constant('price' as const),
  marketId: market,
  shardId: fc.integer({ min: 0, max: 2 ** 32 - 1 }),
  sequence: natural,
  timeMs: natural,
  indexTicks: ticks,
  markTicks: ticks,
  publishTimeMs: wide,
});
export const anyPack: fc.Arbitrary<Pack> = fc.oneof(marketPack, accountPack, pricePack);
