import type { MarketParams } from '../../engine/market/market-params.js';
import { EF_LOTS, EF_REMAINING, EW_FLAGS, EW_PRICE } from '../../engine/messages/layout.js';
import {
  EVT_CANCELED,
  EVT_PARENT_ENDED,
  EVT_TRIGGER_CANCELED,
  EVT_TRIGGER_REJECTED,
  FLAG_SIDE,
} from '../../engine/messages/types.js';
import { SIDES } from '../protocol/names.js';
import type { MessageSink } from './message-sink.js';

/** Total and remaining quantity. The event of a cancel has no total, and nothing remains. */
export function writeQuantities(
  sink: MessageSink,
  floats: Float64Array,
  f: number,
  type: number,
  p: MarketParams,
): void {
  const isEnd = type === EVT_TRIGGER_REJECTED || isCancel(type);
  if (isEnd) {
    sink.none('qty');
    sink.decimal('remaining', 0, p.lotMantissa, p.lotDecimals);
    return;
  }
  if (floats[f + EF_LOTS] === 0) {
    // It closes a position, whose size may change.
    sink.none('qty');
    sink.none('remaining');
    return;
  }
  sink.decimal('qty', floats[f + EF_LOTS] as number, p.lotMantissa, p.lotDecimals);
  sink.decimal('remaining', floats[f + EF_REMAINING] as number, p.lotMantissa, p.lotDecimals);
}

/** What a take-over has got: at most what was asked for, and the rest of it is not waiting. */
export function writeTransferred(
  sink: MessageSink,
  words: Int32Array,
  floats: Float64Array,
  at: number,
  p: MarketParams,
): void {
  sink.choice('side', (words[at + EW_FLAGS] as number) & FLAG_SIDE, SIDES);
  sink.decimal('price', words[at + EW_PRICE] as number, p.tickMantissa, p.tickDecimals);
  sink.decimal('qty', floats[at / 2 + EF_LOTS] as number, p.lotMantissa, p.lotDecimals);
  sink.none('remaining');
}

export function writeCanceledQty(
  sink: MessageSink,
  floats: Float64Array,
  f: number,
  type: number,
  p: MarketParams | undefined,
): void {
  if (!isCancel(type) || p === undefined) sink.none('canceledQty');
  else {
    const lots = floats[f + EF_REMAINING] as number;
    sink.decimal('canceledQty', lots, p.lotMantissa, p.lotDecimals);
  }
}

function isCancel(type: number): boolean {
  return type === EVT_CANCELED || type === EVT_TRIGGER_CANCELED || type === EVT_PARENT_ENDED;
}
