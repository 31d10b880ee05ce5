import { markPriceTicks } from '../../risk/mark-price/mark-price.js';
import { commonDecimals, PRICE, PRICE_DIFFERENCE, ticksOf } from './amounts.js';
import { formatSteps } from './exact.js';
import { Fields } from './fields.js';

const KNOWN = ['index', 'bid', 'ask', 'last', 'basisEma'] as const;
/** Mids and means of two have a quarter of a tick at most, which is whole in hundredths. */
const FINER_DECIMALS = 2;

/** `calc mark`: the mark price, null when there is nothing to make it of. */
export function answerMark(input: unknown): object {
  const fields = new Fields(input, '', KNOWN);
  const given = KNOWN.map((key) => {
    return fields.decimalOrNull(key, key === 'basisEma' ? PRICE_DIFFERENCE : PRICE);
  });
  const decimals = commonDecimals(...given) + FINER_DECIMALS;
  const [indexTicks, bidTicks, askTicks, lastTicks, basisEmaTicks] = given.map((price, at) => {
    return price && ticksOf(price, decimals, fields.pathOf(KNOWN[at] as string));
  }) as [bigint | null, bigint | null, bigint | null, bigint | null, bigint | null];
  if (bidTicks !== null && askTicks !== null && bidTicks > askTicks) {
    const [bid, ask] = [fields.raw('bid'), fields.raw('ask')];
    fields.fail('bid', `must not exceed ask ${String(ask)}, but is ${String(bid)}`);
  }
  const mark = markPriceTicks({ indexTicks, bidTicks, askTicks, lastTicks, basisEmaTicks });
  return { markPrice: mark === null ? null : formatSteps(mark, decimals) };
}
