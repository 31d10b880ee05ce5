import * as layout from '../../engine/messages/layout.js';
import type { MessageBuffer } from '../../engine/messages/message-buffer.js';

/** One message or event in a buffer, with words and floats counted from its first slot. */
export class View {
  readonly buffer: MessageBuffer;
  readonly slot: number;

  constructor(buffer: MessageBuffer, slot: number) {
    this.buffer = buffer;
    this.slot = slot;
  }

  word(at: number): number {
    return this.buffer.words[this.slot * layout.SLOT_WORDS + at] as number;
  }
  float(at: number): number {
    return this.buffer.floats[this.slot * layout.SLOT_FLOATS + at] as number;
  }
  setWord(at: number, value: number): void {
    this.buffer.words[this.slot * layout.SLOT_WORDS + at] = value;
  }
  setFloat(at: number, value: number): void {
    this.buffer.floats[this.slot * layout.SLOT_FLOATS + at] = value;
  }

  get type(): number {
    return layout.typeOf(this.word(layout.W_HEAD));
  }
  get slots(): number {
    return layout.slotsOf(this.word(layout.W_HEAD));
  }
  get marketId(): number {
    return layout.marketOf(this.word(layout.W_HEAD));
  }
  get account(): number {
    return this.word(layout.W_ACCOUNT);
  }
  get flags(): number {
    return this.word(layout.W_FLAGS);
  }

  text(lengthAt: number, bytesAt: number): string {
    const length = Math.min(this.word(lengthAt), layout.CLIENT_TEXT_MAX_BYTES);
    let text = '';
    for (let i = 0; i < length; i++) {
      const word = this.word(bytesAt + (i >> 2));
      text += String.fromCharCode((word >>> ((i & 3) * 8)) & 0xff);
    }
    return text;
  }

  setText(lengthAt: number, bytesAt: number, text: string): void {
    this.setWord(lengthAt, text.length);
    const first = (this.slot * layout.SLOT_WORDS + bytesAt) * 4;
    const bytes = new Uint8Array(
      this.buffer.words.buffer,
      this.buffer.words.byteOffset + first,
      layout.CLIENT_TEXT_MAX_BYTES,
    );
    bytes.fill(0);
    for (let i = 0; i < text.length; i++) bytes[i] = text.charCodeAt(i);
  }
}

/** Appends an event of zeros. */
export function pushEvent(
  events: MessageBuffer,
  type: number,
  slots: number,
  marketId: number,
): View {
  const view = new View(events, events.push(slots));
  view.setWord(layout.W_HEAD, layout.headOf(type, slots, marketId));
  return view;
}
