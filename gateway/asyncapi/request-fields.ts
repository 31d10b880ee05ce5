import { SUB_ACCOUNTS_MAX } from '../../engine/shard/sub-account-rules.js';
import { DISTRIBUTIONS, ENUM_FIELDS } from '../protocol/names.js';
import type { RequestName } from '../protocol/requests.js';
import {
  CLIENT_ID,
  choice,
  DECIMAL_TEXT,
  FLAG,
  type Form,
  ID,
  integer,
  listOf,
  NAMED_MARKET,
  same,
  TEXT,
  UINT,
  UNSIGNED_TEXT,
} from './forms.js';

const DAY_MS = 86_400_000;

/** Forms of fields by name; every other field is decimal text without a sign. */
const FORMS: Readonly<Record<string, Form>> = {
  ...Object.fromEntries(Object.entries(ENUM_FIELDS).map(([name, names]) => [name, choice(names)])),
  distribution: choice(DISTRIBUTIONS),
  market: NAMED_MARKET,
  clientOrderId: CLIENT_ID,
  targetClientOrderId: CLIENT_ID,
  ocoClientOrderId: CLIENT_ID,
  orderId: ID,
  targetOrderId: ID,
  ocoOrderId: ID,
  auctionId: ID,
  accountId: ID,
  from: ID,
  to: ID,
  number: integer(1, SUB_ACCOUNTS_MAX),
  idempotencyKey: TEXT,
  reduceOnly: FLAG,
  closePosition: FLAG,
  enabled: FLAG,
  expiresAt: ID,
  deadline: ID,
  timestamp: ID,
  recvWindow: integer(1, 60_000),
  leverage: integer(1, 1_000),
  count: integer(2, 50),
  timeout: integer(0, DAY_MS),
  duration: ID,
  slices: integer(2, 2_880),
  interval: ID,
  amount: DECIMAL_TEXT,
  publicKey: TEXT,
  apiKey: TEXT,
  challenge: TEXT,
  signature: TEXT,
  time: UINT,
  channel: TEXT,
  epoch: UINT,
  sequence: UINT,
  label: TEXT,
  permissions: same(listOf({ type: 'string', enum: ['read', 'trade', 'withdraw', 'manage'] })),
  addresses: same(listOf({ type: 'string' })),
};

const REQUIRED: Readonly<Partial<Record<RequestName, readonly string[]>>> = {
  place: ['market', 'side'],
  cancel: ['market'],
  amend: ['market'],
  replace: ['market', 'side', 'qty'],
  cancelAllAfter: ['timeout'],
  setLeverage: ['market', 'leverage'],
  placeScaled: ['market', 'side', 'price', 'lastPrice', 'qty', 'count'],
  placeTwap: ['market', 'side', 'qty', 'duration'],
  setMarginMode: ['market', 'marginMode'],
  moveMargin: ['market', 'amount'],
  transfer: ['to', 'amount'],
  takeOver: ['market', 'auctionId', 'qty', 'price'],
  login: ['challenge', 'time', 'signature'],
  subscribe: ['channel'],
  unsubscribe: ['channel'],
  setCancelOnDisconnect: ['enabled'],
  createKey: ['permissions'],
  revokeKey: ['apiKey'],
  orderStatus: ['market'],
  batch: ['requests'],
};

export function requestFormOf(field: string): Form {
  return FORMS[field] ?? UNSIGNED_TEXT;
}

export function isRequired(request: RequestName, field: string): boolean {
  return REQUIRED[request]?.includes(field) === true;
}
