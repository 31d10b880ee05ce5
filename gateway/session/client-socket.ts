import type { WebSocket } from 'uWebSockets.js';
import type { Backlog, Backlogs } from './backlogs.js';

/** What a socket says when nothing is left waiting. */
export const SENT = 1;

/** A client's WebSocket of any door: what waits in it to be read, and how it ends. */
export class ClientSocket<Data> implements Backlog {
  readonly socket: WebSocket<Data>;
  closed = false;
  /** Was told to go: the socket is there until the client has read that. */
  lingers = false;
  protected readonly backlogs: Backlogs;
  private held = false;

  constructor(socket: WebSocket<Data>, backlogs: Backlogs) {
    this.socket = socket;
    this.backlogs = backlogs;
  }

  /** The socket held something back when it was last written to, and has not been read to the end since. */
  get clogged(): boolean {
    return this.held;
  }

  set clogged(isHeld: boolean) {
    if (this.held === isHeld) return;
    this.held = isHeld;
    if (isHeld) this.backlogs.add(this);
    else this.backlogs.delete(this);
  }

  get waitingBytes(): number {
    return this.socket.getBufferedAmount();
  }

  /** The client has read some of what waited. */
  drained(): void {
    if (this.waitingBytes === 0) this.clogged = false;
  }

  /** The socket has ended. */
  gone(): void {
    this.closed = true;
    this.clogged = false;
  }

  /** Ends the connection without a word, which would wait like all else. */
  cut(): void {
    if (!this.closed) this.socket.close();
  }

  /** Ends the connection with a code and a reason; the client reads what was sent before. */
  end(code: number, reason: string): void {
    if (this.closed) return;
    this.lingers = true;
    this.socket.end(code, reason);
  }

  /** The same for a client that does not read what is sent to it: without a word when too much lingers already. */
  protected endUnread(code: number, reason: string): void {
    if (this.backlogs.mayLinger(this.waitingBytes, performance.now())) this.end(code, reason);
    else this.cut();
  }
}
