import {
  EF_COLLATERAL,
  EF_ENTRY_VALUE,
  EF_LIMIT,
  EF_LOTS,
  EF_ORDER_ID,
  EF_PAYMENT,
  EF_POSITION,
  EF_REALIZED,
  EF_VALUE,
  EW_FLAGS,
  EW_PRICE,
} from '../../engine/messages/layout.js';
import { FLAG_SIDE, reasonOf } from '../../engine/messages/types.js';
import type { Market } from '../markets.js';
import { stageIndex } from '../protocol/liquidation-stages.js';
import {
  INSURANCE_REASONS,
  LIQUIDATION_STAGES,
  SIDES,
  TRANSFER_REASONS,
} from '../protocol/names.js';
import type { MessageSink } from './message-sink.js';

const MICRO_USD_DECIMALS = 6;

/** EVT_LIQUIDATION, without its market. */
export function writeLiquidation(
  sink: MessageSink,
  words: Int32Array,
  floats: Float64Array,
  at: number,
): void {
  const f = at / 2;
  sink.choice('stage', stageIndex(words[at + EW_FLAGS] as number), LIQUIDATION_STAGES);
  money(sink, 'equity', floats[f + EF_VALUE] as number);
  money(sink, 'maintenanceMargin', floats[f + EF_LIMIT] as number);
  money(sink, 'collateral', floats[f + EF_COLLATERAL] as number);
}

/** EVT_TRANSFER, as the account sees it whose event it is. */
export function writeTransfer(
  sink: MessageSink,
  market: Market,
  words: Int32Array,
  floats: Float64Array,
  at: number,
): void {
  const f = at / 2;
  const p = market.params;
  const flags = words[at + EW_FLAGS] as number;
  sink.market('market', p.symbol, market.id);
  sink.choice('reason', reasonOf(flags), TRANSFER_REASONS);
  sink.choice('side', flags & FLAG_SIDE, SIDES);
  sink.decimal('qty', floats[f + EF_LOTS] as number, p.lotMantissa, p.lotDecimals);
  sink.decimal('price', words[at + EW_PRICE] as number, p.tickMantissa, p.tickDecimals);
  money(sink, 'realizedPnl', floats[f + EF_REALIZED] as number);
  sink.decimal('position', floats[f + EF_POSITION] as number, p.lotMantissa, p.lotDecimals);
  sink.decimal(
    'entryValue',
    floats[f + EF_ENTRY_VALUE] as number,
    p.tickMantissa * p.lotMantissa,
    p.tickDecimals + p.lotDecimals,
  );
  money(sink, 'collateral', floats[f + EF_COLLATERAL] as number);
  const auction = floats[f + EF_ORDER_ID] as number;
  if (auction === 0) sink.none('auctionId');
  else sink.uint('auctionId', auction);
}

/** EVT_INSURANCE: between the account and the insurance fund of the market. */
export function writeInsurance(
  sink: MessageSink,
  market: Market,
  words: Int32Array,
  floats: Float64Array,
  at: number,
): void {
  const f = at / 2;
  sink.market('market', market.params.symbol, market.id);
  sink.choice('reason', words[at + EW_FLAGS] as number, INSURANCE_REASONS);
  money(sink, 'payment', floats[f + EF_PAYMENT] as number);
  money(sink, 'collateral', floats[f + EF_COLLATERAL] as number);
}

function money(sink: MessageSink, name: string, microUsd: number): void {
  sink.decimal(name, microUsd, 1, MICRO_USD_DECIMALS);
}
