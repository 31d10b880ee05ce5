import { absOf, maxOf } from '../../engine/units/division.js';
import { microUsdCeil } from '../../risk/arithmetic/tick-lot-value.js';
import type { Holding } from '../../risk/requirement/account-margin.js';
import type { OpenOrder } from '../../risk/requirement/open-orders.js';
import {
  money,
  moneyNotNegativeOrNull,
  moneyOrNull,
  PRICE,
  PRICE_OR_ZERO,
  refuseAbove,
  SIZE,
  SIZE_SIGNED,
  ticksOf,
} from './amounts.js';
import type { Exact } from './exact.js';
import { Fields } from './fields.js';
import {
  lotsOf,
  type MarketDocument,
  readMarketDocument,
  refuseOffTick,
  type ScaledMarket,
  scaleMarket,
} from './market-document.js';

/** A position of the document, with the holding that it became. */
export interface DocumentPosition {
  marketName: string;
  scaled: ScaledMarket;
  holding: Holding;
  /** Micro-USD; null in cross margin. */
  isolatedCollateral: bigint | null;
}

/** An order that is asked about and not placed. */
export interface NewOrder {
  holding: Holding;
  order: OpenOrder;
  scaled: ScaledMarket;
}

export interface MarginDocument {
  collateralMicroUsd: bigint;
  /** Also of markets with orders and no position. */
  holdings: readonly Holding[];
  positions: readonly DocumentPosition[];
  newOrder: NewOrder | null;
  /** Micro-USD that somebody wants to take out; null when nothing is asked. */
  withdrawalMicroUsd: bigint | null;
}

const KNOWN = [
  ...['marginMode', 'collateral', 'markets', 'positions', 'orders'],
  ...['newOrder', 'withdrawal'],
];
const POSITION_KNOWN = ['market', 'size', 'entryPrice', 'isolatedCollateral'];
const ORDER_KNOWN = ['market', 'side', 'price', 'quantity', 'reduceOnly'];

/** A position or order, in decimals, with its market by name. */
interface Placed {
  fields: Fields;
  name: string;
  market: MarketDocument;
  price: Exact;
  size: Exact;
}

export function readMarginDocument(value: unknown): MarginDocument {
  const fields = new Fields(value, '', KNOWN);
  const mode = fields.word('marginMode', ['cross', 'isolated'], 'cross');
  const collateralMicroUsd = money(fields, 'collateral');
  const markets = readMarkets(fields);
  const positions = (fields.listOrNull('positions') ?? []).map((each, index) =>
    readPosition(each, `positions[${index}]`, markets),
  );
  const orders = (fields.listOrNull('orders') ?? []).map((each, index) =>
    readOrder(each, `orders[${index}]`, markets),
  );
  const scaled = scaleAll(markets, [...positions]);
  const placed = positions.map((each) => placePosition(each, scaledOf(scaled, each), mode));
  refuseTwice(placed, positions);
  const holdings = placed.map(({ holding }) => holding);
  const holdingOf = (order: Placed): Holding => {
    const { market } = scaledOf(scaled, order);
    const there = holdings.filter((holding) => holding.market === market);
    const found = there.find(({ isIsolated }) => !isIsolated) ?? there[0];
    if (found !== undefined) return found;
    const position = { lots: 0n, entryValueTickLots: 0n };
    const flat: Holding = { market, position, orders: [], isIsolated: false };
    holdings.push(flat);
    return flat;
  };
  for (const order of orders) {
    const open = openOrder(order, scaledOf(scaled, order));
    const holding = holdingOf(order);
    holding.orders = [...holding.orders, open];
  }
  const newOrder = fields.has('newOrder')
    ? readOrder(fields.raw('newOrder'), 'newOrder', markets)
    : null;
  return {
    collateralMicroUsd,
    holdings,
    positions: placed,
    newOrder: newOrder && {
      holding: holdingOf(newOrder),
      order: openOrder(newOrder, scaledOf(scaled, newOrder)),
      scaled: scaledOf(scaled, newOrder),
    },
    withdrawalMicroUsd: moneyNotNegativeOrNull(fields, 'withdrawal'),
  };
}

function readMarkets(fields: Fields): Map<string, MarketDocument> {
  const entries = fields.entries('markets');
  return new Map(
    entries.map(([name, value]) => [name, readMarketDocument(value, `markets.${name}`)]),
  );
}

function marketOf(fields: Fields, markets: ReadonlyMap<string, MarketDocument>) {
  const name = fields.text('market');
  const known = [...markets.keys()].join(', ') || 'none';
  const market =
    markets.get(name) ?? fields.fail('market', `must be one of ${known}, but is '${name}'`);
  return { name, market };
}

function readPosition(
  value: unknown,
  path: string,
  markets: ReadonlyMap<string, MarketDocument>,
): Placed {
  const fields = new Fields(value, path, POSITION_KNOWN);
  const price = fields.decimal('entryPrice', PRICE_OR_ZERO);
  const size = fields.decimal('size', SIZE_SIGNED);
  return { fields, ...marketOf(fields, markets), price, size };
}

function readOrder(
  value: unknown,
  path: string,
  markets: ReadonlyMap<string, MarketDocument>,
): Placed {
  const fields = new Fields(value, path, ORDER_KNOWN);
  const placed = { fields, ...marketOf(fields, markets) };
  const price = fields.decimal('price', PRICE);
  refuseOffTick(price, placed.market, fields.pathOf('price'));
  return { ...placed, price, size: fields.decimal('quantity', SIZE) };
}

function scaleAll(
  markets: ReadonlyMap<string, MarketDocument>,
  positions: readonly Placed[],
): ReadonlyMap<string, ScaledMarket> {
  const scaled = new Map<string, ScaledMarket>();
  for (const [name, market] of markets) {
    const prices = positions.filter((each) => each.name === name).map(({ price }) => price);
    scaled.set(name, scaleMarket(market, prices));
  }
  return scaled;
}

function scaledOf(scaled: ReadonlyMap<string, ScaledMarket>, { name }: Placed): ScaledMarket {
  return scaled.get(name) as ScaledMarket;
}

function placePosition(
  { fields, market: document, name, price, size }: Placed,
  scaled: ScaledMarket,
  mode: 'cross' | 'isolated',
): DocumentPosition {
  const { market, priceDecimals } = scaled;
  const isolatedCollateral = moneyOrNull(fields, 'isolatedCollateral');
  if (mode === 'isolated' && isolatedCollateral === null) {
    fields.fail('isolatedCollateral', 'is missing, and marginMode is isolated');
  }
  const lots = lotsOf(size, document.lot, fields.pathOf('size'));
  const entryTicks = ticksOf(price, priceDecimals, fields.pathOf('entryPrice'));
  const highest = maxOf(entryTicks, market.markTicks);
  const worth = microUsdCeil(absOf(lots) * highest, market.tickLot);
  refuseAbove(worth, `${fields.pathOf('size')} × price`);
  const position = { lots, entryValueTickLots: lots * entryTicks };
  const holding = { market, position, orders: [], isIsolated: isolatedCollateral !== null };
  return { marketName: name, scaled, holding, isolatedCollateral };
}

function openOrder(
  { fields, market: document, price, size }: Placed,
  { market, priceDecimals }: ScaledMarket,
): OpenOrder {
  const isBuy = fields.word('side', ['buy', 'sell']) === 'buy';
  const lots = lotsOf(size, document.lot, fields.pathOf('quantity'));
  const priceTicks = ticksOf(price, priceDecimals, fields.pathOf('price'));
  const highest = maxOf(priceTicks, market.markTicks);
  const worth = microUsdCeil(lots * highest, market.tickLot);
  refuseAbove(worth, `${fields.pathOf('quantity')} × price`);
  return { isBuy, priceTicks, lots, reduceOnly: fields.flag('reduceOnly') };
}

/** An account has one position in a market; an isolated one beside it is another. */
function refuseTwice(placed: readonly DocumentPosition[], given: readonly Placed[]): void {
  const seen = new Set<string>();
  for (const [index, { holding, marketName }] of placed.entries()) {
    const mode = holding.isIsolated ? 'isolated' : 'cross';
    const key = `${mode} ${marketName}`;
    if (seen.has(key)) {
      (given[index] as Placed).fields.fail(
        'market',
        `must not be in ${mode} margin twice, but ${marketName} is`,
      );
    }
    seen.add(key);
  }
}
