import { absOf, maxOf } from '../../engine/units/division.js';
import { microUsdCeil, type TickLotValue } from '../../risk/arithmetic/tick-lot-value.js';
import { planDeleveraging } from '../../risk/deleveraging/plan.js';
import { type AdlCandidate, rankForDeleveraging } from '../../risk/deleveraging/ranking.js';
import {
  commonDecimals,
  money,
  PRICE,
  refuseAbove,
  SIZE,
  SIZE_SIGNED,
  ticksOf,
} from './amounts.js';
import { type Exact, formatQuotient, formatSteps } from './exact.js';
import { Fields } from './fields.js';

const KNOWN = ['side', 'size', 'bankruptcyPrice', 'candidates'];
const CANDIDATE_KNOWN = ['account', 'size', 'entryPrice', 'markPrice', 'equity'];
const SCORE_DIGITS = 12;

interface DocumentCandidate {
  fields: Fields;
  account: string;
  size: Exact;
  entry: Exact;
  mark: Exact;
  equityMicroUsd: bigint;
}

/** Without a market there are no ticks and lots: the smallest that hold all numbers do. */
interface Scale {
  price: number;
  size: number;
  tickLot: TickLotValue;
}

/** `calc adl`: all candidates in their order, and how much of each is closed. */
export function answerAdl(input: unknown): object {
  const fields = new Fields(input, '', KNOWN);
  const side = fields.word('side', ['long', 'short']);
  const size = fields.decimal('size', SIZE);
  // It decides what the closings are worth, not who closes.
  fields.decimal('bankruptcyPrice', PRICE);
  const given = fields.list('candidates').map((value, index) => {
    return readCandidate(value, `candidates[${index}]`, side);
  });
  const scale = scaleOf(size, given);
  const byId = inOrderOfIds(given);
  const candidates = byId.map((each, id) => candidateOf(each, id, scale));
  const ranked = rankForDeleveraging(candidates, scale.tickLot);
  const plan = planDeleveraging(ranked, ticksOf(size, scale.size, fields.pathOf('size')));
  const queue = plan.map(({ candidate, rank, reducedLots, score }) => ({
    account: (byId[candidate.accountId] as DocumentCandidate).account,
    rank,
    score: formatQuotient(score.numerator, score.denominator, SCORE_DIGITS),
    reducedBy: formatSteps(reducedLots, scale.size),
  }));
  return { queue };
}

function readCandidate(value: unknown, path: string, bankrupt: 'long' | 'short') {
  const fields = new Fields(value, path, CANDIDATE_KNOWN);
  const size = fields.decimal('size', SIZE_SIGNED);
  const isOpposite = size.isZero ? false : size.text.startsWith('-') === (bankrupt === 'long');
  if (!isOpposite) {
    const sign = bankrupt === 'long' ? 'below' : 'above';
    fields.fail('size', `must be ${sign} 0, because side is ${bankrupt}, but is ${size.text}`);
  }
  return {
    fields,
    account: fields.text('account'),
    size,
    entry: fields.decimal('entryPrice', PRICE),
    mark: fields.decimal('markPrice', PRICE),
    equityMicroUsd: money(fields, 'equity'),
  };
}

function scaleOf(size: Exact, given: readonly DocumentCandidate[]): Scale {
  const sizeDecimals = commonDecimals(size, ...given.map((each) => each.size));
  const priceDecimals = commonDecimals(...given.flatMap(({ entry, mark }) => [entry, mark]));
  const denominator = 10n ** BigInt(priceDecimals + sizeDecimals);
  return {
    price: priceDecimals,
    size: sizeDecimals,
    tickLot: { numerator: 1_000_000n, denominator },
  };
}

/** The engine's account ids are numbers. Documents may also have names; those come behind all numbers, in order of their letters. */
function inOrderOfIds(given: readonly DocumentCandidate[]): DocumentCandidate[] {
  const isNumber = (account: string) => /^[0-9]+$/.test(account);
  const sorted = [...given].sort(({ account: a }, { account: b }) => {
    if (isNumber(a) !== isNumber(b)) return isNumber(a) ? -1 : 1;
    if (isNumber(a) && BigInt(a) !== BigInt(b)) return BigInt(a) < BigInt(b) ? -1 : 1;
    return a < b ? -1 : a > b ? 1 : 0;
  });
  for (const [index, { account, fields }] of sorted.entries()) {
    if (sorted[index - 1]?.account !== account) continue;
    fields.fail('account', `must be named once, but ${account} is named twice`);
  }
  return sorted;
}

function candidateOf(
  { entry, equityMicroUsd, fields, mark, size }: DocumentCandidate,
  accountId: number,
  scale: Scale,
): AdlCandidate {
  const lots = ticksOf(size, scale.size, fields.pathOf('size'));
  const entryTicks = ticksOf(entry, scale.price, fields.pathOf('entryPrice'));
  const markTicks = ticksOf(mark, scale.price, fields.pathOf('markPrice'));
  const worth = microUsdCeil(absOf(lots) * maxOf(entryTicks, markTicks), scale.tickLot);
  refuseAbove(worth, `${fields.pathOf('size')} × price`);
  return { accountId, lots, entryValueTickLots: lots * entryTicks, markTicks, equityMicroUsd };
}
