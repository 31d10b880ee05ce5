import { expect, it } from 'vitest';
import { SIDE_BUY } from '../../messages/types.js';
import { CanonicalReader, CanonicalWriter } from '../../state/canonical-writer.js';
import { asPriceTicks, asQtyLots, asTimeMs } from '../../units/units.js';
import { Auctions } from './auctions.js';
import { AUCTION_MS } from './liquidation-rules.js';

function open(auctions: Auctions, account: number, startMs: number) {
  const terms = { account, side: SIDE_BUY, lots: asQtyLots(1), startMs: asTimeMs(startMs) };
  return auctions.open({ ...terms, bankruptcyTicks: asPriceTicks(900) });
}

it('finds auctions by id and by account, and says which have ended, the oldest first', () => {
  const auctions = new Auctions();
  const [first, second, third] = [7, 3, 5].map((account, i) => open(auctions, account, i * 10));
  expect(auctions.find(2)).toBe(second);
  expect(auctions.ofAccount(5)).toBe(third);
  expect(auctions.nextEndMs()).toBe(AUCTION_MS);
  expect(auctions.ended(AUCTION_MS - 1)).toEqual([]);
  expect(auctions.ended(AUCTION_MS + 10)).toEqual([first, second]);
  auctions.remove(first as never);
  expect(auctions.ofAccount(7)).toBeNull();
  expect(auctions.nextEndMs()).toBe(AUCTION_MS + 10);
  const again = open(auctions, 7, 40);
  const writer = new CanonicalWriter();
  auctions.writeState(writer);
  const restored = new Auctions();
  restored.readState(new CanonicalReader(writer.bytes()));
  expect(restored.all).toEqual([second, third, again]);
  expect(restored.ofAccount(7)).toEqual(again);
});

it('has one auction for an account', () => {
  const auctions = new Auctions();
  open(auctions, 7, 0);
  expect(() => open(auctions, 7, 1)).toThrow('an account has one auction in a market');
});
