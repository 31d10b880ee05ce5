import { describe, expect, it } from 'vitest';
import { REJECT } from '../../engine/messages/reject-codes.js';
import type { Market } from '../markets.js';
import { operatorRejectionOf, rejectionOf } from './rejections.js';

const params = { symbol: 'BTC-PERP', tickMantissa: 5, tickDecimals: 1, lotMantissa: 1 };
const MARKET = { params: { ...params, lotDecimals: 3 } } as unknown as Market;

describe('a rejection in words', () => {
  it('has its name, and no placeholder left, whatever it is for', () => {
    for (const [name, number] of Object.entries(REJECT)) {
      for (const market of [MARKET, undefined]) {
        const { code, message } = rejectionOf(number, 1_234, 5_678, market);
        expect(code).toBe(name);
        expect(message).not.toMatch(/MARKET|VALUE|LIMIT|undefined|NaN/);
      }
    }
  });

  it('shows prices, sizes and money as clients write them', () => {
    const band = REJECT.price_ticks_must_not_exceed_upper_band;
    expect(rejectionOf(band, 200_003, 200_000, MARKET).message).toBe(
      'price of a buy must be at most 100000.0, the upper price band, but is 100001.5',
    );
    const position = REJECT.position_lots_must_not_exceed_limit;
    expect(rejectionOf(position, 12_500, 10_000, MARKET).message).toBe(
      'position with open orders must be at most 10.000 in BTC-PERP, but would be 12.500',
    );
    expect(rejectionOf(REJECT.insufficient_margin, 1_500_000, 250_001, MARKET).message).toBe(
      '1.500000 of free collateral is needed, but the account has 0.250001',
    );
  });

  it('says the same twice, and of a market that is not known that it is one', () => {
    const closed = REJECT.market_does_not_accept_new_orders;
    const words = [rejectionOf(closed, 0, 0, MARKET), rejectionOf(closed, 0, 0, undefined)];
    expect(words.map(({ message }) => message)).toEqual([
      'BTC-PERP accepts no new orders in its present state',
      'the market accepts no new orders in its present state',
    ]);
    const gone = rejectionOf(REJECT.order_is_not_open, 7, 0, MARKET);
    expect(gone).toEqual(rejectionOf(REJECT.order_is_not_open, 8, 9, undefined));
    expect(gone.message).toBe('the named order is not open, or belongs to another account');
  });

  it('shows a number that no release issued as it is', () => {
    const strange = { code: 'unknown_code_9999', message: 'unknown code 9999 (value 1, limit 2)' };
    expect(rejectionOf(9_999, 1, 2, MARKET)).toEqual(strange);
  });

  it('is in ticks and lots for operators, who are answered by shards', () => {
    const band = REJECT.price_ticks_must_not_exceed_upper_band;
    expect(operatorRejectionOf(band, 200_003, 200_000).message).toBe(
      'price ticks must not exceed upper band (value 200003, limit 200000)',
    );
  });
});
