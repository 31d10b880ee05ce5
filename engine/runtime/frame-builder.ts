import { copyWords } from '../messages/copy-words.js';
import {
  EF_CLIENT_ID,
  EF_ORDER_ID,
  F_QTY,
  headOf,
  SLOT_FLOATS,
  SLOT_WORDS,
  slotsOf,
  W_HEAD,
  W_SESSION,
} from '../messages/layout.js';
import { MessageBuffer } from '../messages/message-buffer.js';
import { REJECT, type RejectCode } from '../messages/reject-codes.js';
import { pushRejection } from '../messages/rejection.js';
import type { Frame } from '../shard/frame.js';
import type { HostInput } from './host-port.js';
import { messageProblem } from './message-check.js';

const CONNECTION_BITS = 0xffffff;

/** Fills frames with what has arrived at the ports, in fair turns, and answers what can be no message. */
export class FrameBuilder {
  readonly frame: Frame = {
    messages: new MessageBuffer(1024),
    firstSequence: 0,
    count: 0,
    timeMs: 0,
  };
  private readonly messagesMax: number;
  private readonly single = new MessageBuffer(4);
  private firstPort = 0;

  constructor(messagesMax: number) {
    this.messagesMax = messagesMax;
  }

  begin(firstSequence: number, timeMs: number): void {
    const { frame } = this;
    frame.messages.reset();
    frame.firstSequence = firstSequence;
    frame.timeMs = timeMs;
    frame.count = 0;
  }

  /** A message of one slot from the host itself: timer or epoch. */
  add(type: number, value: number): void {
    const { messages } = this.frame;
    const slot = messages.push(1);
    messages.words[slot * SLOT_WORDS + W_HEAD] = headOf(type, 1, 0);
    messages.floats[slot * SLOT_FLOATS + F_QTY] = value;
    this.frame.count++;
  }

  /**
   * Takes what the ports have, first an equal share of each, then what fits. Malformed messages are answered in
   * `answers` and go no further; returns how many.
   */
  take(ports: readonly HostInput[], answers: MessageBuffer): number {
    if (ports.length === 0) return 0;
    const share = Math.max(1, Math.floor(this.messagesMax / ports.length));
    this.firstPort = (this.firstPort + 1) % ports.length;
    let malformed = 0;
    for (let round = 0; round < 2; round++) {
      for (let i = 0; i < ports.length && this.frame.count < this.messagesMax; i++) {
        const port = ports[(this.firstPort + i) % ports.length] as HostInput;
        const room = this.messagesMax - this.frame.count;
        malformed += this.takeFrom(port, round === 0 ? Math.min(share, room) : room, answers);
      }
    }
    for (const port of ports) port.input.release();
    return malformed;
  }

  /** Answers everything that has arrived with a rejection; nothing of it reaches the shard. */
  refuse(ports: readonly HostInput[], answers: MessageBuffer, code: RejectCode): number {
    let refused = 0;
    for (const port of ports) {
      const { input } = port;
      for (let at = input.next(); at >= 0 && refused < this.messagesMax; at = input.next()) {
        this.answer(port, at, answers, code);
        input.advance();
        refused++;
      }
      input.release();
    }
    return refused;
  }

  private takeFrom(port: HostInput, most: number, answers: MessageBuffer): number {
    const { input } = port;
    const { messages } = this.frame;
    const portBits = port.portId << 24;
    let malformed = 0;
    for (let taken = 0; taken < most; taken++) {
      const at = input.next();
      if (at < 0) break;
      const problem = messageProblem(input.words, input.floats, at, port.door);
      if (!input.sound || problem !== 0) {
        this.answer(port, at, answers, problem);
        input.advance();
        malformed++;
        continue;
      }
      const { slots } = input;
      const w = messages.push(slots) * SLOT_WORDS;
      const target = messages.words;
      copyWords(input.words, at, target, w, slots * SLOT_WORDS);
      target[w + W_SESSION] = ((target[w + W_SESSION] as number) & CONNECTION_BITS) | portBits;
      this.frame.count++;
      input.advance();
    }
    return malformed;
  }

  /** Only the first slot is looked at: the length is what may be wrong. */
  private answer(port: HostInput, at: number, answers: MessageBuffer, code: RejectCode | 0): void {
    const { single } = this;
    single.reset();
    const w = single.push(1) * SLOT_WORDS;
    copyWords(port.input.words, at, single.words, w, SLOT_WORDS);
    single.words[w + W_SESSION] =
      ((single.words[w + W_SESSION] as number) & CONNECTION_BITS) | (port.portId << 24);
    const slots = slotsOf(single.words[w + W_HEAD] as number);
    const event = pushRejection(answers, single, 0, code || REJECT.message_is_malformed, slots, 0);
    // What names an order may be the very thing that is wrong.
    answers.floats[event * SLOT_FLOATS + EF_ORDER_ID] = 0;
    answers.floats[event * SLOT_FLOATS + EF_CLIENT_ID] = 0;
  }
}
