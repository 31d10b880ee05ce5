import { describe, expect, it } from 'vitest';
import { F_QTY, headOf, SLOT_WORDS } from '../messages/layout.js';
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

  it('is an operator’s command at the door of operators only', () => {
    expect(check('operators', types.CMD_DEPOSIT, 1)).toBe(0);
    expect(check('traders', types.CMD_DEPOSIT, 1)).toBe(REJECT.message_type_is_unknown);
  });
});
