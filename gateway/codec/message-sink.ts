import type { MessageShape } from '../protocol/messages.js';

/**
 * Takes a message of the protocol field by field, in the order of its shape, and makes it JSON or msgpack. Each
 * message is therefore described once for both forms. `none` leaves a field out (JSON) or writes nil (msgpack).
 */
export interface MessageSink {
  begin(shape: MessageShape): void;
  uint(name: string, value: number): void;
  /** units × mantissa × 10^−decimals as decimal text. */
  decimal(name: string, units: number, mantissa: number, decimals: number): void;
  text(name: string, value: string): void;
  /** A market: its symbol in JSON, its number in msgpack. */
  market(name: string, symbol: string, id: number): void;
  /** A number below 2^53 as text of digits: client ids look the same however they were sent. */
  digits(name: string, value: number): void;
  /** Text of ASCII bytes that stand in message words. */
  ascii(name: string, words: Int32Array, firstWord: number, length: number): void;
  flag(name: string, value: boolean): void;
  choice(name: string, index: number, names: readonly string[]): void;
  none(name: string): void;
  /** Any JSON value; objects become maps in msgpack. */
  value(name: string, value: unknown): void;
}
