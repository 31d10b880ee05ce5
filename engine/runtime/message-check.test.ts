import { describe, expect, it } from 'vitest';
import {
  F_QTY,
  headOf,
  SLOT_FLOATS,
  SLOT_WORDS,
  TRIGGER_F_OCO,
  TRIGGER_W_OCO_TEXT_LENGTH,
} from '../messages/layout.js';
import { REJECT } from '../messages/reject-codes.js';
import * as types from '../messages/types.js';
import type { Door } from './host-port.js';
import { messageProblem } from './message-check.js';

function check(door: Door, type: number, slots: number, inner = 0, number = 1) {
  const words = new Int32Array(4 * SLOT_WORDS);
  const floats = new Float64Array(words.buffer);
  words[0] = headOf(type, slots, 0);
  words[SLOT_WORDS] = inner;
  floats[F_QTY] = number;
  return messageProblem(words, floats, 0, door);
}

describe('what a port lets in', () => {
  const envelope = headOf(types.EVT_FILL, 2, 1);

  it.each<Door>(['traders', 'operators'])('is no message of a shard at the door of %s', (door) => {
    expect(check(door, types.CMD_CHANNEL, 3, envelope)).toBe(REJECT.message_type_is_unknown);
    expect(check(door, types.CMD_SET_SHARDS, 1)).toBe(REJECT.message_type_is_unknown);
    expect(check(door, types.CMD_BEGIN_EPOCH, 1)).toBe(REJECT.message_type_is_unknown);
  });

  it('is nothing but whole envelopes with what actors exchange at the door of shards', () => {
    const malformed = REJECT.message_is_malformed;
    expect(check('shards', types.CMD_CHANNEL, 3, envelope)).toBe(0);
    expect(check('shards', types.CMD_CHANNEL, 4, headOf(types.MSG_MARKET, 3, 1))).toBe(0);
    expect(check('shards', types.CMD_PLACE, 1)).toBe(REJECT.message_type_is_unknown);
    expect(check('shards', types.CMD_DEPOSIT, 1)).toBe(REJECT.message_type_is_unknown);
    expect(check('shards', types.CMD_CHANNEL, 1)).toBe(malformed);
    expect(check('shards', types.CMD_CHANNEL, 4, envelope)).toBe(malformed);
    expect(check('shards', types.CMD_CHANNEL, 2, headOf(types.CMD_DEPOSIT, 1, 0))).toBe(malformed);
    expect(check('shards', types.CMD_CHANNEL, 3, headOf(types.EVT_CHANNEL, 2, 0))).toBe(malformed);
    expect(check('shards', types.CMD_CHANNEL, 3, envelope, Number.NaN)).toBe(malformed);
  });

  it('is no trigger order whose last slot is missing or makes no sense', () => {
    expect(check('traders', types.CMD_PLACE_TRIGGER, 2)).toBe(0);
    expect(check('traders', types.CMD_PLACE_TRIGGER, 1)).toBe(REJECT.message_is_malformed);
    expect(check('traders', types.CMD_PLACE_TRIGGER, 3)).toBe(REJECT.message_is_malformed);
    expect(check('traders', 30, 2)).toBe(REJECT.message_type_is_unknown);
    const words = new Int32Array(2 * SLOT_WORDS);
    const floats = new Float64Array(words.buffer);
    words[0] = headOf(types.CMD_PLACE_TRIGGER, 2, 0);
    const oco = SLOT_FLOATS + TRIGGER_F_OCO;
    for (const wild of [Number.NaN, Number.POSITIVE_INFINITY, -1, 0.5, 2 ** 53]) {
      floats[oco] = wild;
      expect(messageProblem(words, floats, 0, 'traders')).toBe(REJECT.message_is_malformed);
    }
    floats[oco] = 7;
    expect(messageProblem(words, floats, 0, 'traders')).toBe(0);
    for (const wild of [-1, 37]) {
      words[SLOT_WORDS + TRIGGER_W_OCO_TEXT_LENGTH] = wild;
      const code = REJECT.client_order_id_is_malformed;
      expect(messageProblem(words, floats, 0, 'traders')).toBe(code);
    }
  });

  it('is a list of candidates that is as long as it says', () => {
    const problem = (slots: number, count: number) => {
      return check('operators', types.CMD_CANDIDATES, slots, 0, count);
    };
    for (const [slots, count] of [
      [2, 1],
      [2, 16],
      [3, 17],
      [4, 48],
    ] as const) {
      expect(problem(slots, count)).toBe(0);
    }
    const wrong: [number, number][] = [
      [1, 0],
      [2, 0],
      [2, 17],
      [3, 16],
      [4, 49],
      [4, -1],
      [4, 1e9],
      [2, 1.5],
      [2, Number.NaN],
    ];
    for (const [slots, count] of wrong) {
      expect(problem(slots, count)).toBe(REJECT.message_is_malformed);
    }
    expect(check('traders', types.CMD_CANDIDATES, 2)).toBe(REJECT.message_type_is_unknown);
  });
  it('is a transfer with its terms in a second slot, and an amount that is a number', () => {
    expect(check('traders', types.CMD_TRANSFER, 2, 0, 5)).toBe(0);
    expect(check('traders', types.CMD_TRANSFER, 1, 0, 5)).toBe(REJECT.message_is_malformed);
    expect(check('traders', types.CMD_TRANSFER, 3, 0, 5)).toBe(REJECT.message_is_malformed);
    expect(check('traders', types.CMD_TRANSFER, 2, 0, Number.NaN)).toBe(
      REJECT.message_is_malformed,
    );
    expect(check('traders', types.CMD_CREATE_SUB_ACCOUNT, 1)).toBe(0);
    expect(check('traders', types.CMD_CREATE_SUB_ACCOUNT, 2)).toBe(REJECT.message_is_malformed);
  });
  it.each([types.CMD_PLACE_SCALED, types.CMD_PLACE_TWAP, types.CMD_PLACE_BRACKET])(
    'is no order that makes others without its last slot (%i)',
    (type) => {
      expect(check('traders', type, 2)).toBe(0);
      expect(check('traders', type, 1)).toBe(REJECT.message_is_malformed);
      expect(check('traders', type, 3)).toBe(REJECT.message_is_malformed);
    },
  );

  it('is no transfer of margin without a number', () => {
    expect(check('traders', types.CMD_SET_MARGIN_MODE, 1)).toBe(0);
    expect(check('traders', types.CMD_SET_MARGIN_MODE, 2)).toBe(REJECT.message_is_malformed);
    expect(check('traders', types.CMD_MOVE_MARGIN, 1, 0, -5)).toBe(0);
    for (const wild of [Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY]) {
      const problem = check('traders', types.CMD_MOVE_MARGIN, 1, 0, wild);
      expect(problem).toBe(REJECT.message_is_malformed);
    }
  });

  it('is a take-over of any trader, and a liquidator or a fund of operators only, of one slot each', () => {
    expect(check('traders', types.CMD_TAKE_OVER, 1)).toBe(0);
    expect(check('traders', types.CMD_TAKE_OVER, 2)).toBe(REJECT.message_is_malformed);
    for (const own of [types.CMD_SET_LIQUIDATOR, types.CMD_FUND_INSURANCE]) {
      expect(check('operators', own, 1)).toBe(0);
      expect(check('operators', own, 2)).toBe(REJECT.message_is_malformed);
      expect(check('operators', own, 1, 0, Number.NaN)).toBe(REJECT.message_is_malformed);
      expect(check('traders', own, 1)).toBe(REJECT.message_type_is_unknown);
    }
  });

  it('is an operator’s command at the door of operators only', () => {
    expect(check('operators', types.CMD_DEPOSIT, 1)).toBe(0);
    expect(check('traders', types.CMD_DEPOSIT, 1)).toBe(REJECT.message_type_is_unknown);
  });
});
