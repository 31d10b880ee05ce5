import {
  ACCOUNT_ID_MAX,
  MARKET_ID_ALL,
  PPM_ONE,
  PRICE_TICKS_MAX,
} from '../../engine/units/units.js';
import { putInteger, takeInteger } from './integer-fields.js';
import { PackError, within } from './pack-error.js';
import { bytesLeft } from './pack-header.js';
import type { AccountItem, MarketListed } from './pack-types.js';

type Kind = AccountItem['kind'];

const NO_CASH_KEY = '0'.repeat(32);

/** Before each item: 0 u8 kind, 1 zero, 2 u16 market or 0, 4 u32 account or 0, 8 i64 time, 16 i64 sequence. */
const PREFIX_BYTES = 24;
const KEY_BYTES = 32;
const SYMBOL_BYTES = 16;
const CASH_KEY_BYTES = 16;

/** By kind: number on the wire, bytes behind the prefix, whether it names an account and a market. */
interface Shape {
  number: number;
  bytes: number;
  account: boolean;
  market: boolean;
}

const SHAPES: Readonly<Record<Kind, Shape>> = {
  accountCreated: { number: 1, bytes: 40, account: true, market: false },
  marketListed: { number: 2, bytes: 56, account: false, market: true },
  balance: { number: 3, bytes: 32, account: true, market: false },
  funding: { number: 4, bytes: 8, account: true, market: true },
  insurance: { number: 5, bytes: 8, account: true, market: true },
  insuranceFunded: { number: 6, bytes: 24, account: false, market: true },
  transfer: { number: 7, bytes: 16, account: true, market: false },
};
const KINDS = new Map(Object.entries(SHAPES).map(([kind, { number }]) => [number, kind as Kind]));

/** Fields of a listing behind its symbol, u32 each, with what they have to be. */
const LISTING: readonly [Exclude<keyof MarketListed, 'kind' | 'symbol'>, number, number][] = [
  ['tickMantissa', 1, PRICE_TICKS_MAX],
  ['tickDecimals', 0, 12],
  ['lotMantissa', 1, PRICE_TICKS_MAX],
  ['lotDecimals', 0, 12],
  ['microUsdNumerator', 1, 2 ** 31],
  ['microUsdDenominator', 1, 2 ** 31],
  ['priceTicksMax', 1, PRICE_TICKS_MAX],
  ['priceBandPpm', 1, PPM_ONE],
  ['initialMarginPpm', 1, PPM_ONE],
  ['maintenanceMarginPpm', 1, PPM_ONE],
];

export function accountItemBytes({ kind }: AccountItem): number {
  return PREFIX_BYTES + SHAPES[kind].bytes;
}

/** Returns where the next item begins. */
export function putAccountItem(view: DataView, at: number, item: AccountItem): number {
  const shape = SHAPES[item.kind];
  view.setUint8(at, shape.number);
  if ('marketId' in item) view.setUint16(at + 2, marketId(item.marketId, true), true);
  if ('accountId' in item) view.setUint32(at + 4, accountId(item.accountId, true), true);
  putInteger(view, at + 8, 'timeMs', within('timeMs', item.timeMs, 0, Number.MAX_SAFE_INTEGER));
  putInteger(view, at + 16, 'sequence', sequence(item.sequence));
  const body = at + PREFIX_BYTES;
  switch (item.kind) {
    case 'accountCreated':
      view.setUint32(body, within('parentId', item.parentId, 0, ACCOUNT_ID_MAX), true);
      putKey(view, body + 4, item.publicKey);
      break;
    case 'marketListed':
      putSymbol(view, body, item.symbol);
      LISTING.forEach(([field, least, most], i) => {
        const place = body + SYMBOL_BYTES + i * 4;
        view.setUint32(place, within(field, item[field], least, most), true);
      });
      break;
    case 'balance':
      putInteger(view, body, 'changeMicroUsd', item.changeMicroUsd);
      putInteger(view, body + 8, 'collateralMicroUsd', item.collateralMicroUsd);
      putCashKey(view, body + 16, item.cashKey);
      break;
    case 'transfer':
      view.setUint32(body, accountId(item.toAccountId, true), true);
      putInteger(view, body + 8, 'amountMicroUsd', amount(item.amountMicroUsd));
      break;
    case 'insuranceFunded':
      putInteger(view, body, 'changeMicroUsd', item.changeMicroUsd);
      putCashKey(view, body + 8, item.cashKey);
      break;
    default:
      putInteger(view, body, 'paymentMicroUsd', item.paymentMicroUsd);
  }
  return body + shape.bytes;
}

export function takeAccountItem(view: DataView, at: number): { item: AccountItem; next: number } {
  if (bytesLeft(view, at) < PREFIX_BYTES) throw endsEarly();
  const number = view.getUint8(at);
  const kind = KINDS.get(number);
  if (kind === undefined) {
    throw new PackError('unknown_kind', `an item of kind ${number} is not known`);
  }
  const shape = SHAPES[kind];
  const body = at + PREFIX_BYTES;
  const next = body + shape.bytes;
  if (bytesLeft(view, next) < 0) throw endsEarly();
  within('the reserved byte', view.getUint8(at + 1), 0, 0);
  const ids = {
    marketId: marketId(view.getUint16(at + 2, true), shape.market),
    accountId: accountId(view.getUint32(at + 4, true), shape.account),
  };
  const timeMs = within('timeMs', takeInteger(view, at + 8, 'timeMs'), 0, Number.MAX_SAFE_INTEGER);
  const origin = { timeMs, sequence: sequence(takeInteger(view, at + 16, 'sequence')) };
  return { item: takeBody(view, body, kind, origin, ids), next };
}

function takeBody(
  view: DataView,
  at: number,
  kind: Kind,
  origin: { timeMs: number; sequence: number },
  { marketId, accountId }: { marketId: number; accountId: number },
): AccountItem {
  switch (kind) {
    case 'accountCreated': {
      const parentId = within('parentId', view.getUint32(at, true), 0, ACCOUNT_ID_MAX);
      return { kind, ...origin, accountId, parentId, publicKey: takeKey(view, at + 4) };
    }
    case 'marketListed': {
      const fields = LISTING.map(([field, least, most], i) => {
        const value = view.getUint32(at + SYMBOL_BYTES + i * 4, true);
        return [field, within(field, value, least, most)];
      });
      const listing = Object.fromEntries(fields) as Omit<MarketListed, 'kind' | 'symbol'>;
      return { kind, ...origin, ...listing, marketId, symbol: takeSymbol(view, at) };
    }
    case 'balance': {
      const changeMicroUsd = takeInteger(view, at, 'changeMicroUsd');
      const collateralMicroUsd = takeInteger(view, at + 8, 'collateralMicroUsd');
      const cashKey = takeCashKey(view, at + 16);
      return { kind, ...origin, accountId, changeMicroUsd, collateralMicroUsd, cashKey };
    }
    case 'transfer': {
      const toAccountId = namedAccount(view.getUint32(at, true));
      within('the reserved word', view.getUint32(at + 4, true), 0, 0);
      const amountMicroUsd = amount(takeInteger(view, at + 8, 'amountMicroUsd'));
      return { kind, ...origin, accountId, toAccountId, amountMicroUsd };
    }
    case 'insuranceFunded': {
      const changeMicroUsd = takeInteger(view, at, 'changeMicroUsd');
      return { kind, ...origin, marketId, changeMicroUsd, cashKey: takeCashKey(view, at + 8) };
    }
    default: {
      const paymentMicroUsd = takeInteger(view, at, 'paymentMicroUsd');
      return { kind, ...origin, accountId, marketId, paymentMicroUsd };
    }
  }
}

function marketId(value: number, isNamed: boolean): number {
  return within('marketId', value, isNamed ? 1 : 0, isNamed ? MARKET_ID_ALL - 1 : 0);
}

function accountId(value: number, isNamed: boolean): number {
  return within('accountId', value, isNamed ? 1 : 0, isNamed ? ACCOUNT_ID_MAX : 0);
}

function namedAccount(value: number): number {
  return accountId(value, true);
}

function amount(value: number): number {
  return within('amountMicroUsd', value, 1, Number.MAX_SAFE_INTEGER);
}

function sequence(value: number): number {
  return within('sequence', value, 1, Number.MAX_SAFE_INTEGER);
}

/** u32 1 with the key, or 0 with zeros. */
function putKey(view: DataView, at: number, key: Uint8Array | null): void {
  if (key === null) return;
  within('length of publicKey', key.length, KEY_BYTES, KEY_BYTES);
  view.setUint32(at, 1, true);
  new Uint8Array(view.buffer, view.byteOffset + at + 4, KEY_BYTES).set(key);
}

function takeKey(view: DataView, at: number): Uint8Array | null {
  const has = within('presence of publicKey', view.getUint32(at, true), 0, 1);
  const key = new Uint8Array(view.buffer, view.byteOffset + at + 4, KEY_BYTES).slice();
  if (has === 1) return key;
  if (key.some((byte) => byte !== 0)) {
    throw new PackError('out_of_range', 'publicKey must be zeros where there is none');
  }
  return null;
}

/** Zeros: none. */
function putCashKey(view: DataView, at: number, key: string | null): void {
  if (key === null) return;
  if (!/^[0-9a-f]{32}$/.test(key) || key === NO_CASH_KEY) {
    const shown = JSON.stringify(key);
    throw new PackError(
      'out_of_range',
      `cashKey must be 32 digits of 0-9 and a-f, but is ${shown}`,
    );
  }
  new Uint8Array(view.buffer, view.byteOffset + at, CASH_KEY_BYTES).set(Buffer.from(key, 'hex'));
}

function takeCashKey(view: DataView, at: number): string | null {
  const bytes = new Uint8Array(view.buffer, view.byteOffset + at, CASH_KEY_BYTES);
  const key = Buffer.from(bytes).toString('hex');
  return key === NO_CASH_KEY ? null : key;
}

function putSymbol(view: DataView, at: number, symbol: string): void {
  checkSymbol(symbol);
  for (let i = 0; i < symbol.length; i++) view.setUint8(at + i, symbol.charCodeAt(i));
}

function takeSymbol(view: DataView, at: number): string {
  const bytes = new Uint8Array(view.buffer, view.byteOffset + at, SYMBOL_BYTES);
  const text = String.fromCharCode(...bytes).replace(/\0+$/, '');
  checkSymbol(text);
  return text;
}

function checkSymbol(symbol: string): void {
  if (/^[A-Z0-9-]{1,16}$/.test(symbol)) return;
  const shown = JSON.stringify(symbol);
  throw new PackError('out_of_range', `symbol must be 1 to 16 of A-Z, 0-9 and -, but is ${shown}`);
}

function endsEarly(): PackError {
  return new PackError('truncated', 'the last item of the pack is cut off');
}
