/** The process that holds many connections: idle ones that are logged in, or readers of books whose frames it times. */
import { pack } from 'msgpackr';
import { MESSAGES } from '../../gateway/protocol/messages.js';
import { REQUESTS } from '../../gateway/protocol/requests.js';
import { openNative } from '../gateway/msgpack-wire.js';
import type { RawSocket } from '../gateway/raw-socket.js';
import type { CrowdAnswer, CrowdQuestion } from './crowd-task.js';
import { Delays } from './delays.js';
import { FrameTimes } from './frame-times.js';

const OPENED_AT_ONCE = 50;
const ARRAY_16_HEAD = 0xdc;

class Crowd {
  private readonly sockets: RawSocket[] = [];
  private readonly times = new FrameTimes();
  private readonly newest = new Delays();
  private readonly oldest = new Delays();
  private requestId = 100;

  async open({ port, connections, logins }: CrowdQuestion & { kind: 'open' }): Promise<void> {
    while (this.sockets.length < connections) {
      const count = Math.min(OPENED_AT_ONCE, connections - this.sockets.length);
      const opened = await Promise.all(
        Array.from({ length: count }, (_, i) => {
          const login = logins[(this.sockets.length + i) % logins.length] ?? null;
          return openNative(port, login, true);
        }),
      );
      this.sockets.push(...opened);
    }
    for (const socket of this.sockets) socket.onMessage = (...bytes) => this.receive(...bytes);
  }

  /** Everybody reads all of these channels, or none of them any more. */
  async ask(name: 'subscribe' | 'unsubscribe', channels: readonly string[]): Promise<void> {
    for (const channel of channels) {
      for (const socket of this.sockets) {
        socket.send(pack([REQUESTS[name].code, ++this.requestId, channel]));
      }
      // Snapshots of one channel are read before those of the next.
      await new Promise((resolve) => setTimeout(resolve, 500));
    }
  }

  begin(): void {
    this.newest.clear();
    this.oldest.clear();
  }

  end(): CrowdAnswer {
    const { newest, oldest } = this;
    const encoded = (delays: Delays) => delays.histogram().encode();
    return { frames: newest.count, newest: encoded(newest), oldest: encoded(oldest) };
  }

  private receive(bytes: Buffer, from: number, to: number): void {
    const codeAt = from + (bytes[from] === ARRAY_16_HEAD ? 3 : 1);
    if (bytes[codeAt] !== MESSAGES.bookDelta.code) return;
    const nowMs = performance.timeOrigin + performance.now();
    const frame = this.times.of(bytes, from, to);
    this.newest.add(nowMs - frame.timeMs);
    if (frame.beforeMs > 0) this.oldest.add(nowMs - frame.beforeMs);
  }
}

const crowd = new Crowd();

async function follow(question: CrowdQuestion): Promise<CrowdAnswer> {
  switch (question.kind) {
    case 'open':
      await crowd.open(question);
      break;
    case 'subscribe':
    case 'unsubscribe':
      await crowd.ask(question.kind, question.channels);
      break;
    case 'begin':
      crowd.begin();
      break;
    case 'end':
      return crowd.end();
  }
  return { frames: 0, newest: '', oldest: '' };
}

process.on('message', (question: CrowdQuestion) => {
  follow(question).then(
    (answer) => process.send?.(answer),
    (error: Error) => process.send?.({ error: error.stack ?? error.message }),
  );
});
// Whoever started it is gone, or has what it wants.
process.on('disconnect', () => process.exit(0));
