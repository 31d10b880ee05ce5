import { describe, expect, it } from 'vitest';
import { EF_ORDER_ID, headOf, SLOT_FLOATS, SLOT_WORDS, typeOf } from '../messages/layout.js';
import { MessageBuffer } from '../messages/message-buffer.js';
import { EVT_CANCELED, EVT_CHANNEL, EVT_FRAME } from '../messages/types.js';
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

describe('frames', () => {
  /** As a shard makes them: each announced, then what happened in it. */
  function framesOf(...frames: number[][]): MessageBuffer {
    const events = new MessageBuffer();
    for (const types of frames) {
      for (const type of [EVT_FRAME, ...types]) {
        const slots = type === EVT_FRAME ? 1 : SLOTS;
        events.words[events.push(slots) * SLOT_WORDS] = headOf(type, slots, 0);
      }
    }
    return events;
  }

  function ringOf(slots: number) {
    const memory = createRing(slots);
    const reader = new RingReader(memory);
    let wakes = 0;
    const output = new RingOutput(new RingWriter(memory), () => wakes++);
    const read = () => {
      const types: number[] = [];
      for (let at = reader.next(); at >= 0; at = reader.next()) {
        types.push(typeOf(reader.words[at] as number));
        reader.advance();
      }
      reader.release();
      reader.trySleep();
      return types;
    };
    return { output, read, wakes: () => wakes };
  }

  it('are announced with the first event in them that is for the reader, who sleeps through all others', () => {
    const { output, read, wakes } = ringOf(64);
    read();
    const put = (events: MessageBuffer) => {
      expect(output.write(events, 0)).toBe(events.length);
      output.publish();
    };
    put(framesOf([]));
    put(framesOf([EVT_CHANNEL], []));
    expect(wakes()).toBe(0);
    expect(read()).toEqual([]);
    put(framesOf([EVT_CHANNEL], [EVT_CHANNEL, EVT_CANCELED, EVT_CANCELED], [], [EVT_CANCELED]));
    expect(wakes()).toBe(1);
    expect(read()).toEqual([EVT_FRAME, EVT_CANCELED, EVT_CANCELED, EVT_FRAME, EVT_CANCELED]);
  });

  it('are announced once, wherever a full ring has cut them', () => {
    const frame = [EVT_CHANNEL, EVT_CANCELED, EVT_CHANNEL, EVT_CANCELED];
    const events = framesOf(...Array.from({ length: 40 }, () => frame));
    const { output, read } = ringOf(8);
    const seen: number[] = [];
    for (let slot = 0, turns = 0; slot < events.length; turns++) {
      expect(turns).toBeLessThan(200);
      slot = output.write(events, slot);
      output.publish();
      seen.push(...read());
    }
    expect(seen).toEqual(
      Array.from({ length: 40 }, () => [EVT_FRAME, EVT_CANCELED, EVT_CANCELED]).flat(),
    );
  });
});
