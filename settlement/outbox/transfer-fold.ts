import { assert } from '../../engine/assert.js';
import {
  TRANSFER_DELEVERAGING,
  TRANSFER_SETTLEMENT,
  TRANSFER_TAKE_OVER,
} from '../../engine/messages/types.js';
import type { ItemSide, MarketItem, MarketItemKind } from '../packs/pack-types.js';
import type { Contract } from './item-sink.js';
import { type ClosedPosition, pairSettlement } from './settlement-pairs.js';

/** One EVT_TRANSFER, with the change of the account's entry value. */
export interface Transfer {
  reason: number;
  /** 0: the account buys. */
  side: 0 | 1;
  timeMs: number;
  sequence: number;
  priceTicks: number;
  qtyLots: number;
  accountId: number;
  deltaEntryTickLots: number;
  realizedMicroUsd: number;
}

type Emit = (sequence: number, item: MarketItem) => void;

/**
 * Puts the transfers of one market together: of a take-over and of deleveraging the two sides follow each other, who gives first; a settlement
 * tells each account for itself, until nobody has a position any more.
 */
export class TransferFold {
  private readonly contract: Contract;
  private readonly emit: Emit;
  private given: Transfer | null = null;
  private closed: ClosedPosition[] = [];
  private openLots = 0;

  constructor(contract: Contract, emit: Emit) {
    this.contract = contract;
    this.emit = emit;
  }

  /** Nothing waits for its other side. */
  get isEmpty(): boolean {
    return this.given === null && this.closed.length === 0;
  }

  add(transfer: Transfer): void {
    if (transfer.reason === TRANSFER_SETTLEMENT) this.addClosed(transfer);
    else if (this.given === null) this.given = transfer;
    else {
      const { given } = this;
      this.given = null;
      this.addPair(given, transfer);
    }
  }

  private addPair(given: Transfer, taken: Transfer): void {
    const isPair =
      given.side !== taken.side &&
      given.qtyLots === taken.qtyLots &&
      given.priceTicks === taken.priceTicks &&
      given.reason === taken.reason &&
      given.sequence === taken.sequence;
    assert(isPair, 'the two events of a transfer must follow each other');
    const [maker, taker] = [given, taken].map(sideOf) as [ItemSide, ItemSide];
    this.emit(taken.sequence, itemOf(taken, kindOf(taken.reason), taken.qtyLots, maker, taker));
  }

  private addClosed(transfer: Transfer): void {
    const { accountId, side, qtyLots, deltaEntryTickLots, realizedMicroUsd } = transfer;
    const lots = side === 0 ? -qtyLots : qtyLots;
    const entryTickLots = 0 - deltaEntryTickLots;
    this.closed.push({ accountId, lots, entryTickLots, realizedMicroUsd });
    this.openLots += lots;
    // Positions add up to zero at the end of a settlement; where they do before, the rest does as well.
    if (this.openLots !== 0) return;
    for (const pair of pairSettlement(this.closed, transfer.priceTicks, this.contract)) {
      const settled = { ...transfer, side: 0 as const };
      this.emit(transfer.sequence, itemOf(settled, 'settlement', pair.lots, pair.long, pair.short));
    }
    this.closed = [];
  }
}

function kindOf(reason: number): MarketItemKind {
  if (reason === TRANSFER_TAKE_OVER) return 'takeOver';
  assert(reason === TRANSFER_DELEVERAGING, `a transfer for reason ${reason} is not known`);
  return 'deleveraging';
}

function sideOf(transfer: Transfer): ItemSide {
  return {
    accountId: transfer.accountId,
    deltaLots: transfer.side === 0 ? transfer.qtyLots : -transfer.qtyLots,
    deltaEntryTickLots: transfer.deltaEntryTickLots,
    realizedMicroUsd: transfer.realizedMicroUsd,
    feeMicroUsd: 0,
  };
}

function itemOf(
  { timeMs, priceTicks, side }: Transfer,
  kind: MarketItemKind,
  qtyLots: number,
  maker: ItemSide,
  taker: ItemSide,
): MarketItem {
  return {
    kind,
    tradeSequence: 0,
    timeMs,
    priceTicks,
    qtyLots,
    takerSide: side,
    isLiquidation: false,
    maker,
    taker,
  };
}
