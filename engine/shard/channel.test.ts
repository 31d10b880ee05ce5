import { describe, expect, it } from 'vitest';
import { F_QTY, headOf, SLOT_WORDS, typeOf, W_HEAD } from '../messages/layout.js';
import { CMD_CHANNEL, EVT_CHANNEL } from '../messages/types.js';
import { CanonicalReader, CanonicalWriter } from '../state/canonical-writer.js';
import { asChannelInput, ChannelIn, ChannelOut } from './channel.js';

function message(content: number): Int32Array {
  const words = new Int32Array(2 * SLOT_WORDS);
  words[W_HEAD] = headOf(EVT_CHANNEL, 2, 0);
  words[SLOT_WORDS] = content;
  return words;
}

function contentsOf(messages: readonly Int32Array[]): number[] {
  return messages.map((words) => words[SLOT_WORDS] as number);
}

describe('the sending end of a channel', () => {
  it('numbers from 1 and keeps what was not acknowledged', () => {
    const channel = new ChannelOut();
    expect([7, 8, 9].map((content) => channel.keep(message(content), 0))).toEqual([1, 2, 3]);
    expect(contentsOf(channel.from(2))).toEqual([8, 9]);
    channel.acknowledge(2);
    channel.acknowledge(1);
    expect(contentsOf(channel.from(1))).toEqual([9]);
    expect(channel.last).toBe(3);
    channel.acknowledge(3);
    expect(channel.from(1)).toEqual([]);
    expect(channel.keep(message(10), 0)).toBe(4);
  });

  it('comes back from a snapshot with everything that may be asked for again', () => {
    const channel = new ChannelOut();
    for (const content of [7, 8, 9]) channel.keep(message(content), 0);
    channel.acknowledge(1);
    const writer = new CanonicalWriter();
    channel.writeState(writer);
    const restored = new ChannelOut();
    restored.readState(new CanonicalReader(writer.bytes()));
    expect(contentsOf(restored.from(1))).toEqual([8, 9]);
    expect(restored.keep(message(10), 0)).toBe(4);
  });
});

describe('the receiving end of a channel', () => {
  it('takes each number once and in order', () => {
    const channel = new ChannelIn();
    expect([1, 1, 3, 2, 2, 3].map((number) => channel.take(number))).toEqual([
      true,
      false,
      false,
      true,
      false,
      true,
    ]);
    expect([Number.NaN, 4.5, -1, 5].map((number) => channel.take(number))).toEqual([
      false,
      false,
      false,
      false,
    ]);
    expect(channel.last).toBe(3);
  });

  it('gets the same bytes, whatever the stream of the sender added to them', () => {
    const sent = message(7);
    const floats = new Float64Array(sent.buffer);
    floats[F_QTY] = 1;
    const kept = asChannelInput(sent, 0);
    floats[6] = 1234;
    expect(asChannelInput(sent, 0)).toEqual(kept);
    expect(typeOf(kept[W_HEAD] as number)).toBe(CMD_CHANNEL);
  });
});
