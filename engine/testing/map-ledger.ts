import type { FillLedger } from '../book/order-book.js';
import * as layout from '../messages/layout.js';
import type { MessageBuffer } from '../messages/message-buffer.js';
import { FLAG_MAKER, SIDE_BUY, sideOf, tierOf } from '../messages/types.js';
import { asQtyLots, PPM_ONE, type QtyLots } from '../units/units.js';

export interface MapLedgerOptions {
  /** Micro-USD a tick·lot. */
  numerator?: number;
  denominator?: number;
  /** Rates by tier; a tier without one pays nothing. */
  takerPpm?: readonly number[];
  makerPpm?: readonly number[];
}

interface Position {
  /** Positive is long. */
  lots: bigint;
  /** Signed tick·lots, of the sign of `lots`. */
  entryValue: bigint;
}

/**
 * The twin of the market's positions: a Map and exact integers without a limit. Two roundings, both against the trader:
 * realised profit goes down, a fee goes up (a rebate is a negative fee, so it shrinks).
 */
export class MapLedger implements FillLedger {
  private readonly positions = new Map<number, Position>();
  private readonly numerator: bigint;
  private readonly denominator: bigint;
  private readonly takerPpm: readonly number[];
  private readonly makerPpm: readonly number[];

  constructor(options: MapLedgerOptions = {}) {
    this.numerator = BigInt(options.numerator ?? 1);
    this.denominator = BigInt(options.denominator ?? 1);
    this.takerPpm = options.takerPpm ?? [];
    this.makerPpm = options.makerPpm ?? [];
  }

  positionOf(account: number): { lots: number; entryValue: number } {
    const { lots, entryValue } = this.get(account);
    return { lots: Number(lots), entryValue: Number(entryValue) };
  }

  /** Opens a position out of nowhere, at a price. */
  setPosition(account: number, lots: number, priceTicks: number): void {
    const entryValue = BigInt(lots) * BigInt(priceTicks);
    this.positions.set(account, { lots: BigInt(lots), entryValue });
  }

  closableLots(account: number, side: number): QtyLots {
    const { lots } = this.get(account);
    const closable = side === SIDE_BUY ? -lots : lots;
    return asQtyLots(closable > 0n ? Number(closable) : 0);
  }

  settleFill(events: MessageBuffer, slot: number): void {
    const w = slot * layout.SLOT_WORDS;
    const f = slot * layout.SLOT_FLOATS;
    const flags = events.words[w + layout.EW_FLAGS] as number;
    const account = events.words[w + layout.W_ACCOUNT] as number;
    const price = BigInt(events.words[w + layout.EW_PRICE] as number);
    const lots = BigInt(events.floats[f + layout.EF_LOTS] as number);
    const rates = (flags & FLAG_MAKER) !== 0 ? this.makerPpm : this.takerPpm;
    const ratePpm = BigInt(rates[tierOf(flags)] ?? 0);
    const realized = this.trade(account, sideOf(flags) === SIDE_BUY ? lots : -lots, price);
    const fee = divCeil(
      price * lots * this.numerator * ratePpm,
      this.denominator * BigInt(PPM_ONE),
    );
    const { lots: position, entryValue } = this.get(account);
    events.floats[f + layout.EF_FEE] = Number(fee);
    events.floats[f + layout.EF_REALIZED] = Number(
      divFloor(realized * this.numerator, this.denominator),
    );
    events.floats[f + layout.EF_POSITION] = Number(position);
    events.floats[f + layout.EF_ENTRY_VALUE] = Number(entryValue);
  }

  /** Realised profit in whole tick·lots, rounded down: what closes takes its part of the entry value rounded up. */
  private trade(account: number, signedLots: bigint, price: bigint): bigint {
    const position = this.get(account);
    this.positions.set(account, position);
    let opening = signedLots;
    let realized = 0n;
    if (position.lots !== 0n && position.lots > 0n !== signedLots > 0n) {
      const size = abs(position.lots);
      const closed = abs(signedLots) < size ? abs(signedLots) : size;
      const portion = divCeil(position.entryValue * closed, size);
      const closing = signedLots > 0n ? closed : -closed;
      realized = -closing * price - portion;
      position.lots += closing;
      position.entryValue -= portion;
      opening -= closing;
    }
    position.lots += opening;
    position.entryValue += opening * price;
    return realized;
  }

  private get(account: number): Position {
    return this.positions.get(account) ?? { lots: 0n, entryValue: 0n };
  }
}

function abs(value: bigint): bigint {
  return value < 0n ? -value : value;
}

/** Towards −∞; the divisor is positive. */
function divFloor(value: bigint, divisor: bigint): bigint {
  const quotient = value / divisor;
  return value % divisor < 0n ? quotient - 1n : quotient;
}

function divCeil(value: bigint, divisor: bigint): bigint {
  return -divFloor(-value, divisor);
}
