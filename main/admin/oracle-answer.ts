import { formatDecimal } from '../../engine/units/decimal.js';
import { MILLI } from '../../oracle/index/price-scale.js';
import type { MarketStatus } from '../../oracle/oracle.js';
import type { MarketConfig } from '../config/market-config.js';

/** The index of a market as the admin API shows it: prices as decimals, null where there is none. */
export function showIndex(status: MarketStatus, markets: readonly MarketConfig[]): object {
  const { market, priceTicks, confidenceTicks, publishTimeMs, heldBack, sources } = status;
  const params = markets.find((one) => one.params.symbol === market)?.params;
  const tick = { mantissa: params?.tickMantissa ?? 1, decimals: params?.tickDecimals ?? 0 };
  const fine = { mantissa: tick.mantissa, decimals: tick.decimals + Math.log10(MILLI) };
  const hasIndex = priceTicks > 0;
  return {
    market,
    index: hasIndex ? formatDecimal(priceTicks, tick) : null,
    confidence: hasIndex ? formatDecimal(confidenceTicks, tick) : null,
    publishTime: publishTimeMs,
    heldBack,
    accepted: status.accepted,
    heldBackCount: status.heldBackCount,
    leftOut: status.leftOut,
    sources: sources.map(({ source, priceMilliTicks, publishTimeMs: publishTime, doubt }) => {
      const price = priceMilliTicks === null ? null : formatDecimal(priceMilliTicks, fine);
      return { source, price, publishTime, doubt };
    }),
  };
}
