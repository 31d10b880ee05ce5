import { pack, unpack } from 'msgpackr';
import { describe, expect, it } from 'vitest';
import { MESSAGES } from '../../gateway/protocol/messages.js';
import { OrderFlow } from './order-flow.js';
import type { PriceLadder } from './order-mix.js';
import { headBytes, MASK_BYTE } from './ws-frames.js';

const ladder: PriceLadder = {
  market: 'BTC-PERP',
  marketId: 1,
  binanceSymbol: 'BTCUSDT',
  middle: 100_000,
  tickSize: 0.1,
  decimals: 1,
  qty: '0.001',
};

function requestOf(frame: Buffer): unknown[] {
  const payload = frame.subarray(headBytes(frame.length - headBytes(0)));
  return unpack(Buffer.from(payload.map((byte) => byte ^ MASK_BYTE)));
}

describe('the flow of orders', () => {
  it('places and then cancels what was acknowledged', () => {
    const flow = new OrderFlow(ladder);
    const place = requestOf(flow.next());
    expect(place).toEqual([1, flow.request, 'BTC-PERP', 1, '100000.4', '0.001', 0, 0]);
    const ack = pack([MESSAGES.ack.code, flow.request, 0, 3, 70_000, null, 0, '1', '1', '1']);
    expect(flow.answer(Buffer.from(ack), 0)).toBe(flow.request);
    expect(requestOf(flow.next())).toEqual([2, flow.request, 'BTC-PERP', 70_000]);
    expect(requestOf(flow.next())[0]).toBe(1);
  });

  it('reads acknowledgements of more than fifteen fields', () => {
    const flow = new OrderFlow(ladder);
    requestOf(flow.next());
    const ack = [MESSAGES.ack.code, flow.request, 0, 3, 70_001, ...new Array(12).fill(7)];
    expect(flow.answer(Buffer.from(pack(ack)), 0)).toBe(flow.request);
    expect(requestOf(flow.next())).toEqual([2, flow.request, 'BTC-PERP', 70_001]);
  });

  it('takes an echo for an acknowledgement', () => {
    const flow = new OrderFlow(ladder);
    const echo = pack(requestOf(flow.next()));
    expect(flow.answer(Buffer.from(echo), 0)).toBe(flow.request);
    const placed = flow.request;
    expect(requestOf(flow.next())).toEqual([2, placed + 1, 'BTC-PERP', placed]);
    expect(flow.answered).toEqual({ acks: 1, errors: 0 });
  });

  it('sends takers on both sides, and counts errors as answers', () => {
    const flow = new OrderFlow(ladder);
    const sides = new Set<unknown>();
    for (let i = 0; i < 64; i++) {
      const [, , , side, price, , , timeInForce] = requestOf(flow.next());
      if (timeInForce !== 1) continue;
      sides.add(side);
      expect(side === 0 ? Number(price) > 100_000 : Number(price) < 100_000).toBe(true);
    }
    expect([...sides].sort()).toEqual([0, 1]);
    const error = pack([MESSAGES.error.code, flow.request, 'order_is_not_open', 'gone']);
    expect(flow.answer(Buffer.from(error), 0)).toBe(flow.request);
    expect(flow.answered.errors).toBe(1);
  });

  it('leaves other messages alone', () => {
    const flow = new OrderFlow(ladder);
    expect(flow.answer(Buffer.from(pack([MESSAGES.notice.code, 'x', 'y', 'z'])), 0)).toBe(0);
  });
});
