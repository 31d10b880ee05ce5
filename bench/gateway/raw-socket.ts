import { randomBytes } from 'node:crypto';
import { connect, type Socket } from 'node:net';
import { clientFrame, FrameReader, pongFrame } from './ws-frames.js';

export interface Address {
  port: number;
  path: string;
  /** Empty: none is asked for. */
  subprotocol: string;
}

const OUT_BYTES = 256 * 1024;
const FEW_OUT_BYTES = 1_024;
const SHARED_IN = Buffer.alloc(64 * 1024);

/**
 * A WebSocket client over a bare TCP socket. It does little, so that the server is what gets measured: frames
 * collect in memory and leave in one write when `flush` is called.
 */
export class RawSocket {
  /** Valid during the call only. */
  onMessage: (bytes: Buffer, from: number, to: number) => void = () => {};
  onClose: (reason: string) => void = (reason) => {
    throw new Error(`the server closed the connection: ${reason}`);
  };
  private readonly socket: Socket;
  private readonly out: Buffer;
  private outLength = 0;
  private ended = false;

  private constructor(socket: Socket, outBytes: number) {
    this.socket = socket;
    this.out = Buffer.alloc(outBytes);
  }

  /** `isOneOfMany`: it says little, and shares the memory that it reads into with all others of its kind. */
  static open(address: Address, isOneOfMany = false): Promise<RawSocket> {
    return new Promise((resolve, reject) => {
      let head = Buffer.alloc(0);
      let take = (chunk: Buffer): void => {
        head = Buffer.concat([head, chunk]);
        const end = head.indexOf('\r\n\r\n');
        if (end < 0) return;
        socket.off('error', reject);
        const status = head.toString('latin1', 0, head.indexOf('\r\n'));
        if (!status.includes(' 101 ')) {
          socket.destroy();
          reject(new Error(`the server refused the upgrade: ${head.toString('latin1')}`));
          return;
        }
        const raw = new RawSocket(socket, isOneOfMany ? FEW_OUT_BYTES : OUT_BYTES);
        take = raw.listen(head.subarray(end + 4));
        resolve(raw);
      };
      // What comes is read before the next read, and the reader keeps copies.
      const onread = {
        buffer: SHARED_IN,
        callback: (count: number, bytes: Uint8Array) => {
          take(Buffer.from(bytes.buffer, bytes.byteOffset, count));
          return true;
        },
      };
      const where = { host: '127.0.0.1', port: address.port };
      const socket = connect({ ...where, noDelay: true, ...(isOneOfMany ? { onread } : {}) });
      if (!isOneOfMany) socket.on('data', (chunk) => take(chunk));
      socket.once('error', reject);
      socket.once('connect', () => socket.write(handshake(address)));
    });
  }

  /** Adds a finished frame; the bytes are copied. */
  add(frame: Buffer): void {
    if (this.outLength + frame.length > this.out.length) this.flush();
    frame.copy(this.out, this.outLength);
    this.outLength += frame.length;
  }

  send(payload: Uint8Array): void {
    this.add(clientFrame(payload));
    this.flush();
  }

  flush(): void {
    if (this.outLength === 0) return;
    // The socket may keep the bytes for later, so it gets its own.
    this.socket.write(Buffer.from(this.out.subarray(0, this.outLength)));
    this.outLength = 0;
  }

  close(): void {
    this.ended = true;
    this.socket.destroy();
  }

  /** Gives what takes all bytes from now on. */
  private listen(first: Buffer): (chunk: Buffer) => void {
    const reader = new FrameReader({
      message: (bytes, from, to) => this.onMessage(bytes, from, to),
      ping: (payload) => {
        this.add(pongFrame(payload));
        this.flush();
      },
      closed: (code, reason) => this.gone(`${code} ${reason}`),
    });
    this.socket.on('error', (error) => this.gone(error.message));
    this.socket.on('close', () => this.gone('without a close frame'));
    // The caller sets `onMessage` before anything is delivered.
    const early = Buffer.from(first);
    if (early.length > 0) setImmediate(() => reader.push(early));
    return (chunk) => reader.push(chunk);
  }

  private gone(reason: string): void {
    if (this.ended) return;
    this.ended = true;
    this.socket.destroy();
    this.onClose(reason);
  }
}

function handshake({ path, port, subprotocol }: Address): string {
  const lines = [
    `GET ${path} HTTP/1.1`,
    `Host: 127.0.0.1:${port}`,
    'Upgrade: websocket',
    'Connection: Upgrade',
    `Sec-WebSocket-Key: ${randomBytes(16).toString('base64')}`,
    'Sec-WebSocket-Version: 13',
  ];
  if (subprotocol !== '') lines.push(`Sec-WebSocket-Protocol: ${subprotocol}`);
  return `${lines.join('\r\n')}\r\n\r\n`;
}
