import { type Problem, problem, shown } from '../commands/problem.js';
import { cursorTag, decodeCursor } from '../history/cursor.js';
import { INTERVALS_MS } from '../history/intervals.js';
import type { Question } from '../history/question.js';
import { type Markets, unitsOf } from '../markets.js';
import { CANDLE_INTERVALS } from '../protocol/names.js';
import type { Accounts } from '../session/accounts.js';
import type { Values } from './parameters.js';
import type { PageRoute } from './routes.js';

export interface QuestionContext {
  readonly markets: Markets;
  readonly accounts: Accounts;
}

/** What a request asks of which history, or what is wrong with its parameters taken together. `signer`: 0 for public routes. */
export function questionOf(
  route: PageRoute,
  values: Values,
  signer: number,
  { markets, accounts }: QuestionContext,
): Question | Problem {
  const { market: symbol, orderId = 0, interval, from, to, sort, cursor } = values;
  const accountId = (values.accountId as number | undefined) ?? signer;
  if (!accounts.isOf(accountId, signer)) {
    const sentence = `accountId must be the account that signs or a sub-account of it, but is ${accountId}`;
    return problem('accounts_must_be_of_one_family', sentence);
  }
  const market = symbol === undefined ? undefined : markets.find(symbol as string);
  if (symbol !== undefined && market === undefined) {
    const known = markets.all().map(({ params }) => params.symbol);
    const sentence = `market must be one of ${known.join(', ')}, but is ${shown(symbol)}`;
    return problem('unknown_market', sentence);
  }
  if (orderId !== 0 && market === undefined) {
    return problem('order_must_be_named_once', 'orderId needs market: ids are unique within one');
  }
  if (from !== undefined && to !== undefined && from >= to) {
    const sentence = `from must be less than to, ${to}, but is ${from}`;
    return problem('integer_must_be_within_limits', sentence);
  }
  const intervalMs = INTERVALS_MS[CANDLE_INTERVALS.indexOf(interval as '1s')] ?? 0;
  const filters = [symbol, orderId, interval, from, to, sort, values.accountId].map(
    (value) => value ?? null,
  );
  const tag = cursorTag([route.path, ...filters]);
  const after = cursor === undefined ? null : decodeCursor(cursor as string, tag);
  const isAligned = intervalMs === 0 || (after ?? 0) % intervalMs === 0;
  if (after === -1 || !isAligned) {
    const sentence = `cursor must be the next of a page, but is ${shown(cursor)}`;
    return problem('cursor_is_malformed', sentence);
  }
  if (after === -2) {
    const sentence =
      'cursor must come with the parameters of the page that gave it; only limit may change';
    return problem('cursor_is_of_another_request', sentence);
  }
  return {
    table: route.table,
    shardId: route.isPrivate ? accounts.homeOf(accountId) : (market?.host ?? 0),
    accountId,
    marketId: market?.id ?? 0,
    orderId: orderId as number,
    intervalMs,
    fromMs: (from as number | undefined) ?? null,
    toMs: (to as number | undefined) ?? null,
    newestFirst: sort === 'newest',
    limit: values.limit as number,
    after,
    cursorTag: tag,
    markets: (market === undefined ? markets.all() : [market]).map(unitsOf),
  };
}
