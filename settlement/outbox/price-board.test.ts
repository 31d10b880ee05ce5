import { setTimeout as sleep } from 'node:timers/promises';
import { expect, it } from 'vitest';
import { PriceBoard } from './price-board.js';
import { MemoryBus } from './testing/memory-bus.js';

function priceOf(sequence: number) {
  const ticks = { indexTicks: 600_000, markTicks: 600_010 };
  return { marketId: 3, sequence, timeMs: 1, publishTimeMs: 1, ...ticks };
}

/** Looks ten times a second. */
async function lookUntil(board: PriceBoard, fromMs: number, toMs: number): Promise<void> {
  for (let nowMs = fromMs; nowMs < toMs; nowMs += 100) {
    board.publish(nowMs);
    await sleep(0);
  }
}

it('publishes the newest price once a second at most, and each only once', async () => {
  const bus = new MemoryBus();
  const board = new PriceBoard(bus, 0);
  for (let sequence = 1; sequence <= 30; sequence++) {
    board.note(priceOf(sequence));
    await lookUntil(board, sequence * 100, sequence * 100 + 100);
  }
  await lookUntil(board, 3_100, 40_000);
  const ids = bus.messages.map(({ messageId }) => messageId);
  expect(ids).toEqual(['prices.3:1', 'prices.3:11', 'prices.3:21', 'prices.3:30']);
});

it('sends a price again that did not arrive, also when no other one follows', async () => {
  const bus = new MemoryBus();
  const board = new PriceBoard(bus, 0);
  bus.fate = () => 'lost';
  board.note(priceOf(7));
  await lookUntil(board, 0, 500);
  expect(bus.messages).toEqual([]);
  bus.fate = () => 'stored';
  bus.isAway = () => true;
  await lookUntil(board, 500, 2_500);
  bus.isAway = () => false;
  await lookUntil(board, 2_500, 4_000);
  expect(bus.messages.map(({ messageId }) => messageId)).toEqual(['prices.3:7']);
});

it('sends a price again that the bus has forgotten', async () => {
  const bus = new MemoryBus();
  const board = new PriceBoard(bus, 0);
  board.note(priceOf(7));
  await lookUntil(board, 0, 1_000);
  expect(bus.messages).toHaveLength(1);
  bus.messages.splice(0);
  await lookUntil(board, 1_000, 20_000);
  expect(bus.messages.map(({ messageId }) => messageId)).toEqual(['prices.3:7']);
});
