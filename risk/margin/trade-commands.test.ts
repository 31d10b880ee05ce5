import { expect, it } from 'vitest';
import { Kernel } from '../../engine/kernel/host/kernel.js';
import * as layout from '../../engine/messages/layout.js';
import { MessageBuffer } from '../../engine/messages/message-buffer.js';
import { REJECT } from '../../engine/messages/reject-codes.js';
import * as type from '../../engine/messages/types.js';
import { ShardCore } from '../../engine/shard/shard-core.js';
import { Xorshift } from '../../engine/testing/xorshift.js';
import { command } from '../../sim/traffic/wire.js';
import { MARKETS, push, setUp } from '../testing/small-exchange.js';
import { MarginActor } from './margin-actor.js';
import { javascriptRiskKernel } from './risk-kernel.js';
import { PARAMS, TriggerShard } from './trigger-shard.fixture.js';

it('takes a client id of −0 for none, and writes no −0 into the answer', () => {
  const core = new ShardCore(
    (inbox, events, fees, kernel) => new MarginActor(inbox, events, fees, kernel, false),
    undefined,
    undefined,
    new Kernel(javascriptRiskKernel),
  );
  const first = new MessageBuffer(64);
  const count = setUp(first, new Xorshift(1));
  core.applyFrame({ messages: first, firstSequence: 1, count, timeMs: 1000 });
  core.events.reset();
  const messages = new MessageBuffer(1);
  push(messages, type.CMD_CANCEL, MARKETS[0] as number, 1, {
    words: [[layout.W_ACCOUNT, 1]],
    floats: [[layout.F_CLIENT_ID, -0]],
  });
  core.applyFrame({ messages, firstSequence: core.sequence + 1, count: 1, timeMs: 1000 });
  // Behind the announcement of the frame.
  const { words, floats } = core.events;
  expect(words[layout.SLOT_WORDS + layout.EW_CODE]).toBe(REJECT.order_is_not_open);
  expect(Object.is(floats[layout.SLOT_FLOATS + layout.EF_VALUE], 0)).toBe(true);
});

it.each(['product', 'naive'] as const)(
  'replaces an order of who has as many as he may, and takes one that cannot rest, %s',
  (flavour) => {
    const shard = new TriggerShard(flavour, 2, { ...PARAMS, openOrdersMax: 2 });
    for (const price of [900, 901]) shard.place(1, 'buy', 20, { price });
    const fields = { marketId: 1, account: 1, flags: type.SIDE_BUY, price: 902, qty: 20 };
    expect(shard.ask(command(type.CMD_REPLACE, { ...fields, target: { orderId: 9 } }))).toEqual([
      expect.stringMatching(/rejected order_is_not_open/),
    ]);
    const told = shard.ask(command(type.CMD_REPLACE, { ...fields, target: { orderId: 1 } }));
    expect(told).toContain('* accepted #3 buy 20@902');
    expect(told).toContain('canceled #1 20@900 replaced');
    expect(shard.place(1, 'buy', 20, { price: 903 })).toEqual([
      '* rejected open_orders_must_not_exceed_limit 3 limit 2',
    ]);
    shard.place(2, 'sell', 5, { price: 1000 });
    const taken = shard.place(1, 'buy', 20, { price: 1000, tif: type.TIF_IOC });
    expect(taken[0]).toBe('* accepted #5 buy 20@1000');
    expect(shard.core.market(1)?.positions.positionOf(1)).toBe(5);
  },
);
