import { existsSync, readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { webAssemblyKernel } from '../../engine/kernel/host/flavours.js';
import { TIF_IOC } from '../../engine/messages/types.js';
import { A_SEQUENCE } from '../kernel/layout.js';
import type { MarginActor } from '../margin/margin-actor.js';
import type { RiskCalls } from '../margin/risk-kernel.js';
import { TriggerShard } from '../margin/trigger-shard.fixture.js';
import { accountsBelow } from './sweep-here.js';
import { SweptColumns } from './swept-columns.js';

const ACCOUNTS = 6;
const COMPILED = new URL('../../dist/risk/kernel/kernel.wasm', import.meta.url);

const step = fc.oneof(
  fc.record({
    buyer: fc.integer({ min: 1, max: ACCOUNTS }),
    seller: fc.integer({ min: 1, max: ACCOUNTS }),
    lots: fc.integer({ min: 1, max: 9000 }),
    price: fc.integer({ min: 950, max: 1050 }),
  }),
  fc.record({ mark: fc.integer({ min: 850, max: 1150 }) }),
  fc.constant('timer' as const),
);

function stateOf(shard: TriggerShard) {
  return (shard.core.home as MarginActor).state;
}

describe('copies of positions', () => {
  it('find whom the kernel finds, after every change, whether they are old, new or missing', () => {
    const property = fc.property(fc.array(step, { maxLength: 20 }), (steps) => {
      const shard = new TriggerShard('product', ACCOUNTS);
      const { kernel } = stateOf(shard);
      const columns = [Number.POSITIVE_INFINITY, 1].map((copiesMax) => {
        return new SweptColumns(kernel.memory, kernel.calls, copiesMax);
      });
      for (const each of steps) {
        if (each === 'timer') shard.timer();
        else if ('mark' in each) shard.mark(each.mark);
        else {
          shard.place(each.seller, 'sell', each.lots, { price: each.price });
          shard.place(each.buyer, 'buy', each.lots, { price: each.price, tif: TIF_IOC });
          shard.massCancel(each.seller);
        }
        const expected = accountsBelow(kernel, 1, ACCOUNTS + 1);
        for (const copies of columns) {
          // Once to see the number of each account, once to copy, once to ask the copy.
          for (let round = 0; round < 3; round++) {
            const found: number[] = [];
            copies.sweep(1, ACCOUNTS + 1, (account) => found.push(account));
            expect(found).toEqual(expected);
          }
        }
      }
    });
    fc.assert(property, { numRuns: 40 });
  });
});

describe('copies of positions under orders and fills', () => {
  const trade = (shard: TriggerShard, buyer: number, seller: number) => {
    shard.place(seller, 'sell', 10, { price: 1000 });
    shard.place(buyer, 'buy', 10, { price: 1000, tif: TIF_IOC });
  };
  const setUp = () => {
    const shard = new TriggerShard('product', ACCOUNTS);
    shard.mark(1000);
    trade(shard, 1, 2);
    const { kernel, accounts } = stateOf(shard);
    let rowsRead = 0;
    const calls = {
      nextBelowMargin: kernel.calls.nextBelowMargin,
      tableSizes: kernel.calls.tableSizes,
      rowOf: (block: number, account: number) => {
        rowsRead++;
        return kernel.calls.rowOf(block, account);
      },
    };
    const columns = new SweptColumns(kernel.memory, calls);
    /** How many rows were copied. */
    const sweep = () => {
      const before = rowsRead;
      columns.sweep(1, ACCOUNTS + 1, () => {});
      return rowsRead - before;
    };
    return { shard, kernel, accounts, sweep };
  };

  it('stay while orders come and go, and are made anew one sweep after a fill', () => {
    const { shard, sweep } = setUp();
    expect([sweep(), sweep(), sweep()]).toEqual([0, 2, 0]);
    shard.place(1, 'buy', 10, { price: 990 });
    shard.massCancel(1);
    // An order alone makes a market active, not a position.
    shard.place(3, 'buy', 10, { price: 990 });
    expect([sweep(), sweep()]).toEqual([0, 0]);
    trade(shard, 1, 3);
    expect([sweep(), sweep(), sweep()]).toEqual([0, 2, 0]);
  });

  it('are not trusted when the count of changes may have come round', () => {
    const { kernel, accounts, sweep } = setUp();
    expect([sweep(), sweep(), sweep()]).toEqual([0, 2, 0]);
    const skipEvents = (events: number) => {
      kernel.floats[(accounts.at(1) + A_SEQUENCE) >> 3] = accounts.sequence(1) + events;
    };
    skipEvents(32_767);
    expect([sweep(), sweep()]).toEqual([0, 0]);
    skipEvents(1);
    expect([sweep(), sweep(), sweep()]).toEqual([0, 1, 0]);
  });
});

describe('the compiled kernel in a thread that sweeps', () => {
  it('writes nothing into the memory, neither when it begins nor when it is asked', () => {
    expect(existsSync(COMPILED)).toBe(true);
    const shard = new TriggerShard('product', ACCOUNTS);
    shard.place(1, 'buy', 9000, { price: 1000 });
    shard.place(2, 'sell', 9000, { price: 1000, tif: TIF_IOC });
    shard.mark(900);
    const { kernel, accounts } = stateOf(shard);
    const before = new Uint8Array(kernel.memory.buffer).slice();
    const module = new WebAssembly.Module(readFileSync(COMPILED));
    const outside = { closableLots: () => 0, settleFill: () => {} };
    const calls = webAssemblyKernel<RiskCalls>(module)(kernel.memory, outside);
    const columns = new SweptColumns(kernel.memory, calls);
    const found: number[] = [];
    for (let round = 0; round < 3; round++) {
      columns.sweep(1, ACCOUNTS + 1, (account) => found.push(account));
    }
    expect(found).toEqual([1, 1, 1]);
    expect(calls.nextBelowMargin(1, ACCOUNTS + 1)).toBe(1);
    expect(calls.tableSizes()).toBe(kernel.calls.tableSizes());
    const record = accounts.at(1);
    expect(calls.stressedEquity(1, record, -20)).toBe(kernel.calls.stressedEquity(1, record, -20));
    expect(calls.stressedMargin(1, record, -20)).toBe(kernel.calls.stressedMargin(1, record, -20));
    expect(Buffer.compare(before, new Uint8Array(kernel.memory.buffer))).toBe(0);
  });
});
