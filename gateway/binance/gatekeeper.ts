import { MAY_READ, MAY_TRADE } from '../identity/permissions.js';
import type { AllowanceTable } from '../session/allowances.js';
import type { ClientOrigin } from '../session/client-address.js';
import type { Bucket } from '../session/token-bucket.js';
import type { Authentication, Identity } from './authentication.js';
import { ERRORS } from './errors.js';
import type { Histories } from './histories.js';
import type { AccountCall } from './order-requests.js';
import type { Parameters } from './parameters.js';
import type { Route, RouteCall } from './routes.js';

/** Addresses, and accounts, whose minutes are counted. */
const COUNTERS_MAX = 20_000;
const MINUTE_MS = 60_000;

/** What a request shows of its sender. */
export interface Credentials {
  readonly apiKey: string | undefined;
  /** Spellings of what may have been signed. */
  readonly payloads: () => readonly string[];
  /** Key of a session that is logged in; empty: none, the request has to be signed. */
  readonly sessionKey: string;
  readonly origin: ClientOrigin;
}

/** Requests of an address, and orders of an account, in the present minute. */
export interface Usage {
  weight: number;
  orders: number | null;
}

export interface GatekeeperContext {
  readonly authentication: Authentication;
  readonly histories: Histories;
  /** Of accounts; all doors draw from them. */
  readonly allowances: AllowanceTable<number>;
  /** Of addresses without an account. */
  readonly addresses: AllowanceTable<string>;
  readonly exchangeTimeMs: () => number;
  /** Takes in what the shards have sent already. */
  readonly catchUp: () => void;
}

/** Of the present minute. */
interface Counter {
  minute: number;
  count: number;
}

/** Lets requests in: who sends them, may he, and does he not ask for too much. */
export class Gatekeeper {
  private readonly context: GatekeeperContext;
  /** Of addresses without an account, and what each of them has asked. */
  private readonly addresses: AllowanceTable<string>;
  private readonly requests = new Map<string, Counter>();
  private readonly orders = new Map<number, Counter>();

  constructor(context: GatekeeperContext) {
    this.context = context;
    this.addresses = context.addresses;
  }

  /**
   * Gives what the route's handler is called with; refusals are thrown. Who is known has the allowance of his account, wherever he
   * comes from: many may come from one address, that of a proxy. All others, and signatures that are wrong, have that of the address.
   */
  admit(route: Route, parameters: Parameters, credentials: Credentials): RouteCall {
    const { security } = route;
    this.context.catchUp();
    const clockMs = performance.now();
    const { charged } = credentials.origin;
    const bucket = this.addresses.of(charged, clockMs);
    count(counterOf(this.requests, charged));
    if (security === 'none' || security === 'key') {
      if (!bucket.take(1, clockMs)) throw ERRORS.tooManyRequests();
      if (security === 'none') return { parameters, account: null, accountId: 0, apiKey: '' };
      return { parameters, account: null, ...this.keyed(credentials) };
    }
    const identity = this.identified(bucket, parameters, credentials, security);
    this.spend(identity.account, security, 1);
    const account = this.callOf(identity, parameters, security);
    return { parameters, account, accountId: identity.account, apiKey: '' };
  }

  /** A message that is no request of an account has the allowance of its address. */
  charge({ charged }: ClientOrigin): void {
    const clockMs = performance.now();
    count(counterOf(this.requests, charged));
    if (!this.addresses.of(charged, clockMs).take(1, clockMs)) throw ERRORS.tooManyRequests();
  }

  /** For the headers of the answer. */
  usage({ charged }: ClientOrigin, account: number): Usage {
    const orders = this.orders.get(account);
    return {
      weight: counted(this.requests.get(charged)),
      orders: orders === undefined ? null : counted(orders),
    };
  }

  /** Of a session, or of a key that was issued. */
  private keyed({ apiKey, sessionKey, origin: { address } }: Credentials) {
    const key = sessionKey !== '' && apiKey === '' ? sessionKey : apiKey;
    const use = { permission: MAY_READ, address };
    return { accountId: this.context.authentication.keyed(key, use), apiKey: key as string };
  }

  private identified(
    bucket: Bucket,
    parameters: Parameters,
    credentials: Credentials,
    security: string,
  ): Identity {
    try {
      return this.identify(parameters, credentials, security);
    } catch (error) {
      if (bucket.take(1, performance.now())) throw error;
      throw ERRORS.tooManyRequests();
    }
  }

  private identify(
    parameters: Parameters,
    { apiKey, payloads, sessionKey, origin: { address } }: Credentials,
    security: string,
  ): Identity {
    const { authentication } = this.context;
    const trades = security === 'change' || security === 'cancel';
    const use = { permission: trades ? MAY_TRADE : MAY_READ, address };
    // Within a session only what carries a signature is checked for one.
    if (sessionKey !== '' && !parameters.has('signature')) {
      return authentication.timed(sessionKey, parameters, use);
    }
    return authentication.signed(apiKey, parameters, payloads, security === 'change', use);
  }

  private spend(account: number, security: string, items: number): void {
    if (items < 1) return;
    const clockMs = performance.now();
    if (security === 'change') count(counterOf(this.orders, account), items);
    const bucket = this.context.allowances.of(account, clockMs);
    if (bucket.take(items, clockMs)) return;
    if (security === 'cancel' && bucket.takeCancel(items, clockMs)) return;
    throw security === 'change' ? ERRORS.tooManyOrders() : ERRORS.tooManyRequests();
  }

  private callOf(identity: Identity, parameters: Parameters, security: string): AccountCall {
    const { account } = identity;
    const history = this.context.histories.of(account, this.context.exchangeTimeMs());
    const spend = (items: number) => this.spend(account, security, items);
    return { parameters, identity, history, spend };
  }
}

function counterOf<Key>(counters: Map<Key, Counter>, key: Key): Counter {
  const known = counters.get(key);
  if (known !== undefined) return known;
  makeRoom(counters);
  const counter = { minute: 0, count: 0 };
  counters.set(key, counter);
  return counter;
}

/** The oldest half goes: what they show is a minute at most. */
function makeRoom<Key>(counters: Map<Key, Counter>): void {
  if (counters.size < COUNTERS_MAX) return;
  for (const old of [...counters.keys()].slice(0, COUNTERS_MAX / 2)) counters.delete(old);
}

function count(counter: Counter, items = 1): void {
  const minute = Math.floor(performance.now() / MINUTE_MS);
  if (counter.minute !== minute) {
    counter.minute = minute;
    counter.count = 0;
  }
  counter.count += items;
}

function counted(counter: Counter | undefined): number {
  const minute = Math.floor(performance.now() / MINUTE_MS);
  return counter === undefined || counter.minute !== minute ? 0 : counter.count;
}
