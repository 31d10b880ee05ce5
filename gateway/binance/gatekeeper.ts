import { MAY_READ, MAY_TRADE } from '../identity/permissions.js';
import type { Allowances } from '../session/allowances.js';
import type { Rates } from '../session/token-bucket.js';
import { TokenBucket } from '../session/token-bucket.js';
import type { Authentication, Identity } from './authentication.js';
import { ERRORS } from './errors.js';
import type { Histories } from './histories.js';
import type { AccountCall } from './order-requests.js';
import type { Parameters } from './parameters.js';
import type { Route, RouteCall } from './routes.js';

/** Addresses, and accounts, that are remembered. */
const METERS_MAX = 20_000;
const MINUTE_MS = 60_000;

/** What a request shows of its sender. */
export interface Credentials {
  readonly apiKey: string | undefined;
  /** Spellings of what may have been signed. */
  readonly payloads: () => readonly string[];
  /** Key of a session that is logged in; empty: none, the request has to be signed. */
  readonly sessionKey: string;
  readonly address: string;
}

/** Requests of an address, and orders of an account, in the present minute. */
export interface Usage {
  weight: number;
  orders: number | null;
}

export interface GatekeeperContext {
  readonly authentication: Authentication;
  readonly histories: Histories;
  /** Of an address without an account. */
  readonly rates: Rates;
  /** Of accounts; all doors draw from them. */
  readonly allowances: Allowances<number>;
  readonly exchangeTimeMs: () => number;
}

/** Of the present minute. */
interface Counter {
  minute: number;
  count: number;
}

interface Meter extends Counter {
  readonly bucket: TokenBucket;
}

/** Lets requests in: who sends them, may he, and does he not ask for too much. */
export class Gatekeeper {
  private readonly context: GatekeeperContext;
  private readonly byAddress = new Map<string, Meter>();
  private readonly orders = new Map<number, Counter>();

  constructor(context: GatekeeperContext) {
    this.context = context;
  }

  /**
   * Gives what the route's handler is called with; refusals are thrown. Who is known has the allowance of his account, wherever he
   * comes from: many may come from one address, that of a proxy. All others, and signatures that are wrong, have that of the address.
   */
  admit(route: Route, parameters: Parameters, credentials: Credentials): RouteCall {
    const { security } = route;
    const clockMs = performance.now();
    const meter = meterOf(this.byAddress, credentials.address, this.context.rates, clockMs);
    count(meter);
    if (security === 'none' || security === 'key') {
      if (!meter.bucket.take(1, clockMs)) throw ERRORS.tooManyRequests();
      const accountId = security === 'none' ? 0 : this.keyed(credentials);
      return { parameters, account: null, accountId };
    }
    const identity = this.identified(meter, parameters, credentials, security);
    this.takeOrder(identity.account, security, clockMs);
    return { parameters, account: this.callOf(identity, parameters), accountId: identity.account };
  }

  /** For the headers of the answer. */
  usage(address: string, account: number): Usage {
    const orders = this.orders.get(account);
    return {
      weight: counted(this.byAddress.get(address)),
      orders: orders === undefined ? null : counted(orders),
    };
  }

  /** Of a session, or of a key that was issued. */
  private keyed({ apiKey, sessionKey, address }: Credentials): number {
    const key = sessionKey !== '' && apiKey === '' ? sessionKey : apiKey;
    return this.context.authentication.keyed(key, { permission: MAY_READ, address });
  }

  private identified(
    meter: Meter,
    parameters: Parameters,
    credentials: Credentials,
    security: string,
  ): Identity {
    try {
      return this.identify(parameters, credentials, security);
    } catch (error) {
      if (meter.bucket.take(1, performance.now())) throw error;
      throw ERRORS.tooManyRequests();
    }
  }

  private identify(
    parameters: Parameters,
    { apiKey, payloads, sessionKey, address }: Credentials,
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

  private takeOrder(account: number, security: string, clockMs: number): void {
    if (security === 'change') count(counterOf(this.orders, account));
    const bucket = this.context.allowances.of(account, clockMs);
    if (bucket.take(1, clockMs)) return;
    if (security === 'cancel' && bucket.takeCancel(1, clockMs)) return;
    throw security === 'change' ? ERRORS.tooManyOrders() : ERRORS.tooManyRequests();
  }

  private callOf(identity: Identity, parameters: Parameters): AccountCall {
    const history = this.context.histories.of(identity.account, this.context.exchangeTimeMs());
    return { parameters, identity, history };
  }
}

function meterOf(
  meters: Map<string, Meter>,
  address: string,
  rates: Rates,
  clockMs: number,
): Meter {
  const known = meters.get(address);
  if (known !== undefined) return known;
  makeRoom(meters);
  const meter = { bucket: new TokenBucket(rates, clockMs), minute: 0, count: 0 };
  meters.set(address, meter);
  return meter;
}

function counterOf(counters: Map<number, Counter>, account: number): Counter {
  const known = counters.get(account);
  if (known !== undefined) return known;
  makeRoom(counters);
  const counter = { minute: 0, count: 0 };
  counters.set(account, counter);
  return counter;
}

/** The oldest half goes: who is idle that long has all of his allowance again. */
function makeRoom<K>(meters: Map<K, Counter>): void {
  if (meters.size < METERS_MAX) return;
  for (const old of [...meters.keys()].slice(0, METERS_MAX / 2)) meters.delete(old);
}

function count(meter: Counter): void {
  const minute = Math.floor(performance.now() / MINUTE_MS);
  if (meter.minute !== minute) {
    meter.minute = minute;
    meter.count = 0;
  }
  meter.count++;
}

function counted(meter: Counter | undefined): number {
  const minute = Math.floor(performance.now() / MINUTE_MS);
  return meter === undefined || meter.minute !== minute ? 0 : meter.count;
}
