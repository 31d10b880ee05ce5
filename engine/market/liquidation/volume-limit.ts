import type { CanonicalReader, CanonicalWriter } from '../../state/canonical-writer.js';
import { mulDivFloor } from '../../units/mul-div.js';
import { asQtyLots, type PriceTicks, type QtyLots } from '../../units/units.js';
import type { MarketParams } from '../market-params.js';
import { MINUTE_LEAST_MICRO_USD, MINUTE_MS, MINUTE_SHARE } from './liquidation-rules.js';

/**
 * How much slices may close in one minute of a market: a tenth of the open interest that the minute began with, or 100,000 USD where that is
 * more. One liquidation, or a wave of them, thus never throws a whole market's open interest into its book.
 */
export class VolumeLimit {
  private minute = -1;
  private lotsMax = 0;
  private lotsClosed = 0;

  /** Lots that may still be closed in the minute of `nowMs`. */
  left(nowMs: number, openInterest: number, markTicks: PriceTicks, params: MarketParams): QtyLots {
    const minute = Math.floor(nowMs / MINUTE_MS);
    if (minute !== this.minute) {
      this.minute = minute;
      this.lotsMax = Math.max(
        Math.floor(openInterest / MINUTE_SHARE),
        leastLots(markTicks, params),
      );
      this.lotsClosed = 0;
    }
    return asQtyLots(Math.max(0, this.lotsMax - this.lotsClosed));
  }

  /** After `left`, in the same minute. */
  add(lots: number): void {
    this.lotsClosed += lots;
  }

  writeState(writer: CanonicalWriter): void {
    for (const value of [this.minute, this.lotsMax, this.lotsClosed]) writer.put(value);
  }

  readState(reader: CanonicalReader): void {
    this.minute = reader.take();
    this.lotsMax = reader.take();
    this.lotsClosed = reader.take();
  }
}

/** At least one lot. */
function leastLots(markTicks: PriceTicks, params: MarketParams): number {
  const { microUsdPerTickLotNumerator, microUsdPerTickLotDenominator } = params;
  const value = mulDivFloor(
    MINUTE_LEAST_MICRO_USD,
    microUsdPerTickLotDenominator,
    microUsdPerTickLotNumerator,
  );
  return Math.max(1, Math.floor(value / markTicks));
}
