/** 128 bytes apart, like the control words of a ring. */
const W_RINGS = 0;
const W_SLEEPING = 32;
const W_ATTENTION = 64;
const BELL_BYTES = 512;

export function createBell(): SharedArrayBuffer {
  return new SharedArrayBuffer(BELL_BYTES);
}

/**
 * Wakes one sleeping thread that reads several rings. The sleeper says that it sleeps, looks at its rings once more, and waits;
 * a sender publishes, then looks whether somebody sleeps: one of the two always sees the other.
 */
export class Bell {
  private readonly words: Int32Array;

  constructor(memory: SharedArrayBuffer) {
    this.words = new Int32Array(memory);
  }

  /** Wakes the sleeper, when there is one. */
  ring(): void {
    if (Atomics.load(this.words, W_SLEEPING) === 0) return;
    Atomics.add(this.words, W_RINGS, 1);
    Atomics.notify(this.words, W_RINGS);
  }

  /** Sends the sleeper to its event loop, where a message waits for it. */
  callToEventLoop(): void {
    Atomics.store(this.words, W_ATTENTION, 1);
    this.ring();
  }

  /** Whether `callToEventLoop` was called since the last time. */
  takeAttention(): boolean {
    return Atomics.load(this.words, W_ATTENTION) === 1
      ? Atomics.exchange(this.words, W_ATTENTION, 0) === 1
      : false;
  }

  /** The sleeper looks at its rings after this and before it waits. Returns what to wait with. */
  lieDown(): number {
    const rings = Atomics.load(this.words, W_RINGS);
    Atomics.store(this.words, W_SLEEPING, 1);
    return rings;
  }

  getUp(): void {
    Atomics.store(this.words, W_SLEEPING, 0);
  }

  /** Blocks the thread. */
  wait(rings: number, timeoutMs: number): void {
    if (Atomics.load(this.words, W_ATTENTION) === 1) return;
    Atomics.wait(this.words, W_RINGS, rings, timeoutMs);
  }

  /** Null: it has been rung already. The promise does not keep a process alive. */
  waitInEventLoop(rings: number): Promise<unknown> | null {
    const waiting = Atomics.waitAsync(this.words, W_RINGS, rings);
    return waiting.async ? waiting.value : null;
  }
}
