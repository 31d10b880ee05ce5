import { SLOT_WORDS, slotsOf, W_HEAD } from '../../engine/messages/layout.js';
import type { MessageBuffer } from '../../engine/messages/message-buffer.js';
import { readEvent } from '../../engine/testing/events.js';

/** The first event in which two streams differ, and the words of it that do. */
export function describeDifference(expected: MessageBuffer, actual: MessageBuffer): string {
  for (let slot = 0; slot < Math.max(expected.length, actual.length); ) {
    const slots = slotsAt(expected, slot);
    const words = differingWords(expected, actual, slot, slots);
    if (words.length > 0 || slots === 0) {
      return `expected ${tell(expected, slot)}, got ${tell(actual, slot)}; words ${words.join(' ')}`;
    }
    slot += slots;
  }
  return 'no difference';
}

function differingWords(a: MessageBuffer, b: MessageBuffer, slot: number, slots: number): string[] {
  const found: string[] = [];
  for (let i = 0; i < slots * SLOT_WORDS; i++) {
    const at = slot * SLOT_WORDS + i;
    const mine = at < a.length * SLOT_WORDS ? a.words[at] : 'nothing';
    const other = at < b.length * SLOT_WORDS ? b.words[at] : 'nothing';
    if (mine !== other) found.push(`${i}:${mine}/${other}`);
  }
  return found.slice(0, 12);
}

function slotsAt(buffer: MessageBuffer, slot: number): number {
  if (slot >= buffer.length) return 0;
  return slotsOf(buffer.words[slot * SLOT_WORDS + W_HEAD] as number);
}

function tell(buffer: MessageBuffer, slot: number): string {
  if (slot >= buffer.length) return 'nothing';
  const fields = Object.entries(readEvent(buffer, slot)).filter(([, value]) => value !== 0);
  return `{ ${fields.map(([name, value]) => `${name} ${value}`).join(', ')} }`;
}
