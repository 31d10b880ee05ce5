import { SLOT_WORDS, slotsOf, typeOf, W_HEAD } from '../../engine/messages/layout.js';
import { MessageBuffer } from '../../engine/messages/message-buffer.js';
import { EVT_CHANNEL } from '../../engine/messages/types.js';
import { messageProblem } from '../../engine/runtime/message-check.js';
import { asChannelInput } from '../../engine/shard/channel.js';
import type { ShardCore } from '../../engine/shard/shard-core.js';
import type { Wire } from '../traffic/wire.js';

/** Gives the shard one message in a frame of its own; what it emits is in its events afterwards. */
export function applyWire(core: ShardCore, wire: Wire, nowMs: number): void {
  const messages = new MessageBuffer(8);
  messages.push(wire.length / SLOT_WORDS);
  messages.words.set(wire);
  core.events.reset();
  const timeMs = Math.max(nowMs, core.timeMs);
  core.applyFrame({ messages, firstSequence: core.sequence + 1, count: 1, timeMs });
}

/** What the events tell other shards, as these take it: W_PRICE says which. Throws for what their rings would not let in. */
export function channelMessages({ words, length }: MessageBuffer): Wire[] {
  const found: Wire[] = [];
  for (let slot = 0; slot < length; ) {
    const head = words[slot * SLOT_WORDS + W_HEAD] as number;
    if (typeOf(head) === EVT_CHANNEL) {
      const input = asChannelInput(words, slot * SLOT_WORDS);
      const problem = messageProblem(input, new Float64Array(input.buffer), 0, 'shards');
      const slots = slotsOf(head);
      if (problem !== 0) throw new Error(`a message of ${slots} slots is refused: ${problem}`);
      found.push(input);
    }
    slot += slotsOf(head);
  }
  return found;
}
