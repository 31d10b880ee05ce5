import type { HttpRequest, HttpResponse, TemplatedApp } from 'uWebSockets.js';
import { asyncApiDocument } from '../asyncapi/document.js';
import { type Problem, problem } from '../commands/problem.js';
import type { HistoryQueries } from '../history/query-pool.js';
import type { Question } from '../history/question.js';
import type { KeyStore } from '../identity/key-store.js';
import type { GatewayLimits } from '../limits.js';
import { instrumentOf, type Markets } from '../markets.js';
import { isRefused, type OrderStatusDesk } from '../order-status/order-status.js';
import { MARKET_STATES } from '../protocol/names.js';
import type { Accounts } from '../session/accounts.js';
import type { Admission } from '../session/admission.js';
import { Allowances } from '../session/allowances.js';
import type { ClientOrigin } from '../session/client-address.js';
import { FamilyAllowances } from '../session/family-allowances.js';
import type { SharedLimits } from '../shared/shared-limits.js';
import { openApiDocument } from './openapi.js';
import { parseQuery, type Values } from './parameters.js';
import { questionOf } from './questions.js';
import { type Allowance, RequestRates, restRates } from './request-rates.js';
import { ORDER_STATUS_ROUTE, PAGE_ROUTES, type PageRoute } from './routes.js';
import {
  accountOf,
  KEY_HEADER,
  SIGNATURE_HEADER,
  type SigningContext,
  TIMESTAMP_HEADER,
} from './signed-requests.js';

export interface RestContext {
  readonly markets: Markets;
  readonly accounts: Accounts;
  readonly limits: GatewayLimits;
  readonly venue: string;
  readonly admission: Admission;
  readonly keys: KeyStore;
  /** Null: this gateway has no history. */
  readonly history: HistoryQueries | null;
  readonly orderStatus: OrderStatusDesk;
  readonly exchangeTimeMs: () => number;
  readonly onError: (error: Error) => void;
  /** What this thread has in common with others; null: it is alone. */
  readonly shared: SharedLimits | null;
}

const STATUS_OK = '200 OK';
const BAD_REQUEST = '400 Bad Request';
const UNAUTHORIZED = '401 Unauthorized';
const NOT_FOUND = '404 Not Found';
const METHOD_NOT_ALLOWED = '405 Method Not Allowed';
const TOO_MANY_REQUESTS = '429 Too Many Requests';
const UNAVAILABLE = '503 Service Unavailable';
const INTERNAL_ERROR = '500 Internal Server Error';
const RETRY_BUSY_SECONDS = 1;
/** A page costs one token for each hundred rows that it may have. */
const ROWS_A_TOKEN = 100;

/** A request as it came; uWebSockets has it only until the handler returns. */
interface Asked {
  path: string;
  query: string;
  origin: ClientOrigin;
  apiKey: string;
  timestamp: string;
  signature: string;
}

/** A request that may be answered. */
interface Charged {
  question: Question;
  allowance: Allowance;
}

interface Refusal {
  status: string;
  reason: Problem;
  /** Null: nothing was charged. */
  allowance: Allowance | null;
  retrySeconds?: number;
  allow?: string;
}

/**
 * The REST interface on the public port: what is there now from the gateway's own folds, what has been from the history. It only reads.
 * Pages are made in other threads; here a request is checked, charged and handed on.
 */
export class RestServer {
  private readonly context: RestContext;
  private readonly signing: SigningContext;
  private readonly ofAddresses: RequestRates<string>;
  private readonly ofAccounts: RequestRates<number>;
  /** Of the markets that there were when it was asked for last. */
  private openApi = { symbols: '', text: '' };

  constructor(context: RestContext) {
    const { limits, venue, keys, accounts, exchangeTimeMs } = context;
    this.context = context;
    const timeToleranceMs = limits.restTimeToleranceMs;
    this.signing = { venue, keys, accounts, timeToleranceMs, exchangeTimeMs };
    const { restRequestsPerSecond, restRequestsBurst } = limits;
    const { restAccounts, restAddresses } = context.shared ?? {};
    const rates = restRates(restRequestsPerSecond, restRequestsBurst);
    const ofAddresses = restAddresses ?? new Allowances<string>(rates);
    const ofFamilies = restAccounts ?? new Allowances<number>(rates);
    this.ofAddresses = new RequestRates(ofAddresses, restRequestsBurst);
    this.ofAccounts = new RequestRates(
      new FamilyAllowances(ofFamilies, accounts),
      restRequestsBurst,
    );
  }

  addTo(app: TemplatedApp): void {
    const now = (path: string, body: () => string) => {
      this.add(app, path, (response, asked) => this.answerNow(response, asked, body));
    };
    now('/v1/time', () => JSON.stringify({ time: this.context.exchangeTimeMs() }));
    now('/v1/instruments', () => JSON.stringify({ data: this.instruments() }));
    now('/v1/openapi.json', () => this.openApiText());
    const asyncApi = JSON.stringify(asyncApiDocument());
    now('/v1/asyncapi.json', () => asyncApi);
    for (const route of this.context.history === null ? [] : PAGE_ROUTES) {
      this.add(app, route.path, (response, asked) => this.answerPage(response, asked, route));
    }
    if (this.context.history !== null) {
      this.add(app, ORDER_STATUS_ROUTE.path, (response, asked) =>
        this.answerStatus(response, asked),
      );
    }
    app.any('/v1/*', (response, request) => {
      const sentence = `there is no ${request.getUrl()}; /v1/openapi.json lists what there is`;
      const reason = problem('unknown_route', sentence);
      refuse(response, { status: NOT_FOUND, reason, allowance: null });
    });
  }

  private add(
    app: TemplatedApp,
    path: string,
    answer: (response: HttpResponse, asked: Asked) => void,
  ): void {
    app.get(path, (response, request) => {
      // The addon ends the process over a handler that ends without an answer, as one that hangs and is interrupted does.
      response.onAborted(() => {});
      answer(response, askedOf(response, request, this.context.admission));
    });
    app.any(path, (response) => {
      const reason = problem('method_is_not_allowed', `${path} knows GET alone`);
      refuse(response, { status: METHOD_NOT_ALLOWED, reason, allowance: null, allow: 'GET' });
    });
  }

  private answerNow(response: HttpResponse, asked: Asked, body: () => string): void {
    const allowance = this.ofAddresses.take(asked.origin.charged, 1, performance.now());
    const parsed = parseQuery(asked.query, []);
    if (!allowance.isGranted) refuse(response, overRate(allowance, 'address'));
    else if ('problem' in parsed) refuse(response, badRequest(parsed.problem, allowance));
    else send(response, body(), allowance);
  }

  private answerPage(response: HttpResponse, asked: Asked, route: PageRoute): void {
    const checked = this.check(asked, route);
    if ('status' in checked) {
      refuse(response, checked);
      return;
    }
    const { question, allowance } = checked;
    let isGone = false;
    response.onAborted(() => {
      isGone = true;
    });
    (this.context.history as HistoryQueries).ask(question).then(
      (page) => {
        if (isGone) return;
        if (page !== null) send(response, page, allowance);
        else refuse(response, busy(allowance));
      },
      (error: Error) => {
        this.context.onError(error);
        if (!isGone) refuse(response, withoutHistory(error, allowance));
      },
    );
  }

  private answerStatus(response: HttpResponse, asked: Asked): void {
    const checked = this.checkStatus(asked);
    if ('status' in checked) {
      refuse(response, checked);
      return;
    }
    let isGone = false;
    response.onAborted(() => {
      isGone = true;
    });
    const { allowance, wanted } = checked;
    this.context.orderStatus.ask(wanted).then(
      (found) => {
        if (isGone) return;
        if (isRefused(found)) refuse(response, later(found, allowance));
        else send(response, JSON.stringify(found), allowance);
      },
      (error: Error) => {
        this.context.onError(error);
        if (!isGone) refuse(response, withoutHistory(error, allowance));
      },
    );
  }

  private checkStatus(asked: Asked) {
    const nowMs = performance.now();
    const allowance = this.ofAddresses.take(asked.origin.charged, 1, nowMs);
    if (!allowance.isGranted) return overRate(allowance, 'address');
    const account = accountOf({ method: 'GET', ...asked }, this.signing, Date.now());
    if (typeof account !== 'number') return { status: UNAUTHORIZED, reason: account, allowance };
    const parsed = parseQuery(asked.query, ORDER_STATUS_ROUTE.parameters);
    if ('problem' in parsed) return badRequest(parsed.problem, allowance);
    const charged = this.ofAccounts.take(account, 1, nowMs);
    if (!charged.isGranted) return overRate(charged, 'account');
    const wanted = this.context.orderStatus.read(account, parsed.values);
    return 'code' in wanted ? badRequest(wanted, charged) : { wanted, allowance: charged };
  }

  /** Whoever asks pays first: checking a signature costs more than refusing. */
  private check(asked: Asked, route: PageRoute): Charged | Refusal {
    const { isPrivate, parameters } = route;
    const nowMs = performance.now();
    const allowance = this.ofAddresses.take(asked.origin.charged, 1, nowMs);
    if (!allowance.isGranted) return overRate(allowance, 'address');
    const request = { method: 'GET', ...asked };
    const signer = isPrivate ? accountOf(request, this.signing, Date.now()) : 0;
    if (typeof signer !== 'number') return { status: UNAUTHORIZED, reason: signer, allowance };
    const parsed = parseQuery(asked.query, parameters);
    if ('problem' in parsed) return badRequest(parsed.problem, allowance);
    const question = questionOf(route, parsed.values, signer, this.context);
    if ('code' in question) return badRequest(question, allowance);
    const charged = this.charge(asked, signer, parsed.values, nowMs);
    if (!charged.isGranted) return overRate(charged, isPrivate ? 'account' : 'address');
    return { question, allowance: charged };
  }

  /** What a page costs beyond the request itself: of the account that asks, or of the address when nobody is named. */
  private charge(asked: Asked, accountId: number, values: Values, nowMs: number): Allowance {
    const cost = Math.ceil((values.limit as number) / ROWS_A_TOKEN);
    if (accountId !== 0) return this.ofAccounts.take(accountId, cost, nowMs);
    return this.ofAddresses.take(asked.origin.charged, cost - 1, nowMs);
  }

  private openApiText(): string {
    const symbols = this.context.markets.all().map(({ params }) => params.symbol);
    const known = symbols.join();
    if (this.openApi.text === '' || this.openApi.symbols !== known) {
      const document = openApiDocument(this.context.history !== null, symbols);
      this.openApi = { symbols: known, text: JSON.stringify(document) };
    }
    return this.openApi.text;
  }

  private instruments(): object[] {
    return this.context.markets.all().map((market) => {
      return { ...instrumentOf(market), state: MARKET_STATES[market.state] };
    });
  }
}

function askedOf(response: HttpResponse, request: HttpRequest, admission: Admission): Asked {
  return {
    origin: admission.originOf(response, request),
    path: request.getUrl(),
    query: request.getQuery() ?? '',
    apiKey: request.getHeader(KEY_HEADER),
    timestamp: request.getHeader(TIMESTAMP_HEADER),
    signature: request.getHeader(SIGNATURE_HEADER),
  };
}

function send(response: HttpResponse, body: string, allowance: Allowance): void {
  response.cork(() => {
    response.writeStatus(STATUS_OK);
    writeAllowance(response, allowance);
    response
      .writeHeader('content-type', 'application/json')
      .writeHeader('cache-control', 'no-store');
    response.end(body);
  });
}

function refuse(response: HttpResponse, refusal: Refusal): void {
  const { status, reason, allowance, retrySeconds, allow } = refusal;
  response.cork(() => {
    response.writeStatus(status);
    if (retrySeconds !== undefined) response.writeHeader('retry-after', String(retrySeconds));
    if (allow !== undefined) response.writeHeader('allow', allow);
    if (allowance !== null) writeAllowance(response, allowance);
    response
      .writeHeader('content-type', 'application/json')
      .writeHeader('cache-control', 'no-store');
    response.end(JSON.stringify({ code: reason.code, message: reason.message }));
  });
}

function badRequest(reason: Problem, allowance: Allowance): Refusal {
  return { status: BAD_REQUEST, reason, allowance };
}

function overRate(allowance: Allowance, whose: string): Refusal {
  const { limit, retrySeconds } = allowance;
  const sentence = `the allowance of this ${whose}, ${limit} requests at once, is used up; try again in ${retrySeconds} s`;
  const reason = problem('rate_limited', sentence);
  return { status: TOO_MANY_REQUESTS, reason, allowance, retrySeconds };
}

function busy(allowance: Allowance): Refusal {
  return later(problem('busy', 'too many requests for history are waiting; try again'), allowance);
}

function later(reason: Problem, allowance: Allowance): Refusal {
  return { status: UNAVAILABLE, reason, allowance, retrySeconds: RETRY_BUSY_SECONDS };
}

/** Before the first commit there is no file to read. */
function withoutHistory(error: Error, allowance: Allowance): Refusal {
  const isMissing = (error as { code?: string }).code === 'SQLITE_CANTOPEN';
  const sentence = isMissing ? 'the history is not there yet' : 'the history cannot be read';
  const reason = problem('history_is_not_available', sentence);
  return { status: isMissing ? UNAVAILABLE : INTERNAL_ERROR, reason, allowance };
}

function writeAllowance(response: HttpResponse, allowance: Allowance): void {
  response
    .writeHeader('ratelimit-limit', String(allowance.limit))
    .writeHeader('ratelimit-remaining', String(allowance.remaining))
    .writeHeader('ratelimit-reset', String(allowance.resetSeconds));
}
