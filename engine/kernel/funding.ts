import {
  EF_INTERVAL,
  EF_PAYMENT,
  EF_POSITION,
  EF_RATE_PPB,
  EVENT_SLOTS,
  EW_CLIENT_REF,
  EW_PRICE,
  W_ACCOUNT,
  W_HEAD,
} from '../messages/layout.js';
import { EVT_FUNDING } from '../messages/types.js';
import { mulDivCeil } from '../units/mul-div.js';
import { pushEvent, setFloat, setWord } from './events.js';
import {
  B_HEAD,
  B_INSURANCE,
  B_ROW_CHUNKS,
  B_ROW_TABLE,
  R_POSITION,
  ROW_SHIFT,
  ROWS_CHUNK_SHIFT,
  ROWS_PER_CHUNK,
  S_FUNDING,
  SETTLED_SHIFT,
} from './layout.js';
import { f64At, i32At, setF64 } from './memory.js';
import { NO_CLIENT_REF } from './orders.js';

const FUNDING_HEAD: i32 = EVT_FUNDING | (EVENT_SLOTS << 8);

/**
 * Every open position pays position × index × `numerator` ÷ `divisor` micro-USD, rounded up: who pays never pays too little, who
 * receives never gets too much. Positions sum to zero, so what roundings leave is never negative; it goes to the
 * insurance fund. By account id, so that the order of events is always the same. `numerator` is signed.
 */
export function payFunding(
  book: i32,
  indexTicks: i32,
  numerator: f64,
  divisor: f64,
  ratePpb: f64,
  intervalMs: f64,
): void {
  const chunks = i32At(book + B_ROW_CHUNKS);
  for (let chunk = 0; chunk < chunks; chunk++) {
    const entry = i32At(book + B_ROW_TABLE) + (chunk << 3);
    const rows = i32At(entry);
    if (rows === 0) continue;
    const settled = i32At(entry + 4);
    for (let i = 0; i < ROWS_PER_CHUNK; i++) {
      const position = f64At(rows + (i << ROW_SHIFT) + R_POSITION);
      if (position === 0) continue;
      const payment = paymentOf(position * indexTicks, numerator, divisor);
      const at = settled + (i << SETTLED_SHIFT) + S_FUNDING;
      setF64(at, f64At(at) + payment);
      setF64(book + B_INSURANCE, f64At(book + B_INSURANCE) + payment);
      const event = pushEvent(EVENT_SLOTS);
      setWord(event, W_HEAD, FUNDING_HEAD | i32At(book + B_HEAD));
      setWord(event, W_ACCOUNT, (chunk << ROWS_CHUNK_SHIFT) + i);
      setWord(event, EW_PRICE, indexTicks);
      setWord(event, EW_CLIENT_REF, NO_CLIENT_REF);
      setFloat(event, EF_PAYMENT, payment);
      setFloat(event, EF_RATE_PPB, ratePpb);
      setFloat(event, EF_INTERVAL, intervalMs);
      setFloat(event, EF_POSITION, position);
    }
  }
}

/** `mulDivCeil` takes the sign on its first factor only. */
function paymentOf(value: f64, numerator: f64, divisor: f64): f64 {
  return numerator < 0
    ? mulDivCeil(-value, -numerator, divisor)
    : mulDivCeil(value, numerator, divisor);
}
