import {
  H_MAGIC,
  H_ORDER_ID_END,
  H_PRICE_MAX,
  H_PRICE_MIN,
  H_TIMED,
  HEADER_WORDS,
  parseWorkload,
  R_ACCOUNT,
  R_ORDER_ID,
  R_PRICE,
  R_QTY,
  R_SEQUENCE,
  R_SIDE,
  R_TYPE,
  RECORD_WORDS,
  TYPE_LIMIT_GTC,
  TYPE_LIMIT_IOC,
  WORKLOAD_MAGIC,
  type Workload,
} from '../workload/format.js';
import { FlowRandom } from '../workload/random.js';

/** Where the market of the benchmarks is quoted; a walk stays within the band around it. */
const MIDDLE_TICKS = 131_072;
const BAND_TICKS = 1_000;
const STEP_TICKS = 5;
const QTY_LOTS_MAX = 20;
/** Which of the random flows. */
const WALK = 6;

/** Commands of a fill: an order that rests, and one that takes all of it. */
export const COMMANDS_A_FILL = 2;

/**
 * Trading and nothing else, because settlement sees nothing else: pairs of an order that rests and one that takes it, at prices that walk,
 * by accounts that follow from the order ids. The same in every run.
 */
export function pairsWorkload(fills: number): Workload {
  const words = new Int32Array(HEADER_WORDS + fills * COMMANDS_A_FILL * RECORD_WORDS);
  const random = new FlowRandom(WALK);
  words[H_MAGIC] = WORKLOAD_MAGIC;
  words[H_TIMED] = fills * COMMANDS_A_FILL;
  words[H_ORDER_ID_END] = fills * COMMANDS_A_FILL + 1;
  words[H_PRICE_MIN] = MIDDLE_TICKS - BAND_TICKS;
  words[H_PRICE_MAX] = MIDDLE_TICKS + BAND_TICKS;
  let away = 0;
  for (let fill = 0; fill < fills; fill++) {
    const step = random.below(2 * STEP_TICKS + 1) - STEP_TICKS;
    away = Math.max(-BAND_TICKS, Math.min(BAND_TICKS, away + step));
    const makerSide = random.below(2);
    const qtyLots = 1 + random.below(QTY_LOTS_MAX);
    for (let leg = 0; leg < COMMANDS_A_FILL; leg++) {
      const record = fill * COMMANDS_A_FILL + leg;
      const at = HEADER_WORDS + record * RECORD_WORDS;
      words[at + R_TYPE] = leg === 0 ? TYPE_LIMIT_GTC : TYPE_LIMIT_IOC;
      words[at + R_SIDE] = leg === 0 ? makerSide : 1 - makerSide;
      words[at + R_ORDER_ID] = record + 1;
      words[at + R_ACCOUNT] = 1;
      words[at + R_PRICE] = MIDDLE_TICKS + away;
      words[at + R_QTY] = qtyLots;
      words[at + R_SEQUENCE] = record;
    }
  }
  return parseWorkload(words, 'pairs of orders');
}
