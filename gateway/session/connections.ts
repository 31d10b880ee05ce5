import { CLOSE } from '../protocol/close-codes.js';
import type { Connection } from './connection.js';

const NUMBER_BITS = 24;
/** Doors that send commands under a number of their own. */
const RESERVED_MAX = 2;

/**
 * Connections by the number that travels with their commands. A number is a place in a table and a count of
 * how often the place was used: the answer to a command of a connection that is gone must not reach the next one.
 */
export class Connections {
  private readonly table: (Connection | undefined)[];
  private readonly placeBits: number;
  private readonly uses: Uint32Array;
  /** Places that are free, used in turn, so that each rests as long as possible. */
  private readonly free: number[];
  private freeHead = 0;
  /** Numbers that are no connection's, and are never given back. */
  private reserved = 0;
  count = 0;

  constructor(connectionsMax: number) {
    this.placeBits = Math.max(1, Math.ceil(Math.log2(connectionsMax + RESERVED_MAX)));
    const places = 1 << this.placeBits;
    if (this.placeBits > NUMBER_BITS - 8)
      throw new RangeError('connectionsMax must be below 65,536');
    this.table = new Array<Connection | undefined>(places).fill(undefined);
    this.uses = new Uint32Array(places);
    this.free = Array.from({ length: places }, (_, place) => place);
  }

  /** A number for a new connection. The caller limits how many there are. */
  nextNumber(): number {
    const place = this.free[this.freeHead] as number;
    this.freeHead = (this.freeHead + 1) % this.free.length;
    const usesMask = (1 << (NUMBER_BITS - this.placeBits)) - 1;
    this.uses[place] = ((this.uses[place] as number) + 1) & usesMask;
    return ((this.uses[place] as number) << this.placeBits) | place;
  }

  /** A number for a door that answers its clients itself: `find` never knows it. */
  reserve(): number {
    if (this.count > 0 || this.reserved === RESERVED_MAX) {
      throw new RangeError(
        `numbers must be reserved before connections, and be ${RESERVED_MAX} at most`,
      );
    }
    this.reserved++;
    return this.nextNumber();
  }

  add(connection: Connection): void {
    this.table[this.placeOf(connection.number)] = connection;
    this.count++;
  }

  remove(connection: Connection): void {
    const place = this.placeOf(connection.number);
    this.table[place] = undefined;
    this.count--;
    const used = this.count + this.reserved + 1;
    this.free[(this.freeHead + this.free.length - used) % this.free.length] = place;
  }

  find(number: number): Connection | undefined {
    const connection = this.table[this.placeOf(number)];
    return connection !== undefined && connection.number === number ? connection : undefined;
  }

  forEach(visit: (connection: Connection) => void): void {
    for (const connection of this.table) if (connection !== undefined) visit(connection);
  }

  /** Ends those whose key has expired, and those that have neither logged in nor subscribed in time. */
  endIdle(nowMs: number, loginTimeoutMs: number, exchangeMs: number): void {
    this.forEach((connection) => {
      const { keyExpiresAtMs } = connection;
      if (keyExpiresAtMs !== 0 && exchangeMs >= keyExpiresAtMs) {
        connection.end(CLOSE.key_is_void, 'the API key has expired');
      } else if (connection.idle && connection.openedAtMs <= nowMs - loginTimeoutMs) {
        const sentence = `neither login nor subscription within ${loginTimeoutMs} ms`;
        connection.end(CLOSE.login_timeout, sentence);
      }
    });
  }

  private placeOf(number: number): number {
    return number & ((1 << this.placeBits) - 1);
  }
}
