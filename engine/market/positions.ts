import { AccountRows } from '../book/account-rows.js';
import type { FillLedger } from '../book/order-book.js';
import type { Kernel } from '../kernel/host/kernel.js';
import { B_INSURANCE, B_OPEN_INTEREST, H_TAKER_PPM, R_POSITION } from '../kernel/layout.js';
import { EVENT_SLOTS } from '../messages/layout.js';
import type { MessageBuffer } from '../messages/message-buffer.js';
import {
  asMicroUsd,
  asQtyLots,
  type MicroUsd,
  type PriceTicks,
  type QtyLots,
} from '../units/units.js';
import type { FundingFraction } from './funding-fraction.js';

/** Indices into `MarketPositions.totals`. */
export const TOTAL_OPEN_INTEREST = 0;
/** Micro-USD that the market owes its traders (negative: they owe it): −Σ realised profit paid out. */
export const TOTAL_CLEARING = 1;
/** Σ fees − rebates, micro-USD. */
export const TOTAL_FEES = 2;

/**
 * Positions of one market, which the kernel keeps in the account rows and settles fills into (engine/kernel/positions.ts has the
 * rules). The fast book settles by itself; a book outside of the kernel does it through this.
 */
export class MarketPositions implements FillLedger {
  readonly rows: AccountRows;
  readonly totals: Float64Array;
  private readonly kernel: Kernel;
  private readonly book: number;

  /** `book`: address of a book that was opened with LEDGER_OWN. */
  constructor(
    kernel: Kernel,
    book: number,
    microUsdPerTickLotNumerator: number,
    microUsdPerTickLotDenominator: number,
  ) {
    this.kernel = kernel;
    this.book = book;
    this.rows = new AccountRows(kernel, book);
    this.totals = kernel.floatsAt(book + B_OPEN_INTEREST, 3);
    kernel.calls.setContract(book, microUsdPerTickLotNumerator, microUsdPerTickLotDenominator);
  }

  /** Funding of all open positions; the events of its payments follow. */
  payFunding(
    indexTicks: PriceTicks,
    ratePpb: number,
    intervalMs: number,
    fraction: FundingFraction,
  ): void {
    const { kernel, book } = this;
    const { numerator, divisor } = fraction;
    kernel.enter();
    kernel.calls.payFunding(book, indexTicks, numerator, divisor, ratePpb, intervalMs);
    kernel.leave();
  }

  /** One side of a transfer outside of the book, without a fee; returns the slot of its event. */
  transfer(account: number, flags: number, lots: QtyLots, priceTicks: PriceTicks): number {
    const { kernel, book } = this;
    kernel.enter();
    kernel.calls.transfer(book, account, flags, lots, priceTicks);
    kernel.leave();
    return kernel.events.length - EVENT_SLOTS;
  }

  /** Closes all of them at one price, without a fee. */
  settleAll(priceTicks: PriceTicks): void {
    const { kernel, book } = this;
    kernel.enter();
    kernel.calls.settlePositions(book, priceTicks);
    kernel.leave();
  }

  /** What the insurance fund of the market has. */
  get insuranceMicroUsd(): MicroUsd {
    return asMicroUsd(this.kernel.float(this.book + B_INSURANCE));
  }

  set insuranceMicroUsd(microUsd: MicroUsd) {
    this.kernel.floats[(this.book + B_INSURANCE) >> 3] = microUsd;
  }

  get openInterestLots(): QtyLots {
    return asQtyLots(this.totals[TOTAL_OPEN_INTEREST] as number);
  }

  /** What an account of this fee tier pays as a taker. */
  takerPpm(tier: number): number {
    return this.kernel.word(H_TAKER_PPM + (tier << 2));
  }

  positionOf(account: number): QtyLots {
    return asQtyLots(this.rows.get(account, R_POSITION));
  }

  closableLots(account: number, side: number): QtyLots {
    return asQtyLots(this.kernel.calls.closableLots(this.book, account, side));
  }

  settleFill(events: MessageBuffer, slot: number): void {
    const event = this.kernel.addressOf(events, slot);
    this.kernel.calls.settleOwn(this.book, event);
    this.kernel.refresh();
    this.kernel.copyBack(event, events, slot);
  }

  /** What was settled for the account: one of `S_…`, 0 without a row. */
  settled(account: number, column: number): number {
    const record = this.kernel.calls.settledOf(this.book, account);
    return record === 0 ? 0 : this.kernel.float(record + column);
  }

  setSettled(account: number, column: number, value: number): void {
    this.rows.open(account);
    this.kernel.floats[(this.kernel.calls.settledOf(this.book, account) + column) >> 3] = value;
  }
}
