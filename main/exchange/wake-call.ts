import type { MessagePort } from 'node:worker_threads';

const CALLED = 0;

/** What a thread and those that wake it share. */
export function createWakeMemory(): SharedArrayBuffer {
  return new SharedArrayBuffer(Int32Array.BYTES_PER_ELEMENT);
}

/**
 * Wakes a thread that is in its event loop: with one message, however often it is called before it comes, for each message costs
 * it a turn of its loop. It says that it comes and looks then, so what a caller has made visible before its call is found.
 */
export class WakeCall {
  private readonly words: Int32Array;
  private readonly port: MessagePort;

  constructor(memory: SharedArrayBuffer, port: MessagePort) {
    this.words = new Int32Array(memory);
    this.port = port;
  }

  call(): void {
    if (Atomics.exchange(this.words, CALLED, 1) === 0) this.port.postMessage(0);
  }
}

/** The other end. `come` is called after every call, once for all of them; closing the port ends it. */
export function onWakeCall(memory: SharedArrayBuffer, port: MessagePort, come: () => void): void {
  const words = new Int32Array(memory);
  port.on('message', () => {
    Atomics.store(words, CALLED, 0);
    come();
  });
}
