import {
  F_CLIENT_ID,
  F_DEADLINE,
  F_EXPIRY,
  F_ORDER_ID,
  F_QTY,
  headOf,
  marketOf,
  SLOT_FLOATS,
  SLOT_WORDS,
  slotsOf,
  typeOf,
  W_ACCOUNT,
  W_CLIENT_TEXT_LENGTH,
  W_FLAGS,
  W_HEAD,
  W_PRICE,
} from '../../engine/messages/layout.js';
import type { Xorshift } from '../../engine/testing/xorshift.js';
import type { Wire } from './wire.js';

const WORDS = [-(2 ** 31), -1, 0, 1, 255, 65_536, 2 ** 26, 2 ** 31 - 1];
const FLOATS = [
  Number.NaN,
  Number.POSITIVE_INFINITY,
  Number.NEGATIVE_INFINITY,
  -1,
  -0,
  0.5,
  1.5,
  -(2 ** 53),
  2 ** 40 + 1,
  2 ** 52 + 1,
  2 ** 53,
  2 ** 53 + 2,
  1e300,
  5e-324,
];
const FIELD_FLOATS = [F_QTY, F_CLIENT_ID, F_ORDER_ID, F_DEADLINE, F_EXPIRY];
const FIELD_WORDS = [W_ACCOUNT, W_FLAGS, W_PRICE];

/**
 * Spoils a sound message: one field with a value from its edge or beyond, another type, market or number of slots, a wild
 * text length, or noise. Some of them are still valid; the twin says which.
 */
export function spoil(sound: Wire, random: Xorshift): Wire {
  const wire = sound.slice();
  const floats = new Float64Array(wire.buffer);
  const head = wire[W_HEAD] as number;
  switch (random.below(8)) {
    case 0:
      wire[random.pick(FIELD_WORDS)] = random.pick(WORDS);
      return wire;
    case 1:
      wire[W_HEAD] = headOf(random.below(256), slotsOf(head), marketOf(head));
      return wire;
    case 2:
      wire[W_HEAD] = headOf(typeOf(head), slotsOf(head), random.pick([0, 77, 65_534, 65_535]));
      return wire;
    case 3:
      return withOtherSlots(wire, random.between(1, 4));
    case 4:
      if (wire.length > SLOT_WORDS) wire[W_CLIENT_TEXT_LENGTH] = random.pick(WORDS);
      else wire[W_FLAGS] = random.next() | 0;
      return wire;
    case 5:
      for (let at = 1; at < wire.length; at++) wire[at] = random.next() | 0;
      return wire;
    case 6:
      // Any field of the whole message, also those of its later slots.
      floats[random.between(1, floats.length - 1)] = random.pick(FLOATS);
      return wire;
    default:
      floats[random.pick(FIELD_FLOATS) % SLOT_FLOATS] = random.pick(FLOATS);
      return wire;
  }
}

/** The head says so many slots, and so many there are: what a gateway with a mistake in it would send. */
function withOtherSlots(wire: Wire, slots: number): Wire {
  const other = new Int32Array(slots * SLOT_WORDS);
  other.set(wire.subarray(0, Math.min(wire.length, other.length)));
  const head = wire[W_HEAD] as number;
  other[W_HEAD] = headOf(typeOf(head), slots, marketOf(head));
  return other;
}
