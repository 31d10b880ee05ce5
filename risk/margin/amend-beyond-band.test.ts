import { describe, expect, it } from 'vitest';
import { TriggerShard } from './trigger-shard.fixture.js';

describe.each(['product', 'naive'] as const)(
  'an order that the band has left behind, %s',
  (flavour) => {
    /** Its price is 60, and after a fall of the mark from 60 to 30 nobody may bid more than 45. */
    function leftBehind(): TriggerShard {
      const shard = new TriggerShard(flavour);
      shard.mark(60);
      shard.place(1, 'buy', 300, { price: 60, client: 'a' });
      shard.mark(30);
      return shard;
    }

    it('is made smaller, also by who names the price that it has', () => {
      const shard = leftBehind();
      expect(shard.amend(1, { orderId: 1, price: 60, qty: 200 })[0]).toMatch(/amended #1 .*200/);
      expect(shard.amend(1, { orderId: 1, qty: 100 })[0]).toMatch(/amended #1 .*100/);
    });

    it('is not made larger there, nor moved within what is beyond', () => {
      const shard = leftBehind();
      for (const fields of [
        { price: 60, qty: 301 },
        { price: 60, qty: 300 },
        { price: 59, qty: 100 },
      ]) {
        expect(shard.amend(1, { orderId: 1, ...fields })[0]).toMatch(
          /rejected price_ticks_must_not/,
        );
      }
    });
  },
);
