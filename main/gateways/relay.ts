import type { MessagePort, Worker } from 'node:worker_threads';

/** One end of a line between two threads. */
type Line = MessagePort | Worker;

type Envelope<Ask> =
  | { kind: 'ask'; id: number; ask: Ask }
  | { kind: 'answer'; id: number; value: unknown }
  | { kind: 'refusal'; id: number; message: string };

interface Waiting {
  resolve(value: never): void;
  reject(error: Error): void;
}

/** Questions and answers between two threads, in both directions; each question gets one answer, or the line is dead. */
export class Relay<Out, In> {
  private readonly line: Line;
  private readonly handle: (ask: In) => unknown;
  private readonly waiting = new Map<number, Waiting>();
  private lastId = 0;
  private dead: Error | null = null;

  /** `handle` gives the answer, or a promise of it. */
  constructor(line: Line, handle: (ask: In) => unknown) {
    this.line = line;
    this.handle = handle;
    (line as MessagePort).on('message', (message: Envelope<In>) => this.receive(message));
  }

  ask<T>(ask: Out, transfer: readonly MessagePort[] = []): Promise<T> {
    if (this.dead !== null) return Promise.reject(this.dead);
    const id = ++this.lastId;
    return new Promise<T>((resolve, reject) => {
      this.waiting.set(id, { resolve, reject });
      this.line.postMessage({ kind: 'ask', id, ask }, [...transfer]);
    });
  }

  /** The same, when nobody waits for the answer. */
  tell(ask: Out): void {
    if (this.dead === null) this.line.postMessage({ kind: 'ask', id: 0, ask });
  }

  /** The other end is gone: whoever waits is told so. */
  end(error: Error): void {
    this.dead = error;
    for (const { reject } of this.waiting.values()) reject(error);
    this.waiting.clear();
  }

  private receive(message: Envelope<In>): void {
    if (message.kind === 'ask') {
      void this.answer(message.id, message.ask);
      return;
    }
    const waiting = this.waiting.get(message.id);
    this.waiting.delete(message.id);
    if (message.kind === 'answer') waiting?.resolve(message.value as never);
    else waiting?.reject(new Error(message.message));
  }

  private async answer(id: number, ask: In): Promise<void> {
    try {
      const value = await this.handle(ask);
      if (id !== 0) this.line.postMessage({ kind: 'answer', id, value });
    } catch (error) {
      if (id === 0) throw error;
      this.line.postMessage({ kind: 'refusal', id, message: (error as Error).message });
    }
  }
}
