import { describe, expect, it } from 'vitest';
import { EF_ORDER_ID, headOf, SLOT_FLOATS, SLOT_WORDS } from '../messages/layout.js';
import { MessageBuffer } from '../messages/message-buffer.js';
import { EVT_CANCELED } from '../messages/types.js';
import { Bell, createBell } from './bell.js';
import { RingOutput } from './event-output.js';
import { createRing, RingReader, RingWriter } from './ring.js';
import { RingPort } from './ring-port.js';

const SLOTS = 2;
const CAPACITY = 16;

/** Events of orders with these ids. */
function eventsOf(...ids: number[]): MessageBuffer {
  const events = new MessageBuffer();
  for (const id of ids) {
    const slot = events.push(SLOTS);
    events.words[slot * SLOT_WORDS] = headOf(EVT_CANCELED, SLOTS, 1);
    events.floats[slot * SLOT_FLOATS + EF_ORDER_ID] = id;
  }
  return events;
}

describe('a ring whose reader wants nothing for a while', () => {
  it('takes no room and holds nobody up, and goes on when the reader is back', () => {
    const events = createRing(CAPACITY);
    const output = new RingOutput(new RingWriter(events), () => {});
    const commands = new RingWriter(createRing(CAPACITY));
    const port = new RingPort(5, commands, new RingReader(events), new Bell(createBell()));
    const seen: number[] = [];
    const listen = () => {
      port.onEvents((_words, floats, at) => seen.push(floats[at / 2 + EF_ORDER_ID] as number));
    };
    const put = (...ids: number[]) => {
      const made = eventsOf(...ids);
      const taken = output.write(made, 0);
      output.publish();
      port.drain();
      return taken === made.length;
    };
    port.onEvents(null);
    for (let i = 0; i < 100; i++) expect(put(1, 2, 3)).toBe(true);
    expect(port.occupancy().outbound).toBe(0);
    listen();
    expect(put(4, 5)).toBe(true);
    port.onEvents(null);
    expect(put(6)).toBe(true);
    listen();
    expect(put(7)).toBe(true);
    expect(seen).toEqual([4, 5, 7]);
  });

  it('is full like any other when nobody has said so', () => {
    const output = new RingOutput(new RingWriter(createRing(CAPACITY)), () => {});
    const made = eventsOf(1, 2, 3, 4, 5, 6, 7, 8, 9);
    expect(output.write(made, 0)).toBe(CAPACITY);
  });
});
