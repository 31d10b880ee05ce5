import { SLOT_WORDS } from '../../engine/messages/layout.js';
import type { ShardPort } from '../../engine/shard/shard-port.js';

/** 4 MiB for each ring: four times as many as a whole ring of the usual size has. */
export const BACKLOG_SLOTS_MAX = 65_536;
/** What is sent is taken out of the list when it is so long. */
const SENT_MAX = 1_024;

interface Waiting {
  /** Each is what one request has set off, and goes whole. */
  commands: Int32Array[];
  /** Of these, in front, so many are sent. */
  sent: number;
  slots: number;
}

/**
 * Cancels for which not even the room that is kept for them was left. They are neither lost nor refused: they go, in order, as soon as
 * the shard reads again, and before anything that came after them.
 */
export class CancelBacklog {
  private readonly byPort = new Map<ShardPort, Waiting>();
  private readonly unflushed = new Set<ShardPort>();

  /** Slots that wait, for all ports. */
  get slots(): number {
    let sum = 0;
    for (const { slots } of this.byPort.values()) sum += slots;
    return sum;
  }

  /** Whether something waits for this port that nothing may overtake; what there is room for by now is sent, and not flushed. */
  isWaiting(port: ShardPort): boolean {
    const waiting = this.byPort.get(port);
    return waiting !== undefined && !this.send(port, waiting);
  }

  /** Takes a copy. False: too much waits already. */
  push(port: ShardPort, words: Int32Array, slots: number): boolean {
    const waiting = this.byPort.get(port) ?? { commands: [], sent: 0, slots: 0 };
    if (waiting.slots + slots > BACKLOG_SLOTS_MAX) return false;
    waiting.commands.push(words.slice(0, slots * SLOT_WORDS));
    waiting.slots += slots;
    this.byPort.set(port, waiting);
    return true;
  }

  /** To be called with each tick, when nobody is in the middle of anything: events may come of it. */
  drain(): void {
    for (const [port, waiting] of [...this.byPort]) this.send(port, waiting);
    const ports = [...this.unflushed];
    this.unflushed.clear();
    for (const port of ports) port.flush();
  }

  /** True: nothing is left. */
  private send(port: ShardPort, waiting: Waiting): boolean {
    const { commands } = waiting;
    for (; waiting.sent < commands.length; waiting.sent++) {
      const words = commands[waiting.sent] as Int32Array;
      const slots = words.length / SLOT_WORDS;
      if (!port.trySendAll(words, 0, slots)) break;
      waiting.slots -= slots;
      this.unflushed.add(port);
    }
    if (waiting.sent === commands.length) {
      this.byPort.delete(port);
      return true;
    }
    if (waiting.sent > SENT_MAX) {
      commands.splice(0, waiting.sent);
      waiting.sent = 0;
    }
    return false;
  }
}
