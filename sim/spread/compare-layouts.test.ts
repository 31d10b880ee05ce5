import { expect, it } from 'vitest';
import { compareLayouts } from './compare-layouts.js';

/** One timer has a mark price for a market, and for another a payment that brings somebody below by that mark. */
const MARK_AND_PAYMENT = 8248;

it('gives markets on several hosts their turns in the order in which one shard has them', () => {
  expect(compareLayouts(MARK_AND_PAYMENT, 500)).toBeGreaterThan(480);
});

/** A funding that liquidates cancels an order in a market whose host has its turn with the same timer. */
const CANCEL_BEFORE_TURN = 9554;

it('ends where the turns of several hosts themselves decide what a market sees', () => {
  expect(compareLayouts(CANCEL_BEFORE_TURN, 500)).toBeGreaterThan(400);
});
