import {
  EF_COLLATERAL,
  EF_ENTRY_VALUE,
  EF_FEE,
  EF_INTERVAL,
  EF_LIMIT,
  EF_LOTS,
  EF_ORDER_ID,
  EF_PAYMENT,
  EF_POSITION,
  EF_RATE_PPB,
  EF_REALIZED,
  EF_REMAINING,
  EF_SEQUENCE,
  EF_TRADE_SEQUENCE,
  EF_VALUE,
  EW_FLAGS,
  EW_OTHER_ACCOUNT,
  EW_PRICE,
  SLOT_WORDS,
  slotsOf,
} from '../../engine/messages/layout.js';
import type { MessageBuffer } from '../../engine/messages/message-buffer.js';
import {
  BALANCE_TRANSFER,
  EVT_BALANCE,
  EVT_FILL,
  EVT_FUNDING,
  EVT_FUNDING_RATE,
  EVT_INSURANCE,
  EVT_LIQUIDATION,
  EVT_POSITION_MARGIN,
  EVT_TRANSFER,
  FLAG_LIQUIDATION,
  FLAG_MAKER,
  FLAG_SIDE,
  reasonOf,
} from '../../engine/messages/types.js';
import { EventFields } from './event-fields.js';
import type { HistoryBatch } from './history-batch.js';
import { foldFillIntoOrder, foldOrderEvent } from './order-fold.js';
import {
  LIQUIDATION_INSURANCE,
  LIQUIDATION_STAGE,
  LIQUIDATION_TRANSFER,
  type LiquidationRow,
  TRANSFER_DEPOSIT,
  TRANSFER_FAMILY,
  TRANSFER_MARGIN,
  TRANSFER_WITHDRAWAL,
  type TransferRow,
} from './rows.js';

/**
 * Folds a shard's events into rows. An account's events count in the shard that is its home and numbers them, a market's trades in the
 * shard that hosts it: with several shards each row is in exactly one of their histories.
 */
export class HistoryFold {
  private readonly batch: HistoryBatch;
  private readonly isHosted: (marketId: number) => boolean;
  private readonly event = new EventFields();

  constructor(batch: HistoryBatch, isHosted: (marketId: number) => boolean) {
    this.batch = batch;
    this.isHosted = isHosted;
  }

  /** All events of one frame, as the shard left them. */
  apply(events: MessageBuffer, timeMs: number): void {
    const { event } = this;
    const { words, floats, length } = events;
    event.timeMs = timeMs;
    for (let slot = 0; slot < length; slot += slotsOf(words[slot * SLOT_WORDS] as number)) {
      event.moveTo(words, floats, slot * SLOT_WORDS);
      if (event.type === EVT_FILL) this.trade();
      else if (event.type === EVT_FUNDING_RATE) this.fundingRate();
      this.batch.asked.answered(event, this.batch.rejections);
      if (event.accountSequence > 0) this.ofAccount();
    }
  }

  /** One event with a number in its account's feed. */
  applyOne(words: Int32Array, floats: Float64Array, at: number, timeMs: number): void {
    this.event.timeMs = timeMs;
    this.event.moveTo(words, floats, at);
    this.ofAccount();
  }

  private ofAccount(): void {
    const { batch, event } = this;
    switch (event.type) {
      case EVT_FILL:
        this.fill();
        break;
      case EVT_FUNDING:
        this.funding();
        break;
      case EVT_BALANCE:
        batch.transfers.push(this.balance());
        break;
      case EVT_POSITION_MARGIN:
        // Zero: a fill or a payment has moved it, which has a row of its own.
        if (event.float(EF_LOTS) !== 0) batch.transfers.push(this.margin());
        break;
      case EVT_LIQUIDATION:
      case EVT_TRANSFER:
      case EVT_INSURANCE:
        batch.liquidations.push(this.liquidation());
        break;
      default:
        foldOrderEvent(batch, event);
    }
  }

  /** Of the two events of a trade the taker's tells it. */
  private trade(): void {
    const { event } = this;
    const flags = event.word(EW_FLAGS);
    if ((flags & FLAG_MAKER) !== 0 || !this.isHosted(event.marketId)) return;
    this.batch.trades.push({
      marketId: event.marketId,
      tradeId: event.float(EF_TRADE_SEQUENCE),
      priceTicks: event.word(EW_PRICE),
      qtyLots: event.float(EF_LOTS),
      takerSide: flags & FLAG_SIDE,
      isLiquidation: (flags & FLAG_LIQUIDATION) === 0 ? 0 : 1,
      sequence: event.float(EF_SEQUENCE),
      timeMs: event.timeMs,
      takerOrderId: event.float(EF_ORDER_ID),
    });
  }

  private fundingRate(): void {
    const { event } = this;
    if (!this.isHosted(event.marketId)) return;
    this.batch.fundingRates.push({
      marketId: event.marketId,
      sequence: event.float(EF_SEQUENCE),
      timeMs: event.timeMs,
      ratePpb: event.float(EF_RATE_PPB),
      premiumPpb: event.float(EF_FEE),
      indexTicks: event.word(EW_PRICE),
    });
  }

  private fill(): void {
    const { batch, event } = this;
    const flags = event.word(EW_FLAGS);
    const fill = {
      accountId: event.accountId,
      accountSequence: event.accountSequence,
      marketId: event.marketId,
      sequence: event.sequence,
      timeMs: event.timeMs,
      orderId: event.float(EF_ORDER_ID),
      tradeId: event.float(EF_TRADE_SEQUENCE),
      side: flags & FLAG_SIDE,
      isMaker: (flags & FLAG_MAKER) === 0 ? 0 : 1,
      isLiquidation: (flags & FLAG_LIQUIDATION) === 0 ? 0 : 1,
      priceTicks: event.word(EW_PRICE),
      qtyLots: event.float(EF_LOTS),
      remainingLots: event.float(EF_REMAINING),
      feeMicroUsd: event.float(EF_FEE),
      realizedMicroUsd: event.float(EF_REALIZED),
      positionLots: event.float(EF_POSITION),
      entryValueTickLots: event.float(EF_ENTRY_VALUE),
      collateralMicroUsd: event.float(EF_COLLATERAL),
      clientOrderId: event.clientOrderId,
    };
    batch.fills.push(fill);
    foldFillIntoOrder(batch, fill);
  }

  private funding(): void {
    const { event } = this;
    this.batch.funding.push({
      accountId: event.accountId,
      accountSequence: event.accountSequence,
      marketId: event.marketId,
      sequence: event.sequence,
      timeMs: event.timeMs,
      paymentMicroUsd: event.float(EF_PAYMENT),
      ratePpb: event.float(EF_RATE_PPB),
      intervalMs: event.float(EF_INTERVAL),
      indexTicks: event.word(EW_PRICE),
      positionLots: event.float(EF_POSITION),
      collateralMicroUsd: event.float(EF_COLLATERAL),
    });
  }

  private balance(): TransferRow {
    const { event } = this;
    const changeMicroUsd = event.float(EF_LOTS);
    const isTransfer = event.word(EW_FLAGS) === BALANCE_TRANSFER;
    const fromOutside = changeMicroUsd < 0 ? TRANSFER_WITHDRAWAL : TRANSFER_DEPOSIT;
    return {
      accountId: event.accountId,
      accountSequence: event.accountSequence,
      marketId: event.marketId,
      sequence: event.sequence,
      timeMs: event.timeMs,
      kind: isTransfer ? TRANSFER_FAMILY : fromOutside,
      changeMicroUsd,
      collateralMicroUsd: event.float(EF_COLLATERAL),
      positionCollateralMicroUsd: null,
      otherAccountId: isTransfer ? event.word(EW_OTHER_ACCOUNT) : null,
    };
  }

  private margin(): TransferRow {
    const { event } = this;
    return {
      accountId: event.accountId,
      accountSequence: event.accountSequence,
      marketId: event.marketId,
      sequence: event.sequence,
      timeMs: event.timeMs,
      kind: TRANSFER_MARGIN,
      changeMicroUsd: -event.float(EF_LOTS),
      collateralMicroUsd: event.float(EF_COLLATERAL),
      positionCollateralMicroUsd: event.float(EF_VALUE),
      otherAccountId: null,
    };
  }

  private liquidation(): LiquidationRow {
    const { event } = this;
    const { type } = event;
    const flags = event.word(EW_FLAGS);
    const isStage = type === EVT_LIQUIDATION;
    const row: LiquidationRow = {
      accountId: event.accountId,
      accountSequence: event.accountSequence,
      marketId: event.marketId,
      sequence: event.sequence,
      timeMs: event.timeMs,
      kind: isStage ? LIQUIDATION_STAGE : LIQUIDATION_INSURANCE,
      reason: flags,
      side: 0,
      priceTicks: 0,
      qtyLots: 0,
      auctionId: 0,
      amountMicroUsd: isStage ? 0 : event.float(EF_PAYMENT),
      equityMicroUsd: isStage ? event.float(EF_VALUE) : 0,
      maintenanceMicroUsd: isStage ? event.float(EF_LIMIT) : 0,
      positionLots: 0,
      entryValueTickLots: 0,
      collateralMicroUsd: event.float(EF_COLLATERAL),
    };
    if (type !== EVT_TRANSFER) return row;
    row.kind = LIQUIDATION_TRANSFER;
    row.reason = reasonOf(flags);
    row.side = flags & FLAG_SIDE;
    row.priceTicks = event.word(EW_PRICE);
    row.qtyLots = event.float(EF_LOTS);
    row.auctionId = event.float(EF_ORDER_ID);
    row.amountMicroUsd = event.float(EF_REALIZED);
    row.positionLots = event.float(EF_POSITION);
    row.entryValueTickLots = event.float(EF_ENTRY_VALUE);
    return row;
  }
}
