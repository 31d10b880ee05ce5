import {
  EF_ACCOUNT_SEQUENCE,
  EF_COLLATERAL,
  EF_INTERVAL,
  EF_LOTS,
  EF_PAYMENT,
  EF_POSITION,
  EF_RATE_PPB,
  EF_SEQUENCE,
  EF_VALUE,
  EW_FLAGS,
  EW_OTHER_ACCOUNT,
  EW_PRICE,
  marketOf,
  typeOf,
  W_HEAD,
} from '../../engine/messages/layout.js';
import {
  EVT_BALANCE,
  EVT_CANCEL_ALL_AFTER,
  EVT_FUNDING,
  EVT_INSURANCE,
  EVT_LEVERAGE,
  EVT_LIQUIDATION,
  EVT_MARGIN_MODE,
  EVT_POSITION_MARGIN,
  EVT_TRANSFER,
} from '../../engine/messages/types.js';
import type { Market, Markets } from '../markets.js';
import { MESSAGES } from '../protocol/messages.js';
import { MARGIN_MODES } from '../protocol/names.js';
import { writeInsurance, writeLiquidation, writeTransfer } from './liquidation-messages.js';
import type { MessageSink } from './message-sink.js';

const MICRO_USD_DECIMALS = 6;
/** Parts per billion. */
const RATE_DECIMALS = 9;
const HOUR_MS = 3_600_000;

const ACCOUNT_EVENTS: readonly number[] = [
  EVT_CANCEL_ALL_AFTER,
  EVT_BALANCE,
  EVT_FUNDING,
  EVT_LIQUIDATION,
  EVT_LEVERAGE,
  EVT_TRANSFER,
  EVT_INSURANCE,
  EVT_MARGIN_MODE,
  EVT_POSITION_MARGIN,
];

/** Events of the private feed that are not of an order. */
export function isAccountEvent(type: number): boolean {
  return ACCOUNT_EVENTS.includes(type);
}

/** Writes one as a message of the protocol. */
export function writeAccountEvent(
  sink: MessageSink,
  markets: Markets,
  words: Int32Array,
  floats: Float64Array,
  at: number,
  epoch: number,
  timeMs: number,
): void {
  const f = at / 2;
  const head = words[at + W_HEAD] as number;
  const market = markets.get(marketOf(head));
  const begin = (message: (typeof MESSAGES)[keyof typeof MESSAGES]) => {
    sink.begin(message);
    sink.uint('epoch', epoch);
    sink.uint('accountSequence', floats[f + EF_ACCOUNT_SEQUENCE] as number);
  };
  switch (typeOf(head)) {
    case EVT_BALANCE:
      begin(MESSAGES.balance);
      sink.decimal('change', floats[f + EF_LOTS] as number, 1, MICRO_USD_DECIMALS);
      sink.decimal('collateral', floats[f + EF_COLLATERAL] as number, 1, MICRO_USD_DECIMALS);
      break;
    case EVT_FUNDING:
      begin(MESSAGES.funding);
      funding(sink, market as Market, words, floats, at);
      break;
    case EVT_LIQUIDATION:
      begin(MESSAGES.liquidation);
      writeLiquidation(sink, words, floats, at);
      break;
    case EVT_TRANSFER:
      begin(MESSAGES.transfer);
      writeTransfer(sink, market as Market, words, floats, at);
      break;
    case EVT_INSURANCE:
      begin(MESSAGES.insurance);
      writeInsurance(sink, market as Market, words, floats, at);
      break;
    case EVT_MARGIN_MODE:
      begin(MESSAGES.marginMode);
      sink.market('market', (market as Market).params.symbol, (market as Market).id);
      sink.choice('marginMode', words[at + EW_FLAGS] as number, MARGIN_MODES);
      break;
    case EVT_POSITION_MARGIN:
      begin(MESSAGES.positionMargin);
      sink.market('market', (market as Market).params.symbol, (market as Market).id);
      sink.decimal('moved', floats[f + EF_LOTS] as number, 1, MICRO_USD_DECIMALS);
      sink.decimal('positionCollateral', floats[f + EF_VALUE] as number, 1, MICRO_USD_DECIMALS);
      sink.decimal('collateral', floats[f + EF_COLLATERAL] as number, 1, MICRO_USD_DECIMALS);
      break;
    case EVT_CANCEL_ALL_AFTER:
      begin(MESSAGES.cancelAllAfter);
      break;
    default:
      begin(MESSAGES.leverage);
      sink.market('market', (market as Market).params.symbol, (market as Market).id);
      sink.uint('leverage', floats[f + EF_LOTS] as number);
  }
  sink.uint('sequence', floats[f + EF_SEQUENCE] as number);
  sink.uint('time', timeMs);
  if (typeOf(head) === EVT_BALANCE) {
    const other = words[at + EW_OTHER_ACCOUNT] as number;
    if (other === 0) sink.none('otherAccountId');
    else sink.uint('otherAccountId', other);
  }
  if (typeOf(head) !== EVT_LIQUIDATION) return;
  // Only an isolated position is liquidated in a market.
  if (market === undefined) sink.none('market');
  else sink.market('market', market.params.symbol, market.id);
}

function funding(
  sink: MessageSink,
  market: Market,
  words: Int32Array,
  floats: Float64Array,
  at: number,
): void {
  const f = at / 2;
  const p = market.params;
  sink.market('market', p.symbol, market.id);
  sink.decimal('payment', floats[f + EF_PAYMENT] as number, 1, MICRO_USD_DECIMALS);
  sink.decimal('fundingRate', floats[f + EF_RATE_PPB] as number, 1, RATE_DECIMALS);
  sink.text('intervalHours', String((floats[f + EF_INTERVAL] as number) / HOUR_MS));
  sink.decimal('indexPrice', words[at + EW_PRICE] as number, p.tickMantissa, p.tickDecimals);
  sink.decimal('position', floats[f + EF_POSITION] as number, p.lotMantissa, p.lotDecimals);
  sink.decimal('collateral', floats[f + EF_COLLATERAL] as number, 1, MICRO_USD_DECIMALS);
}
